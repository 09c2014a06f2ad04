// What lies under a click: one section a feature, with titles, units and meanings from the catalogue.
import { chooseTileFeature, clear } from "./chosen.js";
import { getJson } from "./key.js";

const MOST = 4;
const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });

function worded(field, value) {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.join(", ");
  if (!field) return String(value);
  if (field.values[value]) return field.values[value];
  if (typeof value === "number" && (field.type === "number" || field.type === "integer")) {
    return value.toLocaleString("en", { maximumFractionDigits: 1 }) + (field.unit ? (field.unit === "°" ? "°" : ` ${field.unit}`) : "");
  }
  if (typeof value === "boolean") return value ? "✓" : "✗";
  if (field.type === "date-time" && !Number.isNaN(Date.parse(value))) return clock.format(new Date(value));
  return String(value);
}

function listing(layer, properties, words) {
  const list = document.createElement("dl");
  const known = layer.fields
    .filter((field) => field.name in properties && field.name !== "name" && !layer.unsaid.includes(field.name)) // the name is the heading
    .map((field) => [field.title, worded(field, properties[field.name])]);
  const rest = Object.keys(properties)
    .filter((name) => !layer.fields.some((field) => field.name === name))
    .map((name) => [words[`field.${name}`] ?? name, String(properties[name])]);
  for (const [title, text] of [...known, ...rest]) {
    if (text === "") continue;
    list.append(Object.assign(document.createElement("dt"), { textContent: title }), Object.assign(document.createElement("dd"), { textContent: text }));
  }
  return list;
}

function section(layer, feature, settings, root) {
  const box = Object.assign(document.createElement("section"), { className: "place" });
  const { properties } = feature;
  const id = properties[layer.idField];
  const heading = document.createElement("h3");
  const named = layer.headings.find((name) => (properties[name] ?? "") !== "");
  const name = worded(layer.fields.find((field) => field.name === named), properties[named ?? "cell"]);
  heading.append(Object.assign(document.createElement("small"), { textContent: layer.title }), name);
  const list = listing(layer, properties, settings.words);
  box.append(heading, list);
  if (id !== undefined) {
    const more = Object.assign(document.createElement("button"), { type: "button", textContent: settings.words.details });
    more.addEventListener("click", async () => {
      more.disabled = true;
      try {
        const item = await getJson(`${root}/collections/${layer.id}/items/${encodeURIComponent(id)}?f=json&lang=${settings.language}`);
        list.replaceWith(listing(layer, item.properties, settings.words));
        more.remove();
      } catch (error) {
        more.textContent = error.message;
      }
    });
    box.append(more);
  }
  if (layer.decide && properties.state !== "fixed") {
    const inputs = { id, decision: properties.state === "accepted" ? "reopen" : "accept", reason: "" };
    const href = `${root}/processes/decide-finding?f=html&lang=${settings.language}#inputs=${encodeURIComponent(JSON.stringify(inputs))}`;
    box.append(Object.assign(document.createElement("a"), { className: "decide", href, textContent: settings.words[`decide.${inputs.decision}`] }));
  }
  return box;
}

/** Features under a point, each once, points before lines before areas. */
function under(map, point, layers) {
  const drawn = map.getStyle().layers.filter((layer) => layers.has(layer.source)).map((layer) => layer.id);
  const box = [[point.x - 4, point.y - 4], [point.x + 4, point.y + 4]];
  const rank = { Point: 0, MultiPoint: 0, LineString: 1, MultiLineString: 1 };
  const seen = new Set();
  return map
    .queryRenderedFeatures(box, { layers: drawn })
    .filter((feature) => {
      const name = `${feature.source} ${feature.id ?? JSON.stringify(feature.properties)}`;
      return !seen.has(name) && seen.add(name);
    })
    .sort((a, b) => (rank[a.geometry.type] ?? 2) - (rank[b.geometry.type] ?? 2));
}

export function addPopups(map, settings, root) {
  const layers = new Map(settings.layers.map((layer) => [layer.id, layer]));
  let popup;
  map.on("click", (event) => {
    const found = under(map, event.point, layers);
    popup?.remove();
    if (!found.length) return;
    const content = document.createElement("div");
    content.append(...found.slice(0, MOST).map((feature) => section(layers.get(feature.source), feature, settings, root)));
    if (found.length > MOST) {
      content.append(Object.assign(document.createElement("p"), { className: "hint", textContent: settings.words.near.replace("{count}", found.length - MOST) }));
    }
    chooseTileFeature(map, found[0]);
    popup = new maplibregl.Popup({ maxWidth: "340px" }).setLngLat(event.lngLat).setDOMContent(content).addTo(map);
    popup.on("close", () => clear(map));
  });
  map.on("mousemove", (event) => {
    map.getCanvas().style.cursor = map.queryRenderedFeatures(event.point).some((feature) => layers.has(feature.source)) ? "pointer" : "";
  });
}

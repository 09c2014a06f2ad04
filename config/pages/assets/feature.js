// One feature in words: titles, units and meanings from the catalogue.
import { getJson } from "./key.js";
import { facts, make } from "./make.js";

const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });

export function worded(field, value) {
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

export function listing(layer, properties, words) {
  const known = layer.fields
    .filter((field) => field.name in properties && field.name !== "name" && !layer.unsaid.includes(field.name)) // the name is the heading
    .map((field) => [field.title, worded(field, properties[field.name])]);
  const rest = Object.keys(properties)
    .filter((name) => name !== "cell" && !layer.fields.some((field) => field.name === name)) // a cell's name is its heading
    .map((name) => [words[`field.${name}`] ?? name, String(properties[name])]);
  return facts([...known, ...rest]);
}

export function heading(layer, properties) {
  const named = layer.headings.find((name) => (properties[name] ?? "") !== "");
  return worded(layer.fields.find((field) => field.name === named), properties[named ?? "cell"]);
}

/** Address of an item's own page. */
export function pageOf(root, layer, id, language) {
  return `${root}/collections/${layer}/items/${encodeURIComponent(id)}?f=html&lang=${language}`;
}

/** A link to the page on which a finding is decided; null for one that is mended. */
export function decision({ settings, root }, { id, state }) {
  if (state === "fixed") return null;
  const inputs = { id, decision: state === "accepted" ? "reopen" : "accept", reason: "" };
  const href = `${root}/processes/decide-finding?f=html&lang=${settings.language}#inputs=${encodeURIComponent(JSON.stringify(inputs))}`;
  return make("a", { className: "decide", href, textContent: settings.words[`decide.${inputs.decision}`] });
}

/** A section about a feature of the tiles, which know a few of its fields; a button fetches the others. */
export function section(context, layer, properties) {
  const { settings, root } = context;
  const id = properties[layer.idField];
  const list = listing(layer, properties, settings.words);
  const box = make("section", { className: "place" });
  box.append(make("h2", {}, make("small", { textContent: layer.title }), heading(layer, properties)), list);
  if (id !== undefined) {
    const more = make("button", { type: "button", className: "more", textContent: settings.words.details });
    more.addEventListener("click", async () => {
      more.disabled = true;
      try {
        const item = await getJson(`${root}/collections/${layer.id}/items/${encodeURIComponent(id)}?f=json&lang=${settings.language}`);
        list.replaceWith(listing(layer, item.properties, settings.words));
        more.replaceWith(make("a", { href: pageOf(root, layer.id, id, settings.language), textContent: `${settings.words.page} →` }));
      } catch (error) {
        more.textContent = error.message;
      }
    });
    box.append(more);
  }
  if (layer.decide) box.append(decision(context, properties) ?? "");
  return box;
}

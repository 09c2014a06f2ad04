// Finds a grid, village or township by code or name, or a place by coordinates, and shows it.
import { narrow, roomy } from "./card.js";
import { chooseFeature } from "./chosen.js";
import { coordinateLine } from "./click.js";
import { coordinatesOf } from "./coordinates.js";
import { listing, pageOf } from "./feature.js";
import { fromGcj02, inShift } from "./gcj02.js";
import { getJson } from "./key.js";
import { fill, make } from "./make.js";

const MOST = 8;
const WAIT_MS = 250;
const LAYERS = ["divisions", "grids"];
const NEAR_ZOOM = 16;

/** CQL2 for "the code begins so, or the name has it in it"; what means something in LIKE or ends the text is taken out. */
function condition(text) {
  const plain = text.replace(/[%_\\]/g, "").replaceAll("'", "''");
  return `code LIKE '${plain}%' OR name LIKE '%${plain}%'`;
}

export function boundsOf(geometry) {
  const bounds = new maplibregl.LngLatBounds();
  const visit = (part) => (typeof part[0] === "number" ? bounds.extend(part) : part.forEach(visit));
  const each = (one) => (one.geometries ? one.geometries.forEach(each) : visit(one.coordinates));
  each(geometry);
  return bounds;
}

/** What was found: a township, a village, a dedicated grid. */
function sort({ fields, title }, { level, kind }) {
  const field = fields.find(({ name }) => name === (level ? "level" : "kind"));
  return field?.values[level ?? kind] ?? title;
}

export function addSearch(context, ask) {
  const { map, settings, root, place, card } = context;
  const { words } = settings;
  const form = document.getElementById("search");
  const input = form.querySelector("input");
  const list = form.querySelector(".results");
  let timer;
  let running;

  function open(yes) {
    list.hidden = !yes;
    input.setAttribute("aria-expanded", yes);
  }
  const close = () => open(false);

  function say(text) {
    list.replaceChildren(make("li", { className: "none", textContent: text }));
    open(true);
  }

  function entry(title, note, choose) {
    const button = make("button", { type: "button" }, title, make("small", { textContent: note }));
    button.addEventListener("click", () => {
      close();
      if (narrow.matches) document.querySelector(".map-shell").classList.add("folded");
      choose();
    });
    return make("li", {}, button);
  }

  function choose(layer, feature) {
    const { properties, geometry } = feature;
    input.value = properties.name;
    const title = make("h2", {}, make("small", { textContent: layer.title }), properties.name);
    const link = make("a", { href: pageOf(root, layer.id, feature.id, settings.language), textContent: `${words.page} →` });
    card.show(make("section", { className: "place" }, title, listing(layer, properties, words), link));
    chooseFeature(map, feature);
    map.fitBounds(boundsOf(geometry), { padding: roomy(map), maxZoom: NEAR_ZOOM });
  }

  function go(point) {
    card.show(coordinateLine(words, point));
    map.easeTo({ center: point, zoom: Math.max(map.getZoom(), NEAR_ZOOM - 1), padding: { top: 0, bottom: 0, left: 0, right: 0 } });
    // what lies there is known once it is drawn
    map.once("idle", () => ask(new maplibregl.LngLat(...point)));
  }

  function places(point) {
    const shown = (at) => at.map((degrees) => degrees.toFixed(6)).join(", ");
    const entries = [entry(shown(point), words["search.as-is"], () => go(point))];
    if (inShift(point)) {
      const moved = fromGcj02(point);
      entries.push(entry(shown(moved), words["search.gcj02"], () => go(moved)));
    }
    list.replaceChildren(...entries);
    open(true);
  }

  async function find(layer, filter, signal) {
    const query = new URLSearchParams({ f: "json", limit: MOST, "filter-lang": "cql2-text", filter, lang: settings.language });
    if (layer.dated && place.day) query.set("datetime", place.day);
    const { features } = await getJson(`${root}/collections/${layer.id}/items?${query}`, { signal });
    return features.map((feature) => [layer, feature]);
  }

  async function search() {
    const text = input.value.trim();
    running?.abort();
    if (!text) return close();
    const point = coordinatesOf(text, settings.bounds);
    if (point) return places(point);
    running = new AbortController();
    const { signal } = running;
    try {
      const layers = settings.layers.filter((layer) => LAYERS.includes(layer.id));
      const found = (await Promise.all(layers.map((layer) => find(layer, condition(text), signal)))).flat();
      if (signal.aborted) return;
      if (!found.length) return say(words["search.none"]);
      list.replaceChildren(...found.map(([layer, feature]) => entry(feature.properties.name, `${feature.properties.code} · ${sort(layer, feature.properties)}`, () => choose(layer, feature))));
      open(true);
    } catch (error) {
      if (error.name !== "AbortError") say(fill(words["search.failed"], { reason: error.message }));
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = list.hidden ? null : list.querySelector("button");
    if (first) first.click();
    else search();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
      input.focus();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [input, ...list.querySelectorAll("button")];
    const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (list.hidden || !next) return;
    event.preventDefault();
    next.focus();
  });
  map.on("click", close);
}

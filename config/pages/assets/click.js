// A click or a tap on the map, or Enter at its middle: who is responsible there, and what else lies there.
import { narrow } from "./card.js";
import { chooseFeature, chooseTileFeature } from "./chosen.js";
import { section } from "./feature.js";
import { tellHere } from "./here.js";
import { fill, icon, make } from "./make.js";

const MOST = 4;
const TOLD_ALREADY = new Set(["grids", "divisions"]);

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

export function coordinateLine(words, [lon, lat]) {
  const text = `${lon.toFixed(6)}, ${lat.toFixed(6)}`;
  const copy = make("button", { type: "button", className: "copy-at", title: words.copy, "aria-label": words.copy }, icon("copy"));
  copy.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(text).then(() => copy.replaceChildren(icon("done")), () => {});
  });
  return make("p", { className: "at number", title: words.coordinates }, make("span", { textContent: text }), copy);
}

export function addClicks(context) {
  const { map, settings, card } = context;
  const layers = new Map(settings.layers.map((layer) => [layer.id, layer]));

  /** Moves the map so that the sheet from below doesn't hide the place. */
  function uncover(lngLat) {
    if (!narrow.matches) return;
    const { clientHeight: height } = map.getContainer();
    const { y } = map.project(lngLat);
    if (y > height * 0.45) map.panBy([0, y - height * 0.3]);
  }

  async function ask(lngLat, { focus = false } = {}) {
    document.getElementById("invite")?.remove();
    const found = under(map, map.project(lngLat), layers);
    const others = found.filter((feature) => !TOLD_ALREADY.has(feature.source));
    const here = make("div", { className: "answer" });
    const point = [lngLat.lng, lngLat.lat];
    const more = others.slice(0, MOST).map((feature) => section(context, layers.get(feature.source), feature.properties));
    if (others.length > MOST) more.push(make("p", { className: "hint", textContent: fill(settings.words.near, { count: others.length - MOST }) }));
    const [first] = others;
    const aimed = first && (/Point/.test(first.geometry.type) || layers.get(first.source).decide);
    // what was aimed at comes first: a camera that was hit, else the grid
    card.show([...(aimed ? [...more, here] : [here, ...more]), coordinateLine(settings.words, point)], { at: aimed ? undefined : lngLat, focus });
    if (aimed) chooseTileFeature(map, first);
    uncover(lngLat);
    const grid = await tellHere(context, here, point);
    if (grid && !aimed && here.isConnected) chooseFeature(map, grid);
  }

  map.on("click", (event) => ask(event.lngLat));
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    ask(map.getCenter(), { focus: true });
  });
  return ask;
}

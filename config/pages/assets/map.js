// The map page: puts the map together from its parts.
import { transformRequest } from "./key.js";
import { keepLabels, splitLabels } from "./labels.js";
import { addMonths } from "./months.js";
import { place } from "./place.js";
import { addRasterLegends } from "./raster.js";
import { addPopups } from "./popup.js";
import { addSearch } from "./search.js";
import { addSectors } from "./sector.js";
import { addKey, addSwitches } from "./switches.js";
import { COMMON, onTheme, ours } from "./theme.js";

const settings = JSON.parse(document.getElementById("settings").textContent);
const root = new URL(settings.base).pathname.replace(/\/$/, "");
const shell = document.querySelector(".map-shell");
const notice = document.getElementById("notice");

function prepared() {
  const made = ours(settings.style, settings.base);
  if (settings.basemap) {
    made.sources.basemap = { type: "raster", tiles: [settings.basemap.url], tileSize: 256, attribution: settings.basemap.attribution };
    made.layers.splice(1, 0, { id: "basemap", type: "raster", source: "basemap" });
  }
  // Nothing is asked for before the check boxes say so: a layer for staff would answer 401.
  for (const layer of made.layers) if (layer.metadata) layer.layout = { ...layer.layout, visibility: "none" };
  return splitLabels(made);
}

function tell(text) {
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => (notice.hidden = true), 6000);
}

/** A button that shows the whole city again. */
const fit = {
  onAdd(map) {
    this.box = Object.assign(document.createElement("div"), { className: "maplibregl-ctrl maplibregl-ctrl-group" });
    const button = Object.assign(document.createElement("button"), { type: "button", className: "fit-city", title: settings.words.fit, textContent: "⤢" });
    button.setAttribute("aria-label", settings.words.fit);
    button.addEventListener("click", () => map.fitBounds(settings.bounds, { padding: 24 }));
    this.box.append(button);
    return this.box;
  },
  onRemove() {
    this.box.remove();
  },
};

function addReadout(map) {
  const output = document.getElementById("coordinates");
  const show = ({ lng, lat }) => (output.textContent = `${lng.toFixed(5)}, ${lat.toFixed(5)}  z${map.getZoom().toFixed(1)}`);
  map.on("mousemove", (event) => show(event.lngLat));
  map.on("move", () => show(map.getCenter()));
  show(map.getCenter());
}

function addFold() {
  const button = document.querySelector(".fold");
  if (matchMedia("(max-width: 720px)").matches) shell.classList.add("folded");
  const say = () => {
    const open = !shell.classList.contains("folded");
    button.setAttribute("aria-expanded", open);
    button.title = open ? settings.words.hide : settings.words.show;
  };
  button.addEventListener("click", () => {
    shell.classList.toggle("folded");
    say();
  });
  say();
}

function start() {
  const { style, labels } = prepared();
  const options = { ...COMMON, container: document.getElementById("map"), style, hash: "at", transformRequest };
  if (!place.at) Object.assign(options, { bounds: settings.bounds, fitBoundsOptions: { padding: 24 } });
  if (settings.basemap?.attribution) options.attributionControl = { compact: true };
  const map = new maplibregl.Map(options);
  options.container.map = map; // for the browser's console, and for tests
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(fit, "top-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
  addFold();

  const titles = new Map([...settings.layers, ...settings.rasters].map((layer) => [layer.id, layer.title]));
  map.on("error", (event) => {
    const title = titles.get(event.sourceId);
    if (title && event.error?.status) tell(settings.words["tiles-failed"].replace("{layer}", title).replace("{status}", event.error.status));
    else if (!title) console.error(event.error ?? event);
  });
  map.once("load", async () => {
    settings.layers.forEach((layer) => addSectors(map, layer));
    // before the switches, so that no month but the wanted one is ever fetched
    await addMonths(map, settings, root, place);
    const switched = addSwitches(map, settings, place);
    const worded = addRasterLegends(settings, root, place);
    addKey(map, settings, root, place, () => {
      switched();
      worded();
    });
    addSearch(map, settings, root);
    addPopups(map, settings, root);
    addReadout(map);
    keepLabels(map, labels);
    map.once("idle", () => (shell.dataset.map = "ready"));
  });
  onTheme(() => location.reload());
  return map;
}

try {
  start();
} catch (error) {
  console.error(error);
  document.getElementById("map").replaceChildren(Object.assign(document.createElement("p"), { className: "empty", textContent: settings.words.failed }));
}

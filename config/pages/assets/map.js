// The map page: puts the map together from its parts.
import { addBasemap } from "./basemap.js";
import { addCard } from "./card.js";
import { clear } from "./chosen.js";
import { addClicks } from "./click.js";
import { addControls, addFold, addReadout, around } from "./controls.js";
import { addDays } from "./days.js";
import { addFindings } from "./findings.js";
import { key, transformRequest } from "./key.js";
import { addKey, keyHolds } from "./keyform.js";
import { keepLabels, splitLabels, withCodes } from "./labels.js";
import { addMonths } from "./months.js";
import { place } from "./place.js";
import { addRasterLegends } from "./raster.js";
import { addSearch } from "./search.js";
import { addSectors } from "./sector.js";
import { addStatus } from "./status.js";
import { addSwitches } from "./switches.js";
import { COMMON, dark, onTheme, ours } from "./theme.js";
import { periodOf, reload, withPeriod } from "./tiles.js";

const settings = JSON.parse(document.getElementById("settings").textContent);
const root = new URL(settings.base).pathname.replace(/\/$/, "");
const shell = document.querySelector(".map-shell");

/** Whether a layer's tiles may be asked for at once: those for staff answer 401 until a key is known to hold, and the month of the others may not be known yet. */
function atOnce(layer) {
  return (!layer.staff || (settings.staff && !key.value)) && (!layer.timed || place.month);
}

function prepared() {
  const made = addBasemap(ours(settings.style, settings.base), settings.basemap, dark.matches);
  const wanted = new Set(place.layers ?? settings.shown);
  const layers = new Map([...settings.layers, ...settings.rasters].map((layer) => [layer.id, layer]));
  for (const [id, source] of Object.entries(made.sources)) {
    const layer = layers.get(id);
    if (layer) source.tiles = source.tiles.map((address) => withPeriod(address, periodOf(layer, place)));
  }
  for (const layer of made.layers) {
    const id = layer.metadata?.["wangge:layer"];
    if (id) layer.layout = { ...layer.layout, visibility: wanted.has(id) && atOnce(layers.get(id) ?? {}) ? "visible" : "none" };
  }
  return splitLabels(settings.language === "en" ? withCodes(made) : made);
}

function start(holds) {
  const { style, labels } = prepared();
  const options = { ...COMMON, container: document.getElementById("map"), style, hash: "at", transformRequest, locale: { "Map.Title": settings.words.title } };
  if (!place.at) Object.assign(options, { bounds: settings.bounds, fitBoundsOptions: { padding: around(options.container) } });
  const map = new maplibregl.Map(options);
  options.container.map = map; // for the browser's console, and for tests
  const drawn = () => new Promise((resolve) => map.once("idle", resolve));
  const context = { map, settings, root, place, drawn, card: addCard(map) };
  const all = [...settings.layers, ...settings.rasters];
  const staff = settings.layers.filter((layer) => layer.staff).map((layer) => layer.id);
  let refused = () => {};
  addStatus(context, { refused: () => refused(), again: () => all.forEach((layer) => reload(map, layer, place)) });
  addControls(context);
  addFold(context);

  map.once("load", async () => {
    settings.layers.forEach((layer) => addSectors(map, layer));
    keepLabels(map, labels);
    let legends = () => {};
    // before the switches, so that no month but the wanted one is ever fetched
    const [months, days] = await Promise.all([addMonths(context, () => legends()), addDays(context, () => context.card.close())]);
    const switches = addSwitches(context, () => legends());
    legends = addRasterLegends(settings, root, place);
    const findings = addFindings(context, () => switches.show("findings"));
    refused = addKey(context, { holds }, (allowed, whole) => {
      // the outline of what was chosen asks for tiles of its layer, shown or not
      if (!allowed) clear(map);
      switches.allow(staff, allowed);
      // what the key opens or shows more of is asked for again; what is for staff never without one: the browser would ask for a password
      for (const layer of all) if (layer.staff ? allowed : layer.keyed || whole) reload(map, layer, place);
      findings(allowed);
      legends();
    });
    const ask = addClicks(context);
    addSearch(context, ask);
    addReadout(context);
    // another link into the same page
    addEventListener("hashchange", () => {
      months();
      days();
      switches.read();
    });
    map.once("idle", () => (shell.dataset.map = "ready"));
    map.triggerRepaint();
  });
  onTheme(() => location.reload());
}

try {
  start(await keyHolds({ settings, root }));
} catch (error) {
  console.error(error);
  document.getElementById("map").replaceChildren(Object.assign(document.createElement("p"), { className: "empty", textContent: settings.words.failed }));
}

// The base map from elsewhere, below the layers; that its server is away or refuses is no fault of this service, nor of the reader's key.
import { make } from "./make.js";

const NAME = "basemap-";
// one picture may be missing; so many in a row without one that came are a server that is away, or that wants another key
const MOST = 4;
let resting = false;

/** Whether a source is a part of the base map that is not asked for at present, whatever its box says. */
export function rests(source) {
  return resting && ofBasemap(source);
}

/** Whether a source of the map is a part of the base map. */
export function ofBasemap(source) {
  return Boolean(source?.startsWith(NAME));
}

/** The style with the base map that the administrator named below its layers. */
export function addBasemap(style, basemap, dark) {
  const { tiles = [], attribution = "" } = basemap ?? {};
  // by night a street map of white paper would outshine everything on it
  const paint = dark ? { "raster-brightness-max": 0.45, "raster-saturation": -0.4 } : {};
  tiles.forEach((address, at) => {
    const id = `${NAME}${at}`;
    style.sources[id] = { type: "raster", tiles: [address], tileSize: 256, maxzoom: 18, attribution };
    style.layers.splice(1 + at, 0, { id, type: "raster", source: id, paint, metadata: { "wangge:layer": "basemap" } });
  });
  return style;
}

/** Watches its tiles: after a few failures it rests, instead of asking in vain at every move, until the reader tries again. */
export function watchBasemap({ map, settings }, tell) {
  const box = document.querySelector("#layers input[name=basemap]");
  if (!box) return;
  const { words } = settings;
  const hint = make("p", { className: "hint error", hidden: true });
  box.closest(".layer").append(hint);
  const sources = settings.basemap.tiles.map((_, at) => `${NAME}${at}`);
  let failed = 0;

  function again() {
    failed = 0;
    resting = false;
    hint.hidden = true;
    for (const id of sources) {
      map.getSource(id).setTiles(map.getSource(id).tiles);
      map.setLayoutProperty(id, "visibility", box.checked ? "visible" : "none");
    }
  }

  map.on("data", ({ sourceId, tile }) => {
    if (ofBasemap(sourceId) && tile?.state === "loaded") failed = 0;
  });
  map.on("error", ({ sourceId, error }) => {
    if (!ofBasemap(sourceId) || error?.name === "AbortError" || error?.status === 404 || resting) return; // 404: ground it has no picture of
    failed += 1;
    if (failed < MOST) return;
    const text = error?.status >= 400 && error.status < 500 ? words["basemap.refused"].replace("{status}", error.status) : words["basemap.away"];
    const retry = make("button", { type: "button", className: "again", textContent: words.again });
    retry.addEventListener("click", again);
    hint.replaceChildren(text, " ", retry);
    hint.hidden = false;
    resting = true;
    for (const id of sources) map.setLayoutProperty(id, "visibility", "none");
    tell(text);
  });
  box.addEventListener("change", () => resting && again());
}

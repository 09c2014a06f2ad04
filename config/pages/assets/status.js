// What the reader is told of the map itself: that it loads, that a layer failed, that the key or the service is gone.
import { ofBasemap, watchBasemap } from "./basemap.js";
import { key, refuses } from "./key.js";
import { fill } from "./make.js";

const SHOWN_MS = 6000;

/** Says something for a while. */
export function tell(text) {
  const notice = document.getElementById("notice");
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => (notice.hidden = true), SHOWN_MS);
}

/** Watches the map; `refused` is called once a key doesn't hold any longer, `again` to ask for everything anew. */
export function addStatus({ map, settings }, { refused, again }) {
  const shell = document.querySelector(".map-shell");
  const down = document.getElementById("down");
  const titles = new Map([...settings.layers, ...settings.rasters].map((layer) => [layer.id, layer.title]));
  map.on("dataloading", () => (shell.dataset.busy = ""));
  map.on("idle", () => delete shell.dataset.busy);
  map.on("data", (event) => event.tile?.state === "loaded" && titles.has(event.sourceId) && (down.hidden = true));
  map.on("error", (event) => {
    const title = titles.get(event.sourceId);
    const status = event.error?.status;
    // two new addresses in a row: the library gave the first one up, nobody failed to answer
    if (event.error?.message === "AbortError" || event.error?.name === "AbortError" || ofBasemap(event.sourceId)) return;
    if (!title) return console.error(event.error ?? event);
    if (!status) down.hidden = false; // nobody answered
    else if (!refuses(status)) tell(fill(settings.words["tiles-failed"], { layer: title, status }));
    else if (key.value) refused();
    else tell(settings.words.refused); // tiles that were on their way with the key, or a browser's own password that ended
  });
  watchBasemap({ map, settings }, tell);
  document.addEventListener("key-refused", refused);
  down.querySelector("button").addEventListener("click", () => {
    down.hidden = true;
    again();
  });
}

// Buttons on the map beside those of the library, the readout of coordinates, and the fold of the panel.
import { narrow } from "./card.js";
import { icon, make } from "./make.js";
import { shared } from "./place.js";
import { tell } from "./status.js";

function button(className, title, picture, act) {
  return {
    onAdd(map) {
      const inner = make("button", { type: "button", className, title, "aria-label": title }, icon(picture));
      inner.addEventListener("click", () => act(map));
      this.box = make("div", { className: "maplibregl-ctrl maplibregl-ctrl-group" }, inner);
      return this.box;
    },
    onRemove() {
      this.box.remove();
    },
  };
}

/** Room around the whole city, in pixels: on a phone the search and the buttons lie on the map. */
export function around({ clientHeight: height }) {
  return narrow.matches ? { top: Math.min(230, height * 0.3), bottom: Math.min(90, height * 0.12), left: 20, right: 20 } : 24;
}

export function addControls({ map, settings }) {
  const { words } = settings;
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl(button("fit-city", words.fit, "whole", () => map.fitBounds(settings.bounds, { padding: around(map.getContainer()) })), "bottom-right");
  map.addControl(button("share", words.share, "link", async () => {
    const address = shared(settings.language);
    try {
      await navigator.clipboard.writeText(address);
      tell(words.shared);
    } catch {
      // without a clipboard (plain http on another host) the address bar has it
      history.replaceState(history.state, "", address);
      tell(words["share.by-hand"]);
    }
  }), "bottom-right");
  // of the base map alone, while it is shown
  if (settings.basemap?.attribution) map.addControl(new maplibregl.AttributionControl({ compact: false }), "bottom-left");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
}

export function addReadout({ map }) {
  const output = document.getElementById("coordinates");
  const show = ({ lng, lat }) => (output.textContent = `${lng.toFixed(5)}, ${lat.toFixed(5)}  z${map.getZoom().toFixed(1)}`);
  map.on("mousemove", (event) => show(event.lngLat));
  map.on("move", () => show(map.getCenter()));
  show(map.getCenter());
}

export function addFold({ settings }) {
  const shell = document.querySelector(".map-shell");
  const fold = document.querySelector(".fold");
  if (narrow.matches) shell.classList.add("folded");
  const say = () => {
    const open = !shell.classList.contains("folded");
    fold.setAttribute("aria-expanded", open);
    fold.title = open ? settings.words.hide : settings.words.show;
  };
  fold.addEventListener("click", () => {
    shell.classList.toggle("folded");
    say();
  });
  new MutationObserver(say).observe(shell, { attributeFilter: ["class"] });
  say();
}

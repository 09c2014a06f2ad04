// The check boxes of the layers.
import { rests } from "./basemap.js";

const GROUND = "grids-fill";

function boxes() {
  return [...document.querySelectorAll("#layers input")];
}

export function shown() {
  return new Set(boxes().filter((box) => box.checked && !box.disabled).map((box) => box.value));
}

/** Wires the boxes to the map; what is returned applies them, or after `show(id)` with one more of them on. */
export function addSwitches({ map, place, settings }, changed) {
  const amounts = [...settings.layers.filter((layer) => layer.amounts), ...settings.rasters].map((layer) => layer.id);
  const ground = map.getPaintProperty(GROUND, "fill-opacity");
  const shell = document.querySelector(".map-shell");
  function apply() {
    const on = shown();
    for (const layer of map.getStyle().layers) {
      const id = layer.metadata?.["wangge:layer"];
      if (id) map.setLayoutProperty(layer.id, "visibility", on.has(id) && !rests(layer.source) ? "visible" : "none");
    }
    // a colour that means an amount has to be the one of the legend, whatever lies below
    map.setPaintProperty(GROUND, "fill-opacity", amounts.some((id) => on.has(id)) ? 0 : ground);
    place.layers = [...on];
    shell.dataset.shown = [...on].join(" ");
    changed();
  }
  function read() {
    const wanted = place.layers;
    for (const box of boxes()) if (wanted) box.checked = wanted.includes(box.value);
    apply();
  }
  for (const box of boxes()) box.addEventListener("change", apply);
  read();
  return {
    apply,
    read,
    show(id) {
      const box = boxes().find((one) => one.value === id);
      if (!box || box.checked || box.disabled) return;
      box.checked = true;
      apply();
    },
    /** Lets layers for staff be chosen, or not. */
    allow(ids, allowed) {
      for (const box of boxes()) if (ids.includes(box.value)) box.disabled = !allowed;
      apply();
    },
  };
}

// The check boxes of the layers.
function boxes() {
  return [...document.querySelectorAll("#layers input")];
}

export function shown() {
  return new Set(boxes().filter((box) => box.checked && !box.disabled).map((box) => box.value));
}

/** Wires the boxes to the map; what is returned applies them, or after `show(id)` with one more of them on. */
export function addSwitches({ map, place }, changed) {
  const shell = document.querySelector(".map-shell");
  function apply() {
    const on = shown();
    for (const layer of map.getStyle().layers) {
      const id = layer.metadata?.["wangge:layer"];
      if (id) map.setLayoutProperty(layer.id, "visibility", on.has(id) ? "visible" : "none");
    }
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

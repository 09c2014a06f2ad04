// The check boxes of the layers, and the key that opens those for staff.
import { getJson, key } from "./key.js";
import { reload } from "./months.js";

function boxes() {
  return [...document.querySelectorAll("#layers input")];
}

export function shown() {
  return new Set(boxes().filter((box) => box.checked && !box.disabled).map((box) => box.value));
}

export function addSwitches(map, settings, place) {
  function apply() {
    const on = shown();
    for (const layer of map.getStyle().layers) {
      const id = layer.metadata?.["wangge:layer"];
      if (id) map.setLayoutProperty(layer.id, "visibility", on.has(id) ? "visible" : "none");
    }
    place.layers = [...on];
  }
  const wanted = place.layers;
  for (const box of boxes()) {
    if (wanted) box.checked = wanted.includes(box.value);
    box.addEventListener("change", apply);
  }
  apply();
  return apply;
}

/** Lets the reader enter their key; `apply` shows what it opens. */
export function addKey(map, settings, root, place, apply) {
  const form = document.getElementById("key");
  const [use, forget] = form.querySelectorAll("button");
  const input = form.querySelector("input");
  const output = form.querySelector("output");
  const staff = settings.layers.filter((layer) => layer.staff);
  const keyed = [...settings.layers, ...settings.rasters].filter((layer) => layer.keyed);
  const ids = staff.map((layer) => layer.id);

  function open(allowed) {
    for (const box of boxes()) if (ids.includes(box.value)) box.disabled = !allowed;
    forget.hidden = !key.value;
    // what the key opens or shows more of is asked for again
    for (const layer of keyed) reload(map, layer, place.month);
    apply();
  }

  function say(text, bad) {
    output.textContent = text;
    output.classList.toggle("error", Boolean(bad));
  }

  async function check() {
    if (!ids.length) return;
    use.disabled = true;
    try {
      await getJson(`${root}/collections/${ids[0]}/items?limit=1&f=json&lang=${settings.language}`);
      say(settings.words["key.good"]);
      open(true);
    } catch (error) {
      const refused = error.status === 401 || error.status === 403;
      say(refused ? settings.words["key.bad"] : settings.words["key.unreachable"], true);
      if (refused) key.value = "";
      open(settings.staff);
    } finally {
      use.disabled = false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    key.value = input.value.trim();
    input.value = "";
    if (key.value) check();
  });
  forget.addEventListener("click", () => {
    key.value = "";
    say(settings.words["key.hint"]);
    open(settings.staff);
  });
  if (key.value) check();
}

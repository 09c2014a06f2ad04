// The month that case heat and cases are shown for: a parameter of their tiles' addresses.
import { getJson } from "./key.js";

const LAYER = "case-heat";

/** Months from the first to the last that the layer has, as 2025-06. */
function between(first, last) {
  const months = [];
  for (let [year, month] = first.slice(0, 7).split("-").map(Number); ; month === 12 ? ((year += 1), (month = 1)) : (month += 1)) {
    const name = `${year}-${String(month).padStart(2, "0")}`;
    if (name > last.slice(0, 7) || months.length > 600) return months;
    months.push(name);
  }
}

function withMonth(address, month) {
  const plain = address.replace(/&datetime=[^&]*/, "");
  return month ? `${plain}&datetime=${month}` : plain;
}

/** Asks for a layer's tiles anew, for the month where the layer has one: a source goes on naming its former addresses for a while. */
export function reload(map, layer, month) {
  const source = map.getSource(layer.id);
  source?.setTiles(source.tiles.map((address) => withMonth(address, layer.timed ? month : "")));
}

export async function addMonths(map, settings, root, place) {
  const box = document.getElementById("months");
  const timed = [...settings.layers, ...settings.rasters].filter((layer) => layer.timed && map.getSource(layer.id));
  if (!box || !timed.length) return;
  const select = box.querySelector("select");

  function apply() {
    place.month = select.value;
    for (const layer of timed) reload(map, layer, select.value);
    const [back, onward] = box.querySelectorAll("button");
    back.disabled = select.selectedIndex <= 0;
    onward.disabled = select.selectedIndex >= select.options.length - 1;
  }

  const { extent } = await getJson(`${root}/collections/${LAYER}?f=json`).catch(() => ({}));
  const [first, last] = extent?.temporal?.interval?.[0] ?? [];
  if (!first || !last) return;
  const months = between(first, last);
  select.append(...months.map((month) => new Option(month, month)));
  select.value = months.includes(place.month) ? place.month : months.at(-1) ?? "";
  select.addEventListener("change", apply);
  for (const button of box.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      select.selectedIndex += Number(button.dataset.step);
      select.dispatchEvent(new Event("change"));
    });
  }
  box.hidden = false;
  apply();
}

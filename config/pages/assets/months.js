// The month that cases, their heat and their density are shown for.
import { getJson } from "./key.js";
import { addSlider } from "./slider.js";
import { reload } from "./tiles.js";

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

/** Adds the slider; `changed` is called when another month was chosen. Without any month there is none. */
export async function addMonths({ map, settings, root, place, drawn }, changed) {
  const box = document.getElementById("months");
  const timed = [...settings.layers, ...settings.rasters].filter((layer) => layer.timed);
  const { extent } = await getJson(`${root}/collections/${LAYER}?f=json`).catch(() => ({}));
  const [first, last] = extent?.temporal?.interval?.[0] ?? [];
  if (!first || !last || !timed.length) return () => {};
  const months = between(first, last);
  const output = box.querySelector("output");
  const all = box.querySelector(".all");

  function show() {
    const whole = place.month === "all";
    output.textContent = whole ? `${months[0]} – ${months.at(-1)}` : place.month;
    all.setAttribute("aria-pressed", whole);
  }

  function choose(month) {
    place.month = month;
    show();
    for (const layer of timed) reload(map, layer, place);
    changed();
  }

  if (place.month !== "all" && !months.includes(place.month)) place.month = months.at(-1);
  const chosen = () => Math.max(0, place.month === "all" ? months.length - 1 : months.indexOf(place.month));
  const slider = addSlider(box, { steps: months, index: chosen(), name: (month) => month, choose, drawn, words: settings.words });
  all.addEventListener("click", () => choose(place.month === "all" ? months[Number(box.querySelector("input").value)] : "all"));
  for (const layer of timed) reload(map, layer, place);
  show();
  box.dataset.ready = "";
  return () => {
    if (place.month !== "all" && !months.includes(place.month)) place.month = months.at(-1);
    slider.set(chosen());
    choose(place.month);
  };
}

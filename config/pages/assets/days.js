// The day whose borders are shown. The steps of its slider are the days on which something was published.
import { getJson } from "./key.js";
import { make } from "./make.js";
import { addSlider } from "./slider.js";
import { reload } from "./tiles.js";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Adds the slider; where the borders never changed there is none, unless the address asks for a day. */
export async function addDays({ map, settings, root, place, drawn }, changed) {
  const box = document.getElementById("days");
  const dated = settings.layers.filter((layer) => layer.dated && map.getSource(layer.id));
  const told = await Promise.all(dated.map((layer) => getJson(`${root}/collections/${layer.id}?f=json`).catch(() => ({}))));
  const days = [...new Set(told.flatMap(({ extent }) => extent?.temporal?.grid?.coordinates ?? []))].sort();
  if (!days.length || (days.length < 2 && !place.day)) return () => {};
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(new Date());
  // the borders of today are those of the last day that isn't to come
  const latest = days.findLast((day) => day <= today) ?? days.at(-1);
  const picker = box.querySelector("input[type=date]");
  const now = box.querySelector(".today");
  const opener = box.querySelector(".name");

  function unfold(yes) {
    box.toggleAttribute("data-open", yes);
    opener.setAttribute("aria-expanded", yes);
  }

  function show() {
    picker.value = place.day || today;
    now.setAttribute("aria-pressed", !place.day);
    if (place.day) unfold(true);
  }

  function choose(day) {
    place.day = day === latest || day === today ? "" : day;
    show();
    for (const layer of dated) reload(map, layer, place);
    changed();
  }

  if (place.day && !DAY.test(place.day)) place.day = "";
  const chosen = () => Math.max(0, days.findLastIndex((day) => day <= (place.day || today)));
  const slider = addSlider(box, { steps: days, index: chosen(), name: (day) => day, choose, drawn, words: settings.words });
  box.querySelector("datalist").append(...days.map((_, at) => make("option", { value: at })));
  picker.min = days[0];
  picker.addEventListener("change", () => {
    if (!DAY.test(picker.value)) return show();
    choose(picker.value);
    slider.set(chosen());
  });
  opener.addEventListener("click", () => unfold(!box.hasAttribute("data-open")));
  now.addEventListener("click", () => {
    choose(today);
    slider.set(chosen());
  });
  show();
  box.dataset.ready = "";
  return () => {
    slider.set(chosen());
    choose(place.day || today);
  };
}

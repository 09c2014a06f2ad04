// The legend of each raster: which value a colour stands for hangs on the month, and on what the reader's key shows.
import { getJson, key } from "./key.js";
import { periodOf } from "./tiles.js";

function fill(list, legend) {
  list.replaceChildren(
    ...legend.entries.toReversed().map(({ label, colour }) => {
      const line = document.createElement("li");
      const swatch = Object.assign(document.createElement("span"), { className: "swatch-colour" });
      swatch.style.background = colour;
      swatch.style.opacity = legend.opacity;
      line.append(swatch, ` ${label}`);
      return line;
    }),
  );
}

/** Words the legends of the rasters that are shown; returns what asks for them anew. */
export function addRasterLegends(settings, root, place) {
  const lists = [...document.querySelectorAll("[data-raster]")];
  const known = new Map();
  async function apply() {
    for (const list of lists) {
      const id = list.dataset.raster;
      const box = document.querySelector(`#layers input[value="${id}"]`);
      if (!box?.checked || box.disabled) continue;
      const period = periodOf({ timed: true }, place);
      const month = period ? `&datetime=${period}` : "";
      const address = `${root}/collections/${id}/legend?f=json&lang=${settings.language}${month}`;
      const asked = `${address} ${key.value}`;
      if (known.get(id) === asked) continue;
      known.set(id, asked);
      const legend = await getJson(address).catch(() => null);
      // an answer that comes after the reader has gone on to another month is of no use
      if (legend && known.get(id) === asked) fill(list, legend);
    }
  }
  return apply;
}

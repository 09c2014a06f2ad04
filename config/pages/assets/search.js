// Finds a grid, village or township by code or name, and shows it.
import { chooseFeature } from "./chosen.js";
import { getJson } from "./key.js";

const MOST = 8;
const WAIT_MS = 250;

/** CQL2 for "the code begins so, or the name has it in it"; what means something in LIKE or ends the text is taken out. */
function condition(text) {
  const plain = text.replace(/[%_\\]/g, "").replaceAll("'", "''");
  return `code LIKE '${plain}%' OR name LIKE '%${plain}%'`;
}

function boundsOf(geometry) {
  const bounds = new maplibregl.LngLatBounds();
  const visit = (part) => (typeof part[0] === "number" ? bounds.extend(part) : part.forEach(visit));
  visit(geometry.coordinates);
  return bounds;
}

export function addSearch(map, settings, root) {
  const form = document.getElementById("search");
  const input = form.querySelector("input");
  const list = form.querySelector(".results");
  let timer;
  let running;

  const close = () => (list.hidden = true);
  const say = (text) => {
    list.replaceChildren(Object.assign(document.createElement("p"), { textContent: text }));
    list.hidden = false;
  };

  function choose(feature) {
    close();
    input.value = feature.properties.name;
    chooseFeature(map, feature);
    map.fitBounds(boundsOf(feature.geometry), { padding: 60, maxZoom: 16 });
    if (matchMedia("(max-width: 720px)").matches) document.querySelector(".map-shell").classList.add("folded");
  }

  async function find(layer, filter, signal) {
    const query = new URLSearchParams({ f: "json", limit: MOST, "filter-lang": "cql2-text", filter, lang: settings.language });
    const { features } = await getJson(`${root}/collections/${layer}/items?${query}`, { signal });
    return features;
  }

  async function search() {
    const text = input.value.trim();
    running?.abort();
    if (!text) return close();
    running = new AbortController();
    const { signal } = running;
    try {
      const found = (await Promise.all(["divisions", "grids"].map((layer) => find(layer, condition(text), signal)))).flat();
      if (signal.aborted) return;
      if (!found.length) return say(settings.words["search.none"]);
      list.replaceChildren(
        ...found.slice(0, 2 * MOST).map((feature) => {
          const button = Object.assign(document.createElement("button"), { type: "button", textContent: feature.properties.name });
          button.append(Object.assign(document.createElement("small"), { textContent: feature.properties.code }));
          button.addEventListener("click", () => choose(feature));
          const entry = document.createElement("li");
          entry.append(button);
          return entry;
        }),
      );
      list.hidden = false;
    } catch (error) {
      if (error.name !== "AbortError") say(settings.words["search.failed"].replace("{reason}", error.message));
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = list.hidden ? null : list.querySelector("button");
    if (first) first.click();
    else search();
  });
  form.addEventListener("keydown", (event) => event.key === "Escape" && close());
  map.on("click", close);
}

// Who is responsible at a place: its grid, village and township, and the grid's team.
import { pageOf } from "./feature.js";
import { getJson } from "./key.js";
import { facts, fill, make } from "./make.js";

const TEAM = ["leaders", "members", "info_managers", "instructors", "volunteers"];

/** The grid of today that a point lies in, by the process: codes and names of it, its village and its township. */
async function located({ root, settings }, [lon, lat], dedicated) {
  const body = JSON.stringify({ inputs: { lon: [lon], lat: [lat], dedicated } });
  const sent = { method: "POST", body, headers: { "Content-Type": "application/json", "Accept-Language": settings.language } };
  const { grid_code: [code], village_name: [village], township_name: [township] } = await getJson(`${root}/processes/locate/execution`, sent);
  if (code === null) return null;
  const grid = await getJson(`${root}/collections/grids/items/${code}?f=json&lang=${settings.language}`);
  return { grid, village, township };
}

/** The grids of another day there, with the names of their divisions as far as these are known. */
async function onDay({ root, settings }, [lon, lat], day) {
  const named = (layer) => settings.layers.find((one) => one.id === layer)?.dated ? `&datetime=${day}` : "";
  const at = new URLSearchParams({ f: "json", datetime: day, filter: `S_INTERSECTS(geometry, POINT(${lon} ${lat}))` });
  const { features } = await getJson(`${root}/collections/grids/items?${at}&lang=${settings.language}`);
  // a point on a border belongs to the grid whose code comes first, as the process has it
  features.sort((a, b) => (a.properties.code < b.properties.code ? -1 : 1));
  return Promise.all(["social", "dedicated"].map(async (kind) => {
    const grid = features.find((feature) => feature.properties.kind === kind);
    if (!grid) return null;
    const codes = [grid.properties.village_code, grid.properties.township_code];
    const names = await Promise.all(codes.map(async (code) => {
      const found = await getJson(`${root}/collections/divisions/items?f=json&skipGeometry=true&code=${code}${named("divisions")}`);
      return found.features[0]?.properties.name ?? code;
    }));
    return { grid, village: names[0], township: names[1] };
  }));
}

function team({ settings }, properties) {
  const fields = settings.layers.find((layer) => layer.id === "grids").fields;
  const told = TEAM.filter((name) => properties[name]).map((name) => {
    const title = fields.find((field) => field.name === name).title.replace(/人数$/, "");
    return `${title} ${properties[name]}`;
  });
  return told.join(settings.language === "zh" ? "、" : ", ");
}

/** A name that is Chinese alone says little to the reader of another language: its code goes with it. */
function called({ language }, name, code) {
  return language === "zh" || !code || name === code ? name : `${name} (${code})`;
}

function told(context, found, title) {
  const { settings, root } = context;
  const { words, layers } = settings;
  const { properties, id } = found.grid;
  const field = (name) => layers.find((layer) => layer.id === "grids").fields.find((one) => one.name === name);
  const population = properties.population === null ? "" : properties.population.toLocaleString("en");
  return make("section", { className: "place here" },
    make("h2", {}, make("small", { textContent: title }), properties.name),
    facts([
      [field("code").title, make("code", { textContent: properties.code })],
      [words["here.township"], called(settings, found.township, properties.township_code)],
      [words["here.village"], called(settings, found.village, properties.village_code)],
      [words["here.team"], team(context, properties)],
      [field("party_organisation").title, properties.party_organisation ?? ""],
      [field("population").title, population],
    ]),
    make("a", { href: pageOf(root, "grids", id, settings.language), textContent: `${words["here.item"]} →` }));
}

/** Fills `box` with what is known of a place; answers the grid as a feature, or null. */
export async function tellHere(context, box, point) {
  const { settings, place } = context;
  const { words } = settings;
  box.replaceChildren(make("p", { className: "hint", textContent: words["here.asking"] }));
  try {
    const pair = place.day
      ? await onDay(context, point, place.day)
      : await Promise.all([located(context, point, false), located(context, point, true)]);
    const [social, dedicated] = pair;
    const title = place.day ? fill(words["here.as-of"], { day: place.day }) : words.here;
    box.replaceChildren(
      ...(social ? [told(context, social, title)] : [make("p", { className: "hint", textContent: words["here.none"] })]),
      ...(dedicated ? [told(context, dedicated, words["here.dedicated"])] : []),
    );
    return (social ?? dedicated)?.grid ?? null;
  } catch (error) {
    box.replaceChildren(make("p", { className: "hint error", textContent: fill(words["here.failed"], { reason: error.message }) }));
    return null;
  }
}

// What the checks found and nobody has decided: counted, listed by severity and kind, each shown on the map.
import { roomy } from "./card.js";
import { chooseFeature, clear } from "./chosen.js";
import { decision, pageOf, worded } from "./feature.js";
import { getJson } from "./key.js";
import { facts, fill, make } from "./make.js";
import { boundsOf } from "./search.js";

const PAGE = 20;
const OPEN = "state = 'open'";
const SEVERITIES = ["error", "warning", "note"];
const MOST_PAGES = 5;
const NEAR_ZOOM = 17;

export function addFindings(context, shown) {
  const { map, settings, root, card } = context;
  const { words } = settings;
  const layer = settings.layers.find((one) => one.id === "findings");
  const box = document.getElementById("findings");
  if (!layer || !box) return () => {};
  const status = box.querySelector("[role=status]");
  const chips = box.querySelector(".severities");
  const kinds = box.querySelector("select");
  const list = box.querySelector("ol");
  const pager = box.querySelector(".pager");
  const field = (name) => layer.fields.find((one) => one.name === name);
  const state = { severity: null, kind: "", page: 0, chosen: -1, features: [], matched: 0, counts: new Map() };
  let running = 0;

  const address = (query) => `${root}/collections/${layer.id}/items?${new URLSearchParams({ f: "json", lang: settings.language, ...query })}`;
  const count = (severity, kind) => [...state.counts].reduce((sum, [name, number]) => {
    const [its, of] = name.split(" ");
    return its === severity && (!kind || of === kind) ? sum + number : sum;
  }, 0);

  /** How many there are of each severity and kind, from a page of two words each. */
  async function tally() {
    const counts = new Map();
    let next = address({ filter: OPEN, properties: "severity,kind", skipGeometry: true, limit: 10000 });
    let read = 0;
    for (let page = 0; next && page < MOST_PAGES; page += 1) {
      const answer = await getJson(next);
      for (const { properties } of answer.features) {
        const name = `${properties.severity} ${properties.kind}`;
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      read += answer.features.length;
      next = answer.links.find((link) => link.rel === "next")?.href.replace(/^https?:\/\/[^/]+/, "");
    }
    return { counts, total: read, all: !next };
  }

  function drawFilters() {
    chips.replaceChildren(...SEVERITIES.map((severity) => {
      const number = count(severity);
      const chip = make("button", { type: "button", className: "chip", disabled: !number, "aria-pressed": severity === state.severity, "data-severity": severity });
      chip.append(make("span", { className: "dot", "aria-hidden": "true", style: `background:${layer.colours[severity]}` }), ` ${field("severity").values[severity]} `, make("b", { textContent: number }));
      chip.addEventListener("click", () => go({ severity, kind: "", page: 0 }));
      return chip;
    }));
    const known = Object.entries(field("kind").values).filter(([kind]) => count(state.severity, kind));
    kinds.replaceChildren(
      new Option(`${words["findings.all"]} (${count(state.severity)})`, ""),
      ...known.map(([kind, title]) => new Option(`${title} (${count(state.severity, kind)})`, kind)),
    );
    kinds.value = state.kind;
    kinds.closest("label").hidden = known.length < 2;
  }

  function size({ area_m2: area, width_m: width }) {
    return [worded(field("area_m2"), area), width ? `${field("width_m").title} ${worded(field("width_m"), width)}` : ""].filter(Boolean).join(" · ");
  }

  function named({ id, ids }) {
    return ids?.length ? ids[0] + (ids.length > 1 ? ` +${ids.length - 1}` : "") : id;
  }

  function drawList() {
    list.replaceChildren(...state.features.map((feature, at) => {
      const { properties } = feature;
      const head = at && state.features[at - 1].properties.kind === properties.kind ? null : make("h3", { textContent: worded(field("kind"), properties.kind) });
      const button = make("button", { type: "button", tabIndex: at === Math.max(0, state.chosen) ? 0 : -1 });
      button.append(make("span", { className: "ids", textContent: named(properties) }), make("small", { textContent: size(properties) }));
      button.addEventListener("click", () => choose(at));
      return make("li", {}, head, button);
    }));
    const pages = Math.ceil(state.matched / PAGE);
    pager.hidden = pages < 2;
    const [back, onward] = pager.querySelectorAll("button");
    back.disabled = state.page <= 0;
    onward.disabled = state.page >= pages - 1;
    pager.querySelector("span").textContent = fill(words["findings.page"], { page: state.page + 1, pages });
    mark();
  }

  function mark() {
    list.querySelectorAll("button").forEach((button, at) => {
      button.tabIndex = at === Math.max(0, state.chosen) ? 0 : -1;
      if (at === state.chosen) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  }

  async function go(change) {
    Object.assign(state, change, { chosen: -1 });
    const turn = (running += 1);
    const filter = `${OPEN} AND severity = '${state.severity}'${state.kind ? ` AND kind = '${state.kind}'` : ""}`;
    drawFilters();
    try {
      const answer = await getJson(address({ filter, sortby: "kind,-area_m2", limit: PAGE, offset: state.page * PAGE }));
      if (turn !== running) return;
      Object.assign(state, { features: answer.features, matched: answer.numberMatched });
      drawList();
    } catch (error) {
      if (turn === running) fail(error);
    }
  }

  function fail(error) {
    status.textContent = fill(words["findings.failed"], { reason: error.message });
    status.classList.add("error");
  }

  /** Shows one of the page; one before the first or after the last turns the page. */
  async function choose(at, { focus = false } = {}) {
    if (at < 0 || at >= state.features.length) {
      const page = state.page + Math.sign(at);
      if (page < 0 || page * PAGE >= state.matched) return;
      await go({ page });
      at = at < 0 ? state.features.length - 1 : 0;
    }
    state.chosen = at;
    mark();
    const button = list.querySelectorAll("button")[at];
    button?.scrollIntoView({ block: "nearest" });
    if (focus) button?.focus();
    show(state.features[at]);
  }

  function show(feature) {
    const { properties, geometry } = feature;
    const number = state.page * PAGE + state.chosen + 1;
    const step = (by, text, sign) => {
      const button = make("button", { type: "button", className: "button", title: text, "aria-label": text, textContent: sign });
      button.disabled = by < 0 ? number <= 1 : number >= state.matched;
      button.addEventListener("click", () => choose(state.chosen + by).then(() => document.querySelector(`#card .step button:${by < 0 ? "first" : "last"}-of-type`)?.focus()));
      return button;
    };
    const ids = (properties.ids ?? []).map((id) => make("a", { href: pageOf(root, properties.layer, id, settings.language), textContent: id }));
    const badge = make("span", { className: `badge severity ${properties.severity}`, textContent: worded(field("severity"), properties.severity) });
    const message = settings.language === "en" ? properties.message_en : properties.message;
    const content = make("section", { className: "place finding" },
      make("h2", {}, make("small", { textContent: layer.title }), worded(field("kind"), properties.kind), " ", badge),
      make("p", { className: "message", textContent: message }),
      facts([
        [field("area_m2").title, worded(field("area_m2"), properties.area_m2)],
        [field("width_m").title, worded(field("width_m"), properties.width_m)],
        [words["findings.concerned"], ids.length ? make("span", { className: "ids" }, ...ids) : ""],
        [field("first_seen_at").title, worded(field("first_seen_at"), properties.first_seen_at)],
        [field("id").title, make("a", { href: pageOf(root, layer.id, properties.id, settings.language), textContent: properties.id })],
      ]),
      decision(context, properties) ?? "",
      make("p", { className: "step" }, step(-1, words["findings.before"], "‹"), make("span", { className: "number", textContent: fill(words["findings.place"], { number, count: state.matched }) }), step(1, words["findings.next"], "›")));
    if (!geometry) content.append(make("p", { className: "hint", textContent: words["findings.nowhere"] }));
    card.show(content, { whenClosed: () => { state.chosen = -1; mark(); } });
    state.chosen = number - 1 - state.page * PAGE;
    mark();
    shown();
    if (!geometry) return clear(map);
    chooseFeature(map, feature);
    map.fitBounds(boundsOf(geometry), { padding: roomy(map), maxZoom: NEAR_ZOOM });
  }

  async function load() {
    status.classList.remove("error");
    status.textContent = words["findings.loading"];
    try {
      const { counts, total, all } = await tally();
      state.counts = counts;
      box.querySelector(".count").textContent = total;
      box.querySelector(".all").hidden = !total;
      status.textContent = total ? (all ? "" : fill(words["findings.least"], { count: total })) : words["findings.none"];
      if (!total) return;
      const worst = SEVERITIES.find((severity) => count(severity));
      await go({ severity: count(state.severity) ? state.severity : worst, kind: "", page: 0 });
    } catch (error) {
      fail(error);
    }
  }

  kinds.addEventListener("change", () => go({ kind: kinds.value, page: 0 }));
  const [back, onward] = pager.querySelectorAll("button");
  back.addEventListener("click", () => go({ page: state.page - 1 }));
  onward.addEventListener("click", () => go({ page: state.page + 1 }));
  box.querySelector(".again").addEventListener("click", load);
  list.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    choose(at + by, { focus: true });
  });

  /** Opens the panel to whoever may read findings, and closes it to others. */
  return (allowed) => {
    box.hidden = !allowed;
    if (allowed) load();
    else Object.assign(state, { severity: null, features: [], chosen: -1 });
  };
}

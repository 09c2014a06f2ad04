// Elements of the page, made in one expression.

/** An element with these properties (attributes where they carry a dash) and children; what is null is left out. */
export function make(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue;
    if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const ICONS = {
  copy: "M9 9h10v11H9z M15 9V4H5v11h4",
  done: "M5 12l5 5L20 7",
  link: "M10 14l4-4 M8 11l-2.5 2.5a3.5 3.5 0 0 0 5 5L13 16 M11 8l2.5-2.5a3.5 3.5 0 0 1 5 5L16 13",
  whole: "M4 9V4h5 M20 9V4h-5 M4 15v5h5 M20 15v5h-5",
};

/** A small line drawing in the colour of the text. */
export function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: 18, height: 18, fill: "none", stroke: "currentColor", "stroke-width": 2, "aria-hidden": "true" })) drawing.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

/** A list of titles and texts; texts that are empty are left out. */
export function facts(pairs) {
  const list = make("dl");
  for (const [title, content] of pairs) {
    if (content === "" || content === null || content === undefined) continue;
    list.append(make("dt", { textContent: title }), make("dd", {}, content));
  }
  return list;
}

/** A text with its {placeholders} filled. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

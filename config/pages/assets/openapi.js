// Shows the OpenAPI document: operations by tag, each with its parameters, body and responses.
const place = document.getElementById("openapi");
const words = JSON.parse(place.querySelector("script").textContent);
const METHODS = ["get", "post", "put", "patch", "delete", "options", "head"];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** What a $ref within the document points at; one that leads outside is only named. */
function resolve(root, node, depth = 0) {
  const reference = node?.$ref;
  if (!reference || depth > 8) return node ?? {};
  if (!reference.startsWith("#/")) return { name: reference.split("/").pop(), description: "" };
  const found = reference.slice(2).split("/").reduce((at, step) => at?.[decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~")], root);
  return resolve(root, found, depth + 1);
}

function typeOf(root, schema) {
  const { type, format, items, enum: values, name, oneOf, anyOf } = resolve(root, schema);
  const choice = (oneOf || anyOf)?.map((one) => typeOf(root, one)).filter(Boolean).join(" | ");
  const kind = type === "array" ? `${typeOf(root, items) || "any"}[]` : type || name || choice || "";
  return [kind, format && `(${format})`, values && values.join(" · ")].filter(Boolean).join(" ");
}

function table(headings, rows) {
  const head = element("tr", {}, ...headings.map((text) => element("th", { textContent: text })));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell ?? ""))));
  return element("div", { className: "scroll" }, element("table", { className: "list" }, element("thead", {}, head), element("tbody", {}, ...body)));
}

function parametersOf(root, shared, operation) {
  const all = [...(shared ?? []), ...(operation.parameters ?? [])].map((one) => resolve(root, one));
  if (!all.length) return null;
  return table(
    [words.parameter, words.where, words.type, words.description],
    all.map((one) => [element("code", { textContent: one.name + (one.required ? " *" : "") }), one.in, typeOf(root, one.schema), one.description]),
  );
}

function bodyOf(root, operation) {
  if (!operation.requestBody) return null;
  const types = Object.keys(resolve(root, operation.requestBody).content ?? {});
  return element("p", {}, `${words.body}: `, element("code", { textContent: types.join(", ") }));
}

function responsesOf(root, operation) {
  const rows = Object.entries(operation.responses ?? {}).map(([code, answer]) => {
    const { description, name, content } = resolve(root, answer);
    return [element("code", { textContent: code }), Object.keys(content ?? {}).join(", "), description || name || ""];
  });
  return rows.length ? table([words.responses, words.type, words.description], rows) : null;
}

function show(root, method, path, shared, operation) {
  const summary = element(
    "summary",
    {},
    element("span", { className: `method ${method}`, textContent: method }),
    element("code", { textContent: path }),
    element("span", { textContent: words.summaries[path.split("/").pop()] ?? operation.summary ?? "" }),
  );
  const details = element("details", { className: "operation" }, summary);
  details.dataset.text = `${method} ${path} ${operation.summary ?? ""} ${operation.description ?? ""}`.toLowerCase();
  // A document of a city names hundreds of operations: each is worked out when it is opened.
  details.addEventListener("toggle", () => {
    if (details.childElementCount > 1) return;
    const description = operation.description && operation.description !== operation.summary ? element("p", { textContent: operation.description }) : null;
    details.append(element("div", {}, description, parametersOf(root, shared, operation), bodyOf(root, operation), responsesOf(root, operation)));
  }, { once: true });
  return details;
}

function byTag(root) {
  const tags = new Map((root.tags ?? []).map((tag) => [tag.name, { description: tag.description, operations: [] }]));
  for (const [path, item] of Object.entries(root.paths ?? {})) {
    for (const method of METHODS.filter((name) => item[name])) {
      const tag = item[method].tags?.[0] ?? "";
      if (!tags.has(tag)) tags.set(tag, { operations: [] });
      tags.get(tag).operations.push(show(root, method, path, item.parameters, item[method]));
    }
  }
  return tags;
}

function filterBox(sections) {
  const box = element("input", { type: "search", placeholder: words.find });
  box.setAttribute("aria-label", words.find);
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    for (const section of sections) {
      const operations = [...section.querySelectorAll(".operation")];
      for (const operation of operations) operation.hidden = !operation.dataset.text.includes(wanted);
      section.hidden = operations.every((operation) => operation.hidden);
    }
  });
  return box;
}

try {
  const answer = await fetch(place.dataset.document);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const root = await answer.json();
  const sections = [...byTag(root)]
    .filter(([, { operations }]) => operations.length)
    .map(([tag, { description, operations }]) => element("section", { className: "operations" }, element("h2", { textContent: words.tags[tag] ? `${words.tags[tag]} ${tag}` : tag }), element("p", { className: "lead", textContent: description ?? "" }), ...operations));
  place.replaceChildren(filterBox(sections), ...sections);
  place.dataset.ready = "true";
} catch (error) {
  place.replaceChildren(element("p", { className: "empty error", textContent: `${words.failed} (${error.message})` }));
}

// Keeps the language that was chosen by ?lang= on every link within the service.
const here = new URL(location.href);
const chosen = here.searchParams.get("lang");

export function inLanguage(href) {
  const url = new URL(href, location.href);
  if (chosen && url.origin === location.origin && !url.searchParams.has("lang")) url.searchParams.set("lang", chosen);
  return url.href;
}

for (const link of document.querySelectorAll("a[data-language]")) {
  const other = new URL(here);
  other.searchParams.set("lang", link.dataset.language);
  link.href = other.href;
  // The place on the map stands behind the #, and changes after this page was loaded.
  link.addEventListener("click", () => {
    const now = new URL(location.href);
    now.searchParams.set("lang", link.dataset.language);
    link.href = now.href;
  });
}
if (chosen) {
  for (const link of document.querySelectorAll("a[href]:not([data-language])")) link.href = inLanguage(link.href);
  for (const form of document.querySelectorAll("form[method=get]")) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "lang", value: chosen });
    form.append(field);
  }
}

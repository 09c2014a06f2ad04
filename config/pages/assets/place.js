// What the address says behind the #: layers shown, month and day. MapLibre keeps the position there too, as `at`.
function read() {
  return new URLSearchParams(location.hash.slice(1));
}

function write(name, text) {
  const now = read();
  if (text) now.set(name, text);
  else now.delete(name);
  // MapLibre writes its own part with slashes, which URLSearchParams would escape
  history.replaceState(history.state, "", `#${decodeURIComponent(now.toString())}`);
}

export const place = {
  get layers() {
    return read().get("layers")?.split(",");
  },
  set layers(ids) {
    write("layers", ids.join(","));
  },
  /** The month as 2025-06, `all` for the sum of all, empty for the latest. */
  get month() {
    return read().get("month") ?? "";
  },
  set month(text) {
    write("month", text);
  },
  /** The day whose borders are shown, as 2025-06-30; empty for today. */
  get day() {
    return read().get("day") ?? "";
  },
  set day(text) {
    write("day", text);
  },
  get at() {
    return read().get("at");
  },
};

/** The address of what is seen, the language included: whoever opens it sees the same. */
export function shared(language) {
  const address = new URL(location.href);
  address.searchParams.set("lang", language);
  return address.href;
}

// What the address says behind the #: layers shown and month. MapLibre keeps the position there too, as `at`.
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
  get month() {
    return read().get("month") ?? "";
  },
  set month(text) {
    write("month", text);
  },
  get at() {
    return read().get("at");
  },
};

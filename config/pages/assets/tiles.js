// The period that a layer's tiles are asked for: a parameter of their addresses.

/** The `datetime` of a layer: a month where it has events, a day where it has borders of any day; empty for none. */
export function periodOf(layer, place) {
  if (layer.timed) return place.month === "all" ? "" : place.month;
  return layer.dated ? place.day : "";
}

export function withPeriod(address, period) {
  const plain = address.replace(/&datetime=[^&]*/, "");
  return period ? `${plain}&datetime=${period}` : plain;
}

/** Asks for a layer's tiles anew, of the period that is chosen: a source goes on naming its former addresses for a while. */
export function reload(map, layer, place) {
  const source = map.getSource(layer.id);
  source?.setTiles(source.tiles.map((address) => withPeriod(address, periodOf(layer, place))));
}

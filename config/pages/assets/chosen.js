// The feature that was clicked or found, drawn with a strong outline above everything else.
const COLOUR = "#ff7a00";
const EMPTY = { type: "FeatureCollection", features: [] };
const LAYERS = ["chosen-line", "chosen-point"];

function shapes(source) {
  return [
    { id: LAYERS[0], type: "line", ...source, paint: { "line-color": COLOUR, "line-width": 3 }, layout: { "line-join": "round" } },
    { id: LAYERS[1], type: "circle", ...source, filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": "transparent", "circle-radius": 9, "circle-stroke-color": COLOUR, "circle-stroke-width": 3 } },
  ];
}

export function clear(map) {
  LAYERS.filter((id) => map.getLayer(id)).forEach((id) => map.removeLayer(id));
  map.getSource("chosen")?.setData(EMPTY);
}

/** Outlines a feature of the tiles by its id, so that its parts in neighbouring tiles are outlined too. */
export function chooseTileFeature(map, feature) {
  clear(map);
  if (feature.id === undefined) return;
  for (const layer of shapes({ source: feature.source, "source-layer": feature.sourceLayer })) {
    const same = ["==", ["id"], feature.id];
    map.addLayer({ ...layer, filter: layer.filter ? ["all", same, layer.filter] : ["all", same, ["!=", ["geometry-type"], "Point"]] });
  }
}

/** Outlines a GeoJSON feature. */
export function chooseFeature(map, feature) {
  clear(map);
  if (!map.getSource("chosen")) map.addSource("chosen", { type: "geojson", data: EMPTY });
  map.getSource("chosen").setData(feature);
  shapes({ source: "chosen" }).forEach((layer) => map.addLayer(layer));
}

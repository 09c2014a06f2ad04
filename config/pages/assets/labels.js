// One label a feature. Tiles cut a township into parts, and MapLibre would write its name on each of them; here the
// labels of a style are drawn from points instead, one in the middle of what is loaded of a feature.
const SOURCE = "labels";

/**
 * Names of divisions with their codes below them, from a little nearer on: the names are Chinese alone, a code can be read,
 * said and searched by everybody.
 */
export function withCodes(style) {
  for (const layer of style.layers) {
    if (layer.type !== "symbol" || layer.source !== "divisions") continue;
    const name = layer.layout["text-field"];
    const both = ["format", name, {}, "\n", {}, ["to-string", ["get", "code"]], { "font-scale": 0.75 }];
    layer.layout["text-field"] = ["step", ["zoom"], name, layer.minzoom + 2, both];
  }
  return style;
}

/** Splits the labels off a style: the style without them, and what `keepLabels` needs to draw them. */
export function splitLabels(style) {
  const labels = [];
  const layers = style.layers.map((layer) => {
    if (layer.type !== "symbol") return layer;
    const { source, "source-layer": sourceLayer, filter, ...drawn } = layer;
    labels.push({ id: layer.id, source, sourceLayer, filter, minzoom: layer.minzoom ?? 0 });
    return { ...drawn, source: SOURCE, filter: ["==", ["get", "wangge:label"], layer.id] };
  });
  const sources = { ...style.sources, [SOURCE]: { type: "geojson", data: collection([]) } };
  return { style: labels.length ? { ...style, sources, layers } : style, labels };
}

/** Keeps the labels where their features are, whenever the map has come to rest. */
export function keepLabels(map, labels) {
  let before = "";
  map.on("idle", () => {
    const now = collection(labels.filter((label) => drawnNow(map, label)).flatMap((label) => pointsOf(map, label)));
    const text = JSON.stringify(now);
    if (text === before) return; // setData itself ends in another idle
    before = text;
    map.getSource(SOURCE)?.setData(now);
  });
}

function collection(features) {
  return { type: "FeatureCollection", features };
}

function drawnNow(map, { id, source, minzoom }) {
  return map.getLayer(id) && map.getSource(source) && map.getZoom() >= minzoom && map.getLayoutProperty(id, "visibility") !== "none";
}

function pointsOf(map, label) {
  const whole = new Map();
  for (const feature of map.querySourceFeatures(label.source, { sourceLayer: label.sourceLayer, filter: label.filter })) {
    const name = feature.id ?? JSON.stringify(feature.properties);
    const kept = whole.get(name) ?? { properties: feature.properties, rings: [], points: [] };
    whole.set(name, kept);
    const { type, coordinates } = feature.geometry;
    if (type === "Polygon") kept.rings.push(coordinates[0]);
    else if (type === "MultiPolygon") kept.rings.push(...coordinates.map((polygon) => polygon[0]));
    else if (type === "Point") kept.points.push(coordinates);
  }
  return [...whole.values()].flatMap(({ properties, rings, points }) => {
    const coordinates = points[0] ?? middle(rings);
    if (!coordinates) return [];
    return [{ type: "Feature", properties: { ...properties, "wangge:label": label.id }, geometry: { type: "Point", coordinates } }];
  });
}

/** Centroid of all parts by area; that of the largest part where it lies outside of them. */
function middle(rings) {
  const parts = rings.map(centroid).filter((part) => part.area > 0);
  const area = parts.reduce((sum, part) => sum + part.area, 0);
  if (!area) return null;
  const point = [0, 1].map((axis) => parts.reduce((sum, part) => sum + part.at[axis] * part.area, 0) / area);
  if (rings.some((ring) => inside(point, ring))) return point;
  return parts.reduce((best, part) => (part.area > best.area ? part : best)).at;
}

function centroid(ring) {
  const [x0, y0] = ring[0]; // near the ring, so that the differences keep their digits
  let twice = 0;
  let x = 0;
  let y = 0;
  for (let i = 1; i < ring.length; i += 1) {
    const [ax, ay] = [ring[i - 1][0] - x0, ring[i - 1][1] - y0];
    const [bx, by] = [ring[i][0] - x0, ring[i][1] - y0];
    const cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return twice ? { area: Math.abs(twice / 2), at: [x0 + x / (3 * twice), y0 + y / (3 * twice)] } : { area: 0, at: ring[0] };
}

function inside([x, y], ring) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}

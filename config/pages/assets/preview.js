// The small maps on the pages: each has its style, and features where there are some, in a script element beside it.
import { transformRequest } from "./key.js";
import { keepLabels, splitLabels } from "./labels.js";
import { COMMON, ours } from "./theme.js";

function boundsOf(features) {
  const box = [180, 90, -180, -90];
  const visit = (part) => {
    if (typeof part?.[0] === "number") {
      box[0] = Math.min(box[0], part[0]);
      box[1] = Math.min(box[1], part[1]);
      box[2] = Math.max(box[2], part[0]);
      box[3] = Math.max(box[3], part[1]);
    } else part?.forEach(visit);
  };
  const each = (geometry) => (geometry?.geometries ? geometry.geometries.forEach(each) : visit(geometry?.coordinates));
  features.forEach((feature) => each(feature.geometry));
  return box[0] <= box[2] ? box : null;
}

function start(figure) {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const features = data.style.sources.features?.data.features;
  const bounds = (features && boundsOf(features)) || data.bbox;
  const { style, labels } = splitLabels(ours(data.style, data.base));
  const options = { ...COMMON, container: figure.querySelector(".canvas"), style, transformRequest, scrollZoom: false };
  if (bounds) Object.assign(options, { bounds, fitBoundsOptions: { padding: 24, maxZoom: 16 } });
  let map;
  try {
    map = new maplibregl.Map(options);
  } catch {
    figure.hidden = true; // without WebGL the table says the same
    return;
  }
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }));
  map.once("idle", () => (figure.dataset.map = "ready"));
  keepLabels(map, labels);
  map.on("error", () => {}); // a layer for staff answers 401 here; its outline of divisions still shows where it is
}

document.querySelectorAll("[data-map]").forEach(start);

// Cameras as sectors that open the way they look. The tiles know the azimuth, not the angle or range, so the sector is
// a sign of the direction and not of the ground that is seen.
const SIZE = 64;
const HALF_ANGLE = Math.PI / 5;

function picture(colour) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  const pen = canvas.getContext("2d");
  const middle = SIZE / 2;
  const fade = pen.createRadialGradient(middle, middle, 2, middle, middle, middle);
  fade.addColorStop(0, `${colour}e0`);
  fade.addColorStop(1, `${colour}30`);
  pen.fillStyle = fade;
  pen.strokeStyle = `${colour}a0`;
  pen.beginPath();
  pen.moveTo(middle, middle);
  pen.arc(middle, middle, middle - 1, -Math.PI / 2 - HALF_ANGLE, -Math.PI / 2 + HALF_ANGLE);
  pen.closePath();
  pen.fill();
  pen.stroke();
  return pen.getImageData(0, 0, SIZE, SIZE);
}

/** Adds the sectors below the points of a layer that has azimuths; `colours` says which source has which colour. */
export function addSectors(map, layer) {
  const point = `${layer.id}-point`;
  if (!map.getLayer(point) || !layer.fields.some((field) => field.name === "azimuth_deg")) return;
  for (const [value, colour] of Object.entries(layer.colours)) {
    if (!map.hasImage(`sector-${value}`)) map.addImage(`sector-${value}`, picture(colour), { pixelRatio: 2 });
  }
  map.addLayer({
    id: `${layer.id}-sector`,
    type: "symbol",
    source: layer.id,
    "source-layer": layer.id,
    minzoom: 12.5,
    filter: ["has", "azimuth_deg"],
    layout: {
      "icon-image": ["concat", "sector-", ["get", "source"]],
      "icon-rotate": ["get", "azimuth_deg"],
      "icon-rotation-alignment": "map",
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 12.5, 0.4, 15, 1, 18, 2.4],
      visibility: map.getLayoutProperty(point, "visibility") ?? "visible",
    },
    metadata: { "wangge:layer": layer.id },
  }, point);
}

// GCJ-02, the shifted coordinates of Chinese map vendors, back to WGS 84; the formula is that of geo/gcj02.py.
const A = 6378245;
const EE = 0.00669342162296594323;
const BOX = [72.004, 0.8293, 137.8347, 55.8271];
const PRECISION_DEG = 1e-11;
const { sin, cos, sqrt, abs, PI } = Math;

export function inShift([lon, lat]) {
  return lon >= BOX[0] && lon <= BOX[2] && lat >= BOX[1] && lat <= BOX[3];
}

function shifted([lon, lat]) {
  const [x, y] = [lon - 105, lat - 35];
  const wave = 20 * sin(6 * x * PI) + 20 * sin(2 * x * PI);
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x));
  north += ((wave + 20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3;
  north += ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x));
  east += ((wave + 20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3;
  east += ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const radians = (lat * PI) / 180;
  const w2 = 1 - EE * sin(radians) ** 2;
  const degree = 180 / PI;
  return [lon + (east * sqrt(w2) * degree) / (A * cos(radians)), lat + (north * w2 * sqrt(w2) * degree) / (A * (1 - EE))];
}

/** WGS 84 of a point that is given in GCJ-02; both longitude and latitude in degrees. */
export function fromGcj02(point) {
  if (!inShift(point)) return point;
  let guess = point;
  for (let step = 0; step < 30; step += 1) {
    const there = shifted(guess);
    const [dx, dy] = [point[0] - there[0], point[1] - there[1]];
    guess = [guess[0] + dx, guess[1] + dy];
    if (abs(dx) < PRECISION_DEG && abs(dy) < PRECISION_DEG) break;
  }
  return guess;
}

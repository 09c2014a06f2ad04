// Coordinates as people write them: decimal degrees or degrees, minutes and seconds, in either order.
const NUMBER = "([+-]?\\d+(?:\\.\\d+)?)";
const ANGLE = `${NUMBER}\\s*°?\\s*(?:(?<=[°\\s])(\\d+(?:\\.\\d+)?)\\s*'\\s*(?:(\\d+(?:\\.\\d+)?)\\s*(?:"|''))?)?`;
const LETTER_FIRST = new RegExp(`^([NSEW])\\s*${ANGLE}[\\s,;/]*([NSEW])\\s*${ANGLE}$`);
const LETTER_LAST = new RegExp(`^${ANGLE}\\s*([NSEW])[\\s,;/]*${ANGLE}\\s*([NSEW])$`);
const BARE = new RegExp(`^${ANGLE}(?:\\s*[,;/]\\s*|\\s+)${ANGLE}$`);
const SEXAGESIMAL = /^(\d+)\s+(\d+)\s+(\d+(?:\.\d+)?)(?:\s*[,;/]\s*|\s+)(\d+)\s+(\d+)\s+(\d+(?:\.\d+)?)$/;

/** Full width and Chinese signs as the plain ones. */
function plain(text) {
  return text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/东经|經度|经度|LONGITUDE|LON|LNG/g, "E")
    .replace(/北纬|緯度|纬度|LATITUDE|LAT/g, "N")
    .replace(/西经/g, "W")
    .replace(/南纬/g, "S")
    .replace(/[度º˚]/g, "°")
    .replace(/[分′’‘]/g, "'")
    .replace(/[秒″“”]/g, '"')
    .replace(/[、，;]/g, ",")
    .replace(/[:=()[\]]/g, " ")
    .trim();
}

function degrees(whole, minutes = 0, seconds = 0) {
  if (Number(minutes) >= 60 || Number(seconds) >= 60) return NaN;
  const size = Math.abs(Number(whole)) + Number(minutes) / 60 + Number(seconds) / 3600;
  return String(whole).startsWith("-") ? -size : size;
}

/**
 * Longitude and latitude in degrees of a text, or null where it is none.
 *
 * Letters or words say which is which; else a number above 90 is a longitude; else that order counts which lies within
 * `bounds` (west, south, east, north); else longitude comes first.
 */
export function coordinatesOf(text, bounds) {
  const given = plain(text);
  const first = LETTER_FIRST.exec(given);
  const last = LETTER_LAST.exec(given);
  if (first ?? last) {
    const [, ...part] = first ?? last;
    const [letter, other] = first ? [part[0], part[4]] : [part[3], part[7]];
    const angles = first ? [part.slice(1, 4), part.slice(5, 8)] : [part.slice(0, 3), part.slice(4, 7)];
    const [a, b] = [signed(degrees(...angles[0]), letter), signed(degrees(...angles[1]), other)];
    if ("EW".includes(letter) === "EW".includes(other)) return null;
    return valid("EW".includes(letter) ? [a, b] : [b, a]);
  }
  const bare = SEXAGESIMAL.exec(given) ?? BARE.exec(given);
  if (!bare) return null;
  const [a, b] = [degrees(...bare.slice(1, 4)), degrees(...bare.slice(4, 7))];
  if (Math.abs(b) > 90 || (Math.abs(a) <= 90 && !within([a, b], bounds) && within([b, a], bounds))) return valid([b, a]);
  return valid([a, b]);
}

function signed(angle, letter) {
  return "SW".includes(letter) ? -angle : angle;
}

function within([x, y], [west, south, east, north]) {
  return west <= x && x <= east && south <= y && y <= north;
}

function valid([lon, lat]) {
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? [lon, lat] : null;
}

// The map in light and dark, and with whichever host the page was reached by.
const FONTS = '"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC","WenQuanYi Micro Hei",sans-serif';
export const dark = matchMedia("(prefers-color-scheme: dark)");

// by night the widest border is the brightest; map.css has the same for the legend
const BORDERS = { county: "#e0d7f8", township: "#a693d6", village: "#7f70ad" };

/** Options that every map of ours shares. */
export const COMMON = { localIdeographFontFamily: FONTS, attributionControl: false, dragRotate: false, pitchWithRotate: false, maxZoom: 20 };

/** The style with the addresses of this host and the colours of the reader's theme. */
export function ours(style, base) {
  const here = location.origin + new URL(base).pathname.replace(/\/$/, "");
  const own = JSON.parse(JSON.stringify(style).replaceAll(JSON.stringify(base).slice(1, -1), here));
  if (dark.matches) {
    for (const layer of own.layers) {
      if (layer.type === "background") layer.paint["background-color"] = "#171d23";
      if (layer.type === "symbol") {
        layer.paint["text-halo-color"] = "#171d23";
        layer.paint["text-color"] = layer.source === "divisions" ? "#c3b5e6" : "#dfe5ea";
      }
      if (layer.type === "line" && layer.source === "divisions") layer.paint["line-color"] = BORDERS[layer.id.split("-")[1]];
      if (layer.type === "circle") layer.paint["circle-stroke-color"] = "#c9d3dc";
    }
  }
  return own;
}

/** Calls back when the reader's system turns light or dark. */
export function onTheme(callback) {
  dark.addEventListener("change", callback);
}

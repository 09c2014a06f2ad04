// Controls of a map that no package brings: a legend, and a list whose lines are flown to.
"use strict";

const wangge = {
  words: { zh: { in: "放大", out: "缩小" }, en: { in: "Zoom in", out: "Zoom out" } },

  panel(map, position, name, label) {
    const control = L.control({ position });
    control.onAdd = () => {
      const box = L.DomUtil.create("section", `wangge ${name}`);
      box.setAttribute("aria-label", label);
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      return box;
    };
    return control.addTo(map).getContainer();
  },

  furnish(map, whole, given) {
    const words = wangge.words[given.lang] ?? wangge.words.en;
    L.control.zoom({ zoomInTitle: words.in, zoomOutTitle: words.out }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    map.attributionControl.setPrefix("Leaflet").addAttribution(given.attribution);
    map.getContainer().style.background = given.background;
    map.getContainer().classList.toggle("listed", given.listed);
    // where there is no list, the list of layers has the right side to itself
    const place = given.listed ? "bottomright" : "bottomleft";
    if (given.legend) wangge.panel(map, place, "legend", given.legendLabel).innerHTML = given.legend;
    if (given.bounds) map.fitBounds(given.bounds, { padding: [12, 12] });
  },

  tips(map, layer, given) {
    const told = (one) => {
      const table = L.DomUtil.create("table");
      given.heads.forEach((head, place) => {
        const words = given.rows[one.feature.id][place];
        if (!words) return;
        const row = table.insertRow();
        row.appendChild(document.createElement("th")).textContent = head;
        row.insertCell().textContent = words;
      });
      return table;
    };
    // each its own, so that one that was flown to can open it
    layer.eachLayer((one) => one.bindTooltip(told, { sticky: true }));
  },

  list(map, layer, given) {
    const box = wangge.panel(map, "topleft", "list", given.title);
    const heading = L.DomUtil.create("h2", "", box);
    heading.textContent = given.title;
    const lines = L.DomUtil.create("ol", "", box);
    for (const row of given.rows) {
      const button = L.DomUtil.create("button", "", L.DomUtil.create("li", "", lines));
      button.type = "button";
      button.textContent = row.text;
      button.addEventListener("click", () => wangge.fly(map, layer, row));
    }
  },

  fly(map, layer, row) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const shown = layer.getLayers().find((one) => one.feature.id === row.id);
    if (!map.hasLayer(layer)) map.addLayer(layer);
    map.once("moveend", () => shown.openTooltip(L.latLngBounds(row.bounds).getCenter()));
    map.flyToBounds(row.bounds, { animate: !still, duration: 1, maxZoom: 17, padding: [60, 60] });
  },
};

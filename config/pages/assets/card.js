// The card beside the map (a sheet from below on a phone) that tells of the chosen place.
import { clear } from "./chosen.js";
import { make } from "./make.js";

/** Width at which panel and card lie over the map instead of beside it. */
export const narrow = matchMedia("(max-width: 720px)");

/** Room that the card takes of the map, in pixels, so that what is flown to lies in what is left. */
export function roomy(map) {
  const { clientWidth: width, clientHeight: height } = map.getContainer();
  if (narrow.matches) return { top: 70, bottom: Math.round(height * 0.5), left: 30, right: 30 };
  const dock = document.getElementById("time").offsetHeight;
  return { top: 60, bottom: dock + 70, left: 60, right: width > 900 ? 400 : 60 };
}

export function addCard(map) {
  const box = document.getElementById("card");
  const body = box.querySelector(".body");
  let marker;
  let closed;
  let before;

  function close() {
    if (box.hidden) return;
    const inside = box.contains(document.activeElement);
    box.hidden = true;
    marker?.remove();
    clear(map);
    closed?.();
    closed = undefined;
    // whoever came here by the keyboard goes back to where they were
    if (inside) (before?.isConnected ? before : map.getCanvas()).focus();
  }

  box.querySelector(".close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && close());

  return {
    close,
    get open() {
      return !box.hidden;
    },
    /**
     * Shows something: `at` marks a point, `focus` takes the keyboard there, `whenClosed` is called once another thing
     * is shown or the card is closed.
     */
    show(content, { at, focus = false, whenClosed } = {}) {
      closed?.();
      closed = whenClosed;
      marker?.remove();
      if (at) marker = new maplibregl.Marker({ element: make("span", { className: "spot", "aria-hidden": "true" }) }).setLngLat(at).addTo(map);
      if (!box.contains(document.activeElement)) before = document.activeElement;
      body.replaceChildren(...[content].flat());
      box.hidden = false;
      box.scrollTop = 0;
      body.scrollTop = 0;
      if (focus) box.focus();
    },
  };
}

// A row with a slider over named steps: buttons to the one before and after, and one that plays them all.
const REST_MS = 700;
const LONGEST_MS = 8000;
const SETTLED_MS = 120;

/**
 * Brings a row of the page to life.
 *
 * `box` holds an input of type range, buttons with data-step, and a button .play; `name` words a step for those who
 * can't see the slider; `choose` is called with a step once the slider rests; `drawn` is a promise that the map shows it.
 */
export function addSlider(box, { steps, index, name, choose, drawn, words }) {
  const range = box.querySelector("input[type=range]");
  const play = box.querySelector(".play");
  const [back, onward] = box.querySelectorAll("[data-step]");
  let resting;
  let playing = false;

  function show() {
    const at = Number(range.value);
    range.setAttribute("aria-valuetext", name(steps[at]));
    back.disabled = at <= 0;
    onward.disabled = at >= steps.length - 1;
    play.textContent = playing ? "❚❚" : "▶";
    play.title = playing ? words.pause : words.play;
    play.setAttribute("aria-label", play.title);
  }

  function go(at) {
    range.value = at;
    show();
    choose(steps[at]);
  }

  function stop() {
    playing = false;
    show();
  }

  async function run() {
    playing = true;
    let at = Number(range.value);
    if (at >= steps.length - 1) at = -1; // from the start again
    while (playing && at < steps.length - 1) {
      at += 1;
      go(at);
      await Promise.race([drawn(), wait(LONGEST_MS)]);
      await wait(REST_MS);
      at = Number(range.value);
    }
    stop();
  }

  range.max = steps.length - 1;
  range.value = index;
  range.addEventListener("input", () => {
    playing = false;
    show();
    clearTimeout(resting);
    resting = setTimeout(() => choose(steps[Number(range.value)]), SETTLED_MS);
  });
  for (const button of [back, onward]) {
    button.addEventListener("click", () => {
      playing = false;
      go(Number(range.value) + Number(button.dataset.step));
    });
  }
  play.addEventListener("click", () => (playing ? stop() : run()));
  box.addEventListener("keydown", (event) => event.key === "Escape" && playing && (event.stopPropagation(), stop()));
  show();
  return {
    /** Puts the slider on a step that was chosen elsewhere. */
    set(at) {
      range.value = at;
      show();
    },
  };
}

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

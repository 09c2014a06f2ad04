// The form for the personal key, which opens the layers for staff.
import { credentials, headers, key, refuses } from "./key.js";
import { tell } from "./status.js";

/** What a layer for staff answers to the key of this tab: "good", "bad", or "unreachable". */
async function tried({ settings, root }) {
  const first = settings.layers.find((layer) => layer.staff);
  const url = `${root}/collections/${first.id}/items?limit=1&f=json&lang=${settings.language}`;
  const answer = await fetch(url, { headers: headers(url), credentials: credentials() }).catch(() => null);
  if (answer?.ok) return "good";
  return refuses(answer?.status) ? "bad" : "unreachable";
}

/** Whether the key of this tab still holds; one that doesn't is forgotten, since it would be refused even what is public. */
export async function keyHolds(context) {
  if (!key.value || !context.settings.layers.some((layer) => layer.staff)) return true;
  if ((await tried(context)) !== "bad") return true;
  key.value = "";
  return false;
}

/** `open` is called with whether layers for staff may be read, whenever that is found out, and whether what is public failed too. */
export function addKey({ settings, root }, { holds }, open) {
  const form = document.getElementById("key");
  const [use, forget] = form.querySelectorAll("button");
  const input = form.querySelector("input");
  const output = form.querySelector("output");
  const first = settings.layers.some((layer) => layer.staff);

  function say(text, bad) {
    output.textContent = text;
    output.classList.toggle("error", Boolean(bad));
  }

  function done(allowed, whole = false) {
    forget.hidden = !key.value;
    form.classList.toggle("in", Boolean(key.value));
    open(allowed, whole);
  }

  function bad() {
    key.value = "";
    say(settings.words["key.bad"], true);
    form.closest("details").open = true;
  }

  /** A key that ended: it is refused even what is public, so all of that is asked for again. */
  function refused() {
    bad();
    // the form may be folded away
    tell(settings.words.refused);
    done(settings.staff, true);
  }

  async function check() {
    use.disabled = true;
    const answer = await tried({ settings, root });
    use.disabled = false;
    if (answer === "bad") bad();
    else say(settings.words[`key.${answer}`], answer !== "good");
    done(answer === "good" || settings.staff);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    key.value = input.value.trim();
    input.value = "";
    if (key.value && first) check();
  });
  forget.addEventListener("click", () => {
    key.value = "";
    say(settings.words["key.hint"]);
    done(settings.staff);
  });
  if (!holds) refused();
  else if (key.value && first) check();
  else if (settings.staff) open(true);
  return refused;
}

// The form for the personal key, which opens the layers for staff.
import { getJson, key } from "./key.js";

/** Whether the key of this tab still holds; one that doesn't is forgotten, since it would be refused even what is public. */
export async function keyHolds({ settings, root }) {
  const first = settings.layers.find((layer) => layer.staff);
  if (!key.value || !first) return true;
  try {
    await getJson(`${root}/collections/${first.id}/items?limit=1&f=json&lang=${settings.language}`);
    return true;
  } catch (error) {
    if (error.status !== 401 && error.status !== 403) return true;
    key.value = "";
    return false;
  }
}

/** `open` is called with whether layers for staff may be read, whenever that is found out. */
export function addKey({ settings, root }, { holds }, open) {
  const form = document.getElementById("key");
  const [use, forget] = form.querySelectorAll("button");
  const input = form.querySelector("input");
  const output = form.querySelector("output");
  const first = settings.layers.find((layer) => layer.staff);

  function say(text, bad) {
    output.textContent = text;
    output.classList.toggle("error", Boolean(bad));
  }

  function done(allowed) {
    forget.hidden = !key.value;
    form.classList.toggle("in", Boolean(key.value));
    open(allowed);
  }

  function refused() {
    key.value = "";
    say(settings.words["key.bad"], true);
    form.closest("details").open = true;
    done(settings.staff);
  }

  async function check() {
    use.disabled = true;
    try {
      await getJson(`${root}/collections/${first.id}/items?limit=1&f=json&lang=${settings.language}`);
      say(settings.words["key.good"]);
      done(true);
    } catch (error) {
      if (error.status === 401 || error.status === 403) refused();
      else {
        say(settings.words["key.unreachable"], true);
        done(settings.staff);
      }
    } finally {
      use.disabled = false;
    }
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

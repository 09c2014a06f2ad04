// Runs a process from its page.
import { credentials, headers, key } from "./key.js";

const form = document.querySelector("form.run");
const output = form.querySelector("output");
const result = form.querySelector(".result");
form.elements.key.value = key.value;
// a link may say what the request begins with, as one from a finding does
if (location.hash.startsWith("#inputs=")) {
  const inputs = JSON.parse(decodeURIComponent(location.hash.slice("#inputs=".length)));
  form.elements.request.value = JSON.stringify({ inputs }, null, 2);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  key.value = form.elements.key.value.trim();
  result.hidden = true;
  output.className = "";
  output.textContent = output.dataset.running;
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const body = JSON.stringify(JSON.parse(form.elements.request.value));
    const address = form.dataset.execution;
    const sent = { "Content-Type": "application/json", "Accept-Language": form.dataset.language, ...headers(address) };
    const answer = await fetch(address, { method: "POST", body, headers: sent, credentials: credentials() });
    const text = await answer.text();
    output.textContent = `${answer.ok ? output.dataset.done : output.dataset.failed} (HTTP ${answer.status})`;
    output.className = answer.ok ? "" : "error";
    result.textContent = pretty(text);
    result.hidden = false;
  } catch (error) {
    output.textContent = `${output.dataset.failed}: ${error.message}`;
    output.className = "error";
  } finally {
    button.disabled = false;
  }
});

function pretty(text) {
  try {
    const whole = JSON.stringify(JSON.parse(text), null, 2);
    return whole.length > 200000 ? `${whole.slice(0, 200000)}\n…` : whole;
  } catch {
    return text;
  }
}

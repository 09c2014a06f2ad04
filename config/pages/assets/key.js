// The personal key: kept for this browser tab only, sent as a header, never part of an address.
const NAME = "wangge-key";

export const key = {
  get value() {
    return sessionStorage.getItem(NAME) ?? "";
  },
  set value(text) {
    if (text) sessionStorage.setItem(NAME, text);
    else sessionStorage.removeItem(NAME);
  },
};

/** Headers of a request to this service; nothing for another host, which must never learn the key. */
export function headers(url) {
  const own = new URL(url, location.href).origin === location.origin;
  return own && key.value ? { "X-API-Key": key.value } : {};
}

/** With a key of one's own the browser's stored name and password stay out, and it doesn't ask for them when the key is wrong. */
export function credentials() {
  return key.value ? "omit" : "same-origin";
}

/** MapLibre's hook for every request that a map makes. */
export function transformRequest(url) {
  return { url, headers: headers(url), credentials: credentials() };
}

/** Whether a status says that the reader may not: the key is unknown, was revoked or has expired. */
export function refuses(status) {
  return status === 401 || status === 403;
}

/**
 * JSON of an address of this service; an Error with the server's own words when it refuses.
 *
 * A key that ended while the page was open is told of by the event `key-refused`, whose listener drops it; what is public is
 * then answered without one.
 */
export async function getJson(url, options = {}) {
  const sent = key.value;
  let answer = await fetch(url, { ...options, credentials: credentials(), headers: { ...headers(url), ...options.headers } });
  if (sent && refuses(answer.status)) {
    if (key.value === sent) document.dispatchEvent(new Event("key-refused"));
    // no password of the browser's in its place, which it would ask for
    answer = await fetch(url, { ...options, credentials: "omit", headers: { ...headers(url), ...options.headers } });
  }
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw Object.assign(new Error(body.description || body.detail || `HTTP ${answer.status}`), { status: answer.status });
  }
  return answer.json();
}

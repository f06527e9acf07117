// The HTTP API. The key is in a header of each request: no other site can send it for this page, as it could a cookie.

const STORE = "throng-admin-key";

/** The server does not take the key. */
export class Refused extends Error {}

/** The key of the link that the program prints at its start is moved out of the address. */
export function keyOfAddress() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) {
    history.replaceState(null, "", location.pathname);
    setKey(key);
  }
}

export function getKey() {
  return sessionStorage.getItem(STORE);
}

export function setKey(key) {
  sessionStorage.setItem(STORE, key);
}

export function forgetKey() {
  sessionStorage.removeItem(STORE);
}

/** The result of a method of the API. */
export async function call(method, parameters = {}) {
  const headers = new Headers({ "Content-Type": "application/json" });
  try {
    headers.set("X-API-Key", getKey() ?? "");
  } catch {
    throw new Refused("The key has characters that no key has.");
  }
  const answer = await fetch(`/api/${method}`, {
    method: "POST", headers, body: JSON.stringify(parameters), credentials: "omit", redirect: "error",
  });
  const text = await answer.text();
  if (answer.status === 401 || answer.status === 403) throw new Refused(text.trim());
  if (!answer.ok) throw new Error(`${method}: ${answer.status}: ${text.trim()}`);
  const { result, error } = JSON.parse(text);
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

// The admin page: the key, the views, and what is asked for again and again.

import { Refused, call, forgetKey, getKey, keyOfAddress, setKey } from "./api.js";
import { h } from "./dom.js";
import { VIEWS } from "./views.js";

const byId = (id) => document.getElementById(id);

let view = null; // { name, refresh, every }
let timer = 0;

function showState(state, text) {
  byId("state").dataset.state = state;
  byId("state").textContent = text;
}

function showEnter(why = "") {
  clearTimeout(timer);
  view = null;
  forgetKey();
  byId("view").replaceChildren();
  byId("admin").hidden = true;
  byId("enter").hidden = false;
  byId("why").textContent = why;
  byId("key").value = "";
  byId("key").focus();
}

/** Runs something that asks the API; says what went wrong with it. */
async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof Refused) showEnter(error.message);
    else if (error instanceof TypeError) showState("offline", "the server does not answer");
    else showProblem(error.message);
    return false;
  }
}

function showProblem(text) {
  const place = byId("view").querySelector(".error") ?? h("p", { class: "error", role: "alert" });
  place.textContent = text;
  if (!place.isConnected) byId("view").prepend(place);
}

async function refresh() {
  clearTimeout(timer);
  const current = view;
  if (!current) return;
  if (!document.hidden && await attempt(current.refresh)) {
    byId("view").querySelector(":scope > .error")?.remove();
    showState("online", "online");
  }
  if (view === current && current.every) timer = setTimeout(refresh, current.every);
}

/** Opens a view. `about` is what it is asked to begin with. */
async function open(title, about = {}) {
  const context = { call, attempt, open, refresh, about, place: byId("view") };
  byId("view").replaceChildren();
  for (const item of byId("nav").children) {
    if (item.textContent === title) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  }
  const made = VIEWS[title](context);
  view = made;
  await refresh();
  byId("view").focus({ preventScroll: true });
  scrollTo(0, 0);
}

async function start() {
  byId("admin").hidden = false;
  byId("enter").hidden = true;
  await open("Overview");
}

byId("nav").append(...Object.keys(VIEWS).map((title) => h("button", { type: "button", click: () => open(title) }, title)));
byId("forget").addEventListener("click", () => showEnter());
byId("enter").querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  setKey(byId("key").value);
  try {
    await call("info");
    await start();
  } catch (error) {
    showEnter(error instanceof TypeError ? "The server does not answer." : error.message);
  }
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});

keyOfAddress();
if (getKey()) start();
else showEnter();

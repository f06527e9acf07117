// Elements. Texts become text nodes: nothing that a peer, user or room is called is ever read as HTML.

/** An element with attributes and children. A function is a listener: `{ click: … }`. */
export function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null).map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

/** A name that somebody chose: of its own direction, so that it cannot turn its surroundings around. */
export function name(text) {
  return h("bdi", {}, text);
}

/** A table: columns are [title, is a number, cell of a row]. */
export function table(caption, columns, rows) {
  const kind = (isNumber) => (isNumber ? { class: "number" } : {});
  const head = h("tr", {}, ...columns.map(([title, isNumber]) => h("th", { scope: "col", ...kind(isNumber) }, title)));
  const body = rows.map((row) => h("tr", {}, ...columns.map(([, isNumber, cell]) => h("td", kind(isNumber), cell(row)))));
  // What is wider than the screen can be scrolled, also by keyboard.
  return h("div", { class: "table card", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...body)));
}

export function button(label, click, kind = "") {
  return h("button", { type: "button", class: kind, click }, label);
}

/** Asks before something that cannot be undone. */
export function confirmed(question, yes) {
  const dialog = document.getElementById("ask");
  document.getElementById("ask-text").textContent = question;
  document.getElementById("ask-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
  });
}

/** Calls after a pause of typing. */
export function afterTyping(call) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(call, 250);
  };
}

export function number(value) {
  return Number(value).toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** A number of things of this name. */
export function counted(count, thing) {
  return `${number(count)} ${thing}${count === 1 ? "" : "s"}`;
}

export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${number(value)} ${units[unit]}`;
}

export function duration(seconds) {
  const [days, hours, minutes] = [86_400, 3_600, 60].map((unit) => Math.floor(seconds / unit));
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString();
}

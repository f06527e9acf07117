// The demo: a chat over the WebSocket at /demo/ws. The server's README says what goes over it.

const byId = (id) => document.getElementById(id);
const LINES = 500;

let guest = null; // { name, room, session }
let socket = null;
let you = "";
let attempts = 0;
let timer = 0;

/** The name of the session: whoever knows it is this guest, so nobody must guess it. */
function randomSession() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function element(tag, kind, ...parts) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.append(...parts);
  return made;
}

/** A name or text that a person chose: text, whatever it looks like, and of its own direction. */
function chosen(text, kind) {
  return element("bdi", kind, String(text));
}

function add(line) {
  const log = byId("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(line);
  while (log.children.length > LINES) log.firstElementChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function showState(state, text) {
  byId("state").dataset.state = state;
  byId("state").textContent = text;
}

function showMembers(members) {
  byId("members").replaceChildren(...members.map((member) => {
    const item = element("li", member.away ? "away" : "", chosen(member.name));
    if (member.id === you) item.append(" (you)");
    if (member.away) item.append(" is away");
    return item;
  }));
}

function messageLine(text) {
  let said;
  try {
    said = JSON.parse(text);
  } catch {
    said = text;
  }
  if (said?.type === "message" && said.from) {
    const time = element("time", "event", new Date(said.time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    return element("li", "message", chosen(said.from.name, "from"), ": ", chosen(said.text, "text"), " ", time);
  }
  // Published by the API: any JSON.
  const shown = typeof said?.text === "string" ? said.text : JSON.stringify(said);
  return element("li", "message", element("span", "from", "API"), ": ", chosen(shown, "text"));
}

const CHANGES = { joined: " came", left: " left", away: " has lost the connection", back: " is back" };

function heard(text) {
  let news = null;
  try {
    news = JSON.parse(text);
  } catch {
    // A message of the API may be anything.
  }
  switch (news?.type) {
    case "room":
      you = news.you;
      attempts = 0;
      showState("online", "online");
      byId("title").textContent = news.room;
      byId("log").replaceChildren();
      for (const message of news.messages) add(messageLine(JSON.stringify(message)));
      showMembers(news.members);
      break;
    case "members":
      showMembers(news.members);
      add(element("li", "event", chosen(news.who.name), CHANGES[news.change] ?? ""));
      break;
    case "refused":
      add(element("li", "event lost", `Not sent: ${news.why}.`));
      break;
    case "dropped":
      add(element("li", "event lost", `${news.messages} messages were dropped, as this page reads too slowly.`));
      break;
    default:
      add(messageLine(text));
  }
}

function connect() {
  const query = new URLSearchParams(guest);
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(`${scheme}//${location.host}/demo/ws?${query}`);
  socket = opened;
  opened.onmessage = ({ data }) => {
    if (opened === socket && typeof data === "string") heard(data);
  };
  opened.onclose = ({ code, reason }) => {
    if (opened !== socket) return;
    socket = null;
    if (code === 4000) return leave(reason);
    // Longer each time, and random, so that not all pages come back at once.
    const wait = Math.random() * Math.min(10_000, 500 * 2 ** attempts++) + 200;
    showState("offline", "reconnecting");
    timer = setTimeout(connect, wait);
  };
}

function enter(as) {
  guest = as;
  sessionStorage.setItem("throng-demo", JSON.stringify(guest));
  byId("enter").hidden = true;
  byId("chat").hidden = false;
  byId("title").textContent = guest.room;
  document.title = `${guest.room} – throng demo`;
  showState("connecting", "connecting");
  connect();
  byId("text").focus();
}

function leave(why = "") {
  clearTimeout(timer);
  const open = socket;
  socket = null;
  open?.close(1000);
  guest = null;
  attempts = 0;
  sessionStorage.removeItem("throng-demo");
  byId("log").replaceChildren();
  byId("members").replaceChildren();
  byId("chat").hidden = true;
  byId("enter").hidden = false;
  byId("why").textContent = why;
  byId("name").focus();
}

byId("enter").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const [name, room] = [byId("name").value.trim(), byId("room").value.trim()];
  byId("why").textContent = name && room ? "" : "Name and room must not be empty.";
  if (name && room) enter({ name, room, session: randomSession() });
});

byId("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("text").value;
  if (!text.trim()) return;
  if (socket?.readyState !== WebSocket.OPEN) {
    add(element("li", "event lost", "Not sent: there is no connection at present."));
    return;
  }
  socket.send(text);
  byId("text").value = "";
});

byId("leave").addEventListener("click", () => leave());

// After a reload the guest is the same.
try {
  const known = JSON.parse(sessionStorage.getItem("throng-demo"));
  if (known?.name && known.room && known.session) enter(known);
} catch {
  sessionStorage.removeItem("throng-demo");
}

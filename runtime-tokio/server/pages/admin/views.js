// The views. Each builds its part of the page and returns how it is refreshed: { refresh, every (ms) }.

import { chart } from "./chart.js";
import { afterTyping, button, bytes, clock, confirmed, counted, duration, h, name, number, table } from "./dom.js";

/** The samples of an hour. */
const SAMPLES = 720;

const perSecond = (value) => `${number(value)}/s`;
const CHARTS = [
  ["clients", "Clients", number], ["rooms", "Rooms", number], ["accepted", "New connections", perSecond],
  ["received", "Messages received", perSecond], ["sent", "Messages sent", perSecond],
  ["sent_bytes", "Bytes sent", (value) => `${bytes(value)}/s`], ["dropped", "Messages dropped", perSecond],
  ["refused", "Refusals", perSecond], ["queued_bytes", "Bytes queued", bytes],
];

const kept = { uid: "", next: 0, columns: {} };

/** Adds the new samples. Those of another run of the program are not continued. */
function keep(stats) {
  if (stats.uid !== kept.uid) Object.assign(kept, { uid: stats.uid, columns: {} });
  for (const [column, values] of Object.entries(stats.samples)) {
    kept.columns[column] = [...(kept.columns[column] ?? []), ...values].slice(-SAMPLES);
  }
  kept.next = stats.next;
}

async function stats(call) {
  let now = await call("stats", { since: kept.next });
  if (kept.uid && now.uid !== kept.uid) now = await call("stats");
  keep(now);
  return now;
}

function overview({ call, attempt, place, refresh }) {
  const numbers = h("dl", { class: "numbers" });
  const charts = h("div", { class: "charts" });
  const nodes = h("div", {});
  const drain = button("Drain this node", async () => {
    const question = "Drain this node? Its clients are closed, spread over the time of hub.drain.spread, and the program ends.";
    if (await confirmed(question, "Drain")) {
      await attempt(() => call("drain"));
      await refresh();
    }
  }, "danger");
  place.append(h("h2", {}, "Now"), numbers, h("h2", {}, "The last hour"), charts, h("h2", {}, "Nodes"), nodes, h("p", {}, drain));
  return {
    every: 2_000,
    async refresh() {
      const [now, info] = await Promise.all([stats(call), call("info")]);
      const shown = [
        ["State", now.ready ? now.state : `${now.state}, not ready`], ["Clients", number(now.num_clients)], ["Away", number(now.num_away)],
        ["Users", number(now.num_users)], ["Rooms", number(now.num_channels)], ["Memberships", number(now.num_subs)],
        ["Handshakes", number(now.handshakes)], ["Slow readers", number(now.blocked)], ["Queued", bytes(now.queued_bytes)],
        ["Received", number(now.received)], ["Published", number(now.published)], ["Sent", number(now.sent)],
        ["Uptime", duration(now.uptime)], ["Version", now.version],
      ];
      numbers.replaceChildren(...shown.map(([title, value]) => h("div", { class: "card" }, h("dt", {}, title), h("dd", {}, value))));
      charts.replaceChildren(...CHARTS.map(([column, title, format]) => chart(title, kept.columns[column] ?? [], now.every, format)));
      nodes.replaceChildren(table("Nodes of the hub", [
        ["Name", false, (node) => name(node.name)], ["Id", false, (node) => h("code", {}, node.uid)],
        ["Version", false, (node) => node.version ?? ""], ["Clients", true, (node) => number(node.num_clients)],
        ["Users", true, (node) => number(node.num_users)], ["Rooms", true, (node) => number(node.num_channels)],
        ["Uptime", true, (node) => duration(node.uptime)],
      ], info.nodes));
    },
  };
}

function searchField(label, value, refresh) {
  return h("input", { type: "search", "aria-label": label, placeholder: label, value, input: afterTyping(refresh) });
}

/** The caption of a list. In a cluster, `node` is the one that the list is of. */
function foundOf(what, shown, found, isComplete = true, node = undefined) {
  const most = isComplete ? "" : " among those that one search looks at";
  const all = counted(found, what) + (node ? ` on this node (${node})` : "");
  return shown < found ? `${number(shown)} of ${all}${most}: search for fewer` : `${all}${most}`;
}

function rooms({ call, attempt, open, place, refresh, about }) {
  const search = searchField("Search rooms", about.search, refresh);
  const list = h("div", {});
  const detail = h("section", { class: "detail", "aria-live": "polite" });
  const show = (room) => attempt(async () => detail.replaceChildren(...await roomDetail(call, attempt, open, room)));
  place.append(h("h2", {}, "Rooms"), h("div", { class: "row" }, search), list, detail);
  return {
    every: 5_000,
    async refresh() {
      const { rooms, found, complete, node } = await call("rooms", { search: search.value });
      list.replaceChildren(table(foundOf("room", rooms.length, found, complete), [
        ["Room", false, (room) => name(room.channel)], ["Members", true, (room) => number(room.num_clients)],
        ...(node ? [["On this node", true, (room) => number(room.num_here)]] : []),
        ["History", false, (room) => (room.history ? "yes" : "no")], ["Presence", false, (room) => (room.presence ? "yes" : "no")],
        ["", false, (room) => button("Show", () => show(room))],
      ], rooms));
    },
  };
}

async function roomDetail(call, attempt, open, room) {
  const { channel } = room;
  const { clients, found, node, elsewhere, num_elsewhere } = await call("clients", { channel });
  const parts = [
    h("h2", {}, "Room ", name(channel)),
    h("div", { class: "row" }, button("Publish to it", () => open("Publish", { to: "channel", target: channel }))),
    clientTable(call, attempt, open, foundOf("member", clients.length, found, true, node), clients),
  ];
  if (num_elsewhere > 0) {
    parts.push(table(`${counted(num_elsewhere, "member")} on other nodes${room.presence ? "" : ": they are listed if the room has presence"}`, [
      ["Client", false, (client) => h("code", {}, client.client)], ["User", false, (client) => name(client.user)],
      ["Node", false, (client) => h("code", {}, client.node)],
    ], elsewhere));
  }
  if (room.history) {
    const { publications, offset } = await call("history", { channel, limit: 50, reverse: true });
    const shown = (message) => ("data" in message ? JSON.stringify(message.data) : `base64: ${message.b64data}`);
    parts.push(table(`The last ${publications.length} of ${counted(offset, "message")}`, [
      ["Offset", true, (message) => number(message.offset)], ["Message", false, (message) => h("code", {}, shown(message))],
    ], publications));
  }
  return parts;
}

function disconnect(call, attempt, open, who, called) {
  return async () => {
    if (await confirmed(`Disconnect ${called}?`, "Disconnect")) await attempt(() => call("disconnect", who));
  };
}

function clientTable(call, attempt, open, caption, clients) {
  return table(caption, [
    ["Client", false, (client) => h("code", {}, client.client)],
    ["User", false, (client) => name(client.user)],
    ["State", false, (client) => (client.away ? "away" : "open")],
    ["Address", false, (client) => client.address ?? ""],
    ["Since", true, (client) => (client.since ? duration(Math.max(0, Date.now() / 1000 - client.since)) : "")],
    ["Rooms", false, (client) => name(client.channels.join(", ") + (client.num_channels > client.channels.length ? ", …" : ""))],
    ["Queued", true, (client) => number(client.queued_messages)],
    ["Bytes", true, (client) => bytes(client.queued_bytes)],
    ["", false, (client) => h("div", { class: "row" },
      button("Send", () => open("Publish", { to: "client", target: client.client })),
      button("Disconnect", disconnect(call, attempt, open, { client: client.client }, `client ${client.client}`), "danger"))],
  ], clients);
}

function clients({ call, attempt, open, place, refresh, about }) {
  const search = searchField("Search clients by user or id", "", refresh);
  const list = h("div", {});
  const user = about.user ?? "";
  const all = user && h("p", { class: "row" }, "Clients of user ", name(user), button("All clients", () => open("Clients")));
  place.append(h("h2", {}, "Clients"), h("div", { class: "row" }, search), all || "", list);
  return {
    every: 5_000,
    async refresh() {
      const { clients, found, complete, node } = await call("clients", { search: search.value, user });
      list.replaceChildren(clientTable(call, attempt, open, foundOf("client", clients.length, found, complete, node), clients));
    },
  };
}

function users({ call, attempt, open, place, refresh }) {
  const search = searchField("Search users", "", refresh);
  const list = h("div", {});
  place.append(h("h2", {}, "Users"), h("div", { class: "row" }, search), list);
  return {
    every: 5_000,
    async refresh() {
      const { users, found, complete, node } = await call("users", { search: search.value });
      list.replaceChildren(table(foundOf("user", users.length, found, complete, node), [
        ["User", false, ({ user }) => name(user)], ["Clients", true, (user) => number(user.num_clients)],
        ["Away", true, (user) => number(user.num_away)],
        ["", false, ({ user }) => h("div", { class: "row" },
          button("Clients", () => open("Clients", { user })), button("Send", () => open("Publish", { to: "user", target: user })),
          button("Disconnect", disconnect(call, attempt, open, { user }, `all clients of user ${user}`), "danger"))],
      ], users));
    },
  };
}

function publish({ call, attempt, place, about }) {
  const choices = [["channel", "Room"], ["user", "User"], ["client", "Client"]];
  const to = h("select", { id: "to" }, ...choices.map(([value, label]) => h("option", { value, selected: value === about.to }, label)));
  const target = h("input", { id: "target", required: true, autocomplete: "off" });
  target.value = about.target ?? "";
  const data = h("textarea", { id: "data", required: true }, '{"text": "Hello"}');
  const outcome = h("p", { role: "status", id: "outcome" });
  const submit = (event) => {
    event.preventDefault();
    let parsed;
    try {
      parsed = JSON.parse(data.value);
    } catch (error) {
      outcome.textContent = `Not sent, as the message is no JSON: ${error.message}`;
      return;
    }
    outcome.textContent = "";
    attempt(async () => {
      const result = await call(to.value === "channel" ? "publish" : "send", { [to.value]: target.value, data: parsed });
      outcome.textContent = `Sent: ${JSON.stringify(result)}`;
    });
  };
  place.append(h("h2", {}, "Publish"), h("form", { class: "form card", submit },
    h("label", {}, "To ", to), h("label", {}, "Name or id ", target), h("label", {}, "Message, as JSON ", data),
    h("div", {}, h("button", { class: "primary" }, "Send")), outcome));
  return { async refresh() {} };
}

function config({ call, place }) {
  const search = h("input", { type: "search", "aria-label": "Search keys", placeholder: "Search keys", input: () => show() });
  const changed = h("input", { type: "checkbox", change: () => show() });
  const list = h("div", {});
  let keys = [];
  const show = () => {
    const wanted = keys.filter((key) => (!changed.checked || !key.is_default)
      && `${key.key} ${key.meaning}`.toLowerCase().includes(search.value.toLowerCase()));
    list.replaceChildren(table(`${wanted.length} of ${counted(keys.length, "key")}`, [
      ["Key", false, (key) => h("span", { class: key.is_default ? "" : "changed" }, h("code", {}, key.key))],
      ["Value", false, (key) => h("code", {}, JSON.stringify(key.value))],
      ["Default", false, (key) => (key.is_default ? "the same" : h("code", {}, JSON.stringify(key.default)))],
      ["Meaning", false, (key) => key.meaning + (key.restart ? " (restart)" : "")],
    ], wanted));
  };
  place.append(h("h2", {}, "Config in force"),
    h("div", { class: "row" }, search, h("label", {}, changed, "only what differs from the default")), list);
  return {
    async refresh() {
      keys = (await call("config")).keys;
      show();
    },
  };
}

function log({ call, place }) {
  const list = h("div", {});
  place.append(h("h2", {}, "Refusals and drops"), h("p", { class: "soft" }, "The last 200 of this node. The same again is counted."), list);
  return {
    every: 3_000,
    async refresh() {
      const { events } = await call("events");
      list.replaceChildren(table(counted(events.length, "event"), [
        ["Last", false, (event) => clock(event.time)], ["Kind", false, (event) => event.kind.replace("_", " ")],
        ["What", false, (event) => name(event.what)], ["Times", true, (event) => number(event.count)],
        ["Client", false, (event) => h("code", {}, event.client ?? "")], ["User", false, (event) => name(event.user ?? "")],
      ], events));
    },
  };
}

export const VIEWS = { Overview: overview, Rooms: rooms, Clients: clients, Users: users, Publish: publish, Config: config, Log: log };

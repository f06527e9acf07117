// The package `ws` on Node.js, with the loop over clients that its documentation shows, on the paths of the load
// generator.
//
// Defaults: no compression, UTF-8 is checked, no native add-ons. Rooms are sets, so the loop is over members only.

import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";

const [host, port] = process.argv[2].split(":");
const rooms = new Map();
const users = new Map();

const http = createServer();
const server = new WebSocketServer({ server: http });

server.on("connection", (ws, request) => {
  ws.on("error", console.error);
  const path = request.url;
  if (path === "/echo") {
    ws.on("message", (message, isBinary) => ws.send(message, { binary: isBinary }));
  } else if (path.startsWith("/direct/")) {
    direct(ws, path.slice("/direct/".length));
  } else {
    room(ws, path);
  }
});

function room(ws, name) {
  const members = rooms.get(name) ?? new Set();
  rooms.set(name, members.add(ws));
  ws.on("message", (message, isBinary) => {
    for (const member of members) {
      if (member.readyState === WebSocket.OPEN) member.send(message, { binary: isBinary });
    }
  });
  ws.on("close", () => {
    members.delete(ws);
    if (members.size === 0 && rooms.get(name) === members) rooms.delete(name);
  });
}

function direct(ws, user) {
  users.set(user, ws);
  ws.on("message", (message, isBinary) => {
    const to = users.get(message.toString("utf8", 0, message.indexOf(" ")));
    if (to?.readyState === WebSocket.OPEN) to.send(message, { binary: isBinary });
  });
  ws.on("close", () => {
    if (users.get(user) === ws) users.delete(user);
  });
}

http.listen(Number(port), host, () => {
  const { address, port } = http.address();
  console.log(`listening on ${address}:${port}`);
});

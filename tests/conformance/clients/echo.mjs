// Says where it listens, and sends each message back, until it is killed.

import { WebSocketServer } from "ws";

const LARGEST = 16 << 20;

const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    maxPayload: LARGEST,
    perMessageDeflate: { threshold: 0 },
});
server.on("listening", () => console.log(server.address().port));
server.on("connection", (socket) => {
    // Whoever breaks the protocol is what it is tested with.
    socket.on("error", () => {});
    socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
});

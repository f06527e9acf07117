// Opens a WebSocket to URL, says `ready`, optionally sends MESSAGE, and says with what it was closed.

import WebSocket from "ws";

const [url, ...messages] = process.argv.slice(2);
const socket = new WebSocket(url);
socket.on("open", () => {
    console.log("ready");
    messages.forEach((message) => socket.send(message));
});
socket.on("close", (code, reason) => console.log(`${code} ${reason}`));

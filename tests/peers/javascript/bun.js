// Bun's own WebSockets (uWebSockets inside): its publish and subscribe, on the paths of the load generator.
//
// Defaults, but for one: `publishToSelf`, because a message goes to the whole room, its sender included. Publishing
// through the socket is not slower than through the server, and topics are the fastest way Bun has to many
// subscribers: what is published in one wake-up is sent together.

const [hostname, port] = process.argv[2].split(":");
/** Who is reached as a user: a map and `send`, which for one recipient is cheaper than a topic. */
const users = new Map();

const server = Bun.serve({
  hostname,
  port: Number(port),
  fetch(request, server) {
    const path = new URL(request.url).pathname;
    return server.upgrade(request, { data: route(path) }) ? undefined : new Response(null, { status: 400 });
  },
  websocket: {
    publishToSelf: true,
    open(ws) {
      const { topic, user } = ws.data;
      if (topic) ws.subscribe(topic);
      if (user) users.set(user, ws);
    },
    message(ws, message) {
      const { topic, user } = ws.data;
      if (topic) {
        ws.publish(topic, message);
      } else if (user) {
        users.get(message.slice(0, message.indexOf(" ")))?.send(message);
      } else {
        ws.send(message);
      }
    },
    close(ws) {
      const { user } = ws.data;
      if (user && users.get(user) === ws) users.delete(user);
    },
  },
});

function route(path) {
  if (path.startsWith("/direct/")) return { user: path.slice("/direct/".length) };
  return path === "/echo" ? {} : { topic: path };
}

console.log(`listening on ${server.hostname}:${server.port}`);

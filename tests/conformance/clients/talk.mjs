// Talks to a host in every way that there is, and says after each what it was.
//
//     talk.mjs ORIGIN [SUBPROTOCOL]
//
// `ORIGIN/echo` echoes; what is said on `ORIGIN/room/NAME` goes to all who opened it. SUBPROTOCOL is what the host
// speaks; without it, it speaks none.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once, setMaxListeners } from "node:events";
import http from "node:http";
import WebSocket from "ws";

const [ORIGIN, SUBPROTOCOL] = process.argv.slice(2);
const SIZES = [0, 1, 125, 126, 127, 65535, 65536, 65537, 1 << 20];
const signal = AbortSignal.timeout(60_000);
setMaxListeners(0, signal);

/** An open WebSocket, with what it has heard. */
class Peer {
    constructor(path, protocols = [], options = {}) {
        // Compression is offered, as by default: a server may decline it.
        this.socket = new WebSocket(ORIGIN + path, protocols, options);
        this.heard = [];
        this.pongs = [];
        this.closed = once(this.socket, "close", { signal });
        // Who is refused has no close that anybody waits for.
        this.closed.catch(() => {});
        this.socket.on("message", (data, isBinary) => {
            this.heard.push(isBinary ? data : data.toString());
            this.socket.emit("heard");
        });
        this.socket.on("pong", (data) => {
            this.pongs.push(data);
            this.socket.emit("heard");
        });
    }

    static async open(path, protocols, options) {
        const peer = new Peer(path, protocols, options);
        await once(peer.socket, "open", { signal });
        return peer;
    }

    async until(isSo) {
        const ended = this.closed.then(([code, reason]) => assert.fail(`closed with ${code} ${reason}`));
        while (!isSo()) {
            await Promise.race([once(this.socket, "heard", { signal }), ended]);
        }
        ended.catch(() => {});
    }

    /** The next `count` messages. */
    async hear(count) {
        await this.until(() => this.heard.length >= count);
        return this.heard.splice(0, count);
    }

    /** Its pong says that the client is there; the handshake alone does not. */
    async isThere() {
        this.socket.ping("there?");
        await this.until(() => this.pongs.length > 0);
        this.pongs = [];
    }

    /** Closes, and resolves to code and reason of the server's close frame. */
    async close(code, reason) {
        this.socket.close(code, reason);
        const [answer, said] = await this.closed;
        return [answer, said.toString()];
    }
}

async function echo() {
    const peer = await Peer.open("/echo");
    for (const size of SIZES) {
        for (const message of ["y".repeat(size), randomBytes(size)]) {
            peer.socket.send(message);
            assert.deepEqual(await peer.hear(1), [message]);
        }
    }
    const words = Array.from({ length: 100 }, (_, number) => `κόσμε ${number}`);
    words.forEach((word) => peer.socket.send(word));
    assert.deepEqual(await peer.hear(words.length), words);
    assert.equal((await peer.close(1000))[0], 1000);
}

async function fragments() {
    const peer = await Peer.open("/echo");
    for (const binary of [false, true]) {
        const parts = ["one ", "κόσμε ", "", "last"];
        for (const [index, part] of parts.entries()) {
            peer.socket.send(part, { binary, fin: index === parts.length - 1 });
            // Control frames may stand between them.
            await peer.isThere();
        }
        const [whole] = await peer.hear(1);
        assert.equal(typeof whole === "string", !binary);
        assert.equal(whole.toString(), parts.join(""));
    }
    await peer.close(1000);
}

async function pings() {
    const peer = await Peer.open("/echo");
    for (const size of [0, 1, 4, 124, 125]) {
        const payloads = Array.from({ length: 16 }, () => randomBytes(size));
        payloads.forEach((payload) => peer.socket.ping(payload));
        await peer.until(() => peer.pongs.length === payloads.length);
        assert.deepEqual(peer.pongs, payloads);
        peer.pongs = [];
    }
    await peer.close(1000);
}

async function closing() {
    for (const [code, reason] of [[1000, "done"], [1001, ""], [3000, "κόσμε"], [4999, "mine"]]) {
        for (const path of ["/echo", "/room/closing"]) {
            const peer = await Peer.open(path);
            assert.equal((await peer.close(code, reason))[0], code);
        }
    }
    const peer = await Peer.open("/echo");
    // Without a code.
    assert.equal((await peer.close())[0], 1005);
}

async function rooms() {
    const [count, each] = [10, 20];
    const members = await Promise.all(Array.from({ length: count }, () => Peer.open("/room/talk")));
    await Promise.all(members.map((member) => member.isThere()));
    for (let number = 0; number < each; number += 1) {
        // All of it at once is less than an outbox holds: nothing is dropped, however late the server is.
        members.forEach(({ socket }, me) => socket.send(`${me} ${number} κόσμε`, { binary: number % 2 === 0 }));
    }
    for (const member of members) {
        const next = Array(count).fill(0);
        for (const message of await member.hear(count * each)) {
            const [speaker, number, word] = message.toString().split(" ");
            assert.equal(word, "κόσμε");
            assert.equal(typeof message === "string", number % 2 === 1);
            assert.equal(Number(number), next[speaker]);
            next[speaker] += 1;
        }
    }
    const closes = await Promise.all(members.map((member, me) => member.close(4000, `member ${me}`)));
    assert(closes.every(([code]) => code === 4000));
}

async function subprotocols() {
    if (SUBPROTOCOL) {
        const peer = await Peer.open("/echo", ["first", SUBPROTOCOL]);
        assert.equal(peer.socket.protocol, SUBPROTOCOL);
        peer.socket.send("hello");
        assert.deepEqual(await peer.hear(1), ["hello"]);
        await peer.close(1000);
    }
    // This client does not go on when none that it has offered is spoken.
    const peer = new Peer("/echo", ["first"]);
    const [error] = await once(peer.socket, "error", { signal });
    assert.equal(error.message, "Server sent no subprotocol");
}

async function refusals() {
    const peer = new Peer("/echo", [], { origin: "http://evil.test" });
    const [, response] = await once(peer.socket, "unexpected-response", { signal });
    assert.equal(response.statusCode, 403);
    response.destroy();
    const [plain] = await once(http.get(`${ORIGIN.replace("ws:", "http:")}/echo`), "response", { signal });
    assert.equal(plain.statusCode, 426);
    plain.destroy();
}

async function crowd() {
    const one = async (number) => {
        const peer = await Peer.open("/echo");
        for (let turn = 0; turn < 10; turn += 1) {
            peer.socket.send(`${number} ${turn}`);
            assert.deepEqual(await peer.hear(1), [`${number} ${turn}`]);
        }
        await peer.close(1000);
    };
    await Promise.all(Array.from({ length: 100 }, (_, number) => one(number)));
}

for (const part of [echo, fragments, pings, closing, rooms, subprotocols, refusals, crowd]) {
    await part();
    console.log(part.name);
}

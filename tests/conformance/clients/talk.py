"""Talks to a host in every way that there is, and says after each what it was.

    talk.py ORIGIN [SUBPROTOCOL]

`ORIGIN/echo` echoes; what is said on `ORIGIN/room/NAME` goes to all who opened it. SUBPROTOCOL is what the host
speaks; without it, it speaks none.
"""

import asyncio
import http.client
import os
import sys
from urllib.parse import urlsplit

import websockets

ORIGIN, SUBPROTOCOL = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
PATIENCE = 30
SIZES = [0, 1, 125, 126, 127, 65535, 65536, 65537, 1 << 20]


def connect(path, **options):
    # Compression is offered, as by default: a server may decline it.
    return websockets.connect(ORIGIN + path, max_size=None, **options)


async def receive(socket):
    return await asyncio.wait_for(socket.recv(), PATIENCE)


async def echo():
    async with connect("/echo") as socket:
        for size in SIZES:
            for message in ("y" * size, os.urandom(size)):
                await socket.send(message)
                assert await receive(socket) == message, size
        words = [f"κόσμε {number}" for number in range(100)]
        for word in words:
            await socket.send(word)
        assert [await receive(socket) for _ in words] == words
    assert socket.close_code == 1000, socket.close_code


async def fragments():
    async with connect("/echo") as socket:
        for fragments in (["one ", "κόσμε ", "", "last"], [b"one ", b"", b"last"], [b"x" * 1000] * 100):
            await socket.send(fragments)
            assert await receive(socket) == type(fragments[0])().join(fragments)


async def pings():
    async with connect("/echo") as socket:
        for size in (0, 1, 4, 124, 125):
            order = []
            # The library matches a pong to the ping with the same payload, and takes a later one for it too: so the
            # payloads differ, and each must be answered before the next is.
            payloads = [os.urandom(size)] if size < 4 else [os.urandom(size) for _ in range(16)]
            pongs = [await socket.ping(payload) for payload in payloads]
            for number, pong in enumerate(pongs):
                pong.add_done_callback(lambda _, number=number: order.append(number))
            await asyncio.wait_for(asyncio.gather(*pongs), PATIENCE)
            await asyncio.sleep(0)
            assert order == sorted(order), order
        await socket.send("still here")
        assert await receive(socket) == "still here"


async def closing():
    for code, reason in ((1000, "done"), (1001, ""), (3000, "κόσμε"), (4999, "mine")):
        for path in ("/echo", "/room/closing"):
            socket = await connect(path)
            await asyncio.wait_for(socket.close(code, reason), PATIENCE)
            # It is the server's close frame that says so.
            assert socket.close_code == code, (code, socket.close_code)


async def rooms():
    count, each = 10, 20
    members = [await connect("/room/talk") for _ in range(count)]
    for socket in members:
        # Its pong says that the member is there; the handshake alone does not.
        await (await socket.ping())

    async def member(socket, me):
        async def say():
            # All of it at once is less than an outbox holds: nothing is dropped, however late the server is.
            for number in range(each):
                text = f"{me} {number} κόσμε"
                await socket.send(text if number % 2 else text.encode())
                await asyncio.sleep(0)

        talking = asyncio.create_task(say())
        heard = {speaker: [] for speaker in range(count)}
        for _ in range(each * count):
            message = await receive(socket)
            is_binary = isinstance(message, bytes)
            speaker, number, word = (message.decode() if is_binary else message).split()
            assert word == "κόσμε", word
            assert is_binary == (int(number) % 2 == 0), message
            heard[int(speaker)].append(int(number))
        await talking
        assert all(numbers == list(range(each)) for numbers in heard.values()), heard

    await asyncio.gather(*(member(socket, me) for me, socket in enumerate(members)))
    await asyncio.gather(*(socket.close(4000, f"member {me}") for me, socket in enumerate(members)))
    assert all(socket.close_code == 4000 for socket in members)


async def subprotocols():
    for offered in (["first", SUBPROTOCOL or "second"], ["first"]):
        async with connect("/echo", subprotocols=offered) as socket:
            assert socket.subprotocol == (SUBPROTOCOL if SUBPROTOCOL in offered else None), socket.subprotocol
            await socket.send("hello")
            assert await receive(socket) == "hello"


async def refusals():
    try:
        async with connect("/echo", origin="http://evil.test"):
            raise AssertionError("a foreign page was let in")
    except websockets.InvalidStatus as refused:
        assert refused.response.status_code == 403, refused
    plain = http.client.HTTPConnection(urlsplit(ORIGIN).netloc, timeout=PATIENCE)
    plain.request("GET", "/echo")
    assert plain.getresponse().status == 426


async def crowd():
    async def one(number):
        async with connect("/echo") as socket:
            for turn in range(10):
                await socket.send(f"{number} {turn}")
                assert await receive(socket) == f"{number} {turn}"

    await asyncio.gather(*(one(number) for number in range(50)))


async def main():
    for part in (echo, fragments, pings, closing, rooms, subprotocols, refusals, crowd):
        await part()
        print(part.__name__)


asyncio.run(main())

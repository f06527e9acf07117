"""Pings URL, several pings at a time: each gets the pong with its own payload, the older before the newer."""

import asyncio
import os
import sys

import websockets


async def main(url):
    async with websockets.connect(url) as socket:
        for size in (0, 1, 4, 124, 125):
            order = []
            # The library matches a pong to the ping with the same payload, and takes a later one for it too: so the
            # payloads differ, and each must be answered before the next is.
            payloads = [os.urandom(size)] if size < 4 else [os.urandom(size) for _ in range(16)]
            pongs = [await socket.ping(payload) for payload in payloads]
            for number, pong in enumerate(pongs):
                pong.add_done_callback(lambda _, number=number: order.append(number))
            await asyncio.wait_for(asyncio.gather(*pongs), 30)
            await asyncio.sleep(0)
            assert order == sorted(order), order
        await socket.send("still here")
        assert await socket.recv() == "still here"
    assert socket.close_code == 1000, socket.close_code
    print("done")


asyncio.run(main(sys.argv[1]))

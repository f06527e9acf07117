"""Opens COUNT WebSockets to URL, says `ready`, and reads until it is killed."""

import asyncio
import sys

import websockets


async def main(url, count):
    sockets = [await websockets.connect(url) for _ in range(count)]
    print("ready")
    await asyncio.gather(*(drain(socket) for socket in sockets))


async def drain(socket):
    async for _ in socket:
        pass


asyncio.run(main(sys.argv[1], int(sys.argv[2])))

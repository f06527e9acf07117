"""Says where it listens, and sends each message back, until it is killed."""

import asyncio
import logging

import websockets

LARGEST = 16 << 20


async def echo(socket):
    try:
        async for message in socket:
            await socket.send(message)
    except websockets.ConnectionClosed:
        pass  # whoever breaks the protocol is what it is tested with


async def main():
    logging.disable()
    limits = {"max_size": LARGEST, "compression": "deflate", "ping_interval": None}
    async with websockets.serve(echo, "127.0.0.1", 0, **limits) as server:
        print(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().create_future()


asyncio.run(main())

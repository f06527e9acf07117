"""Opens a WebSocket to URL, says `ready`, optionally sends MESSAGE, and says with what it was closed."""

import asyncio
import sys

import websockets


async def main(url, *messages):
    async with websockets.connect(url) as socket:
        print("ready")
        for message in messages:
            await socket.send(message)
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed as closed:
            received = closed.rcvd
            print(f"{received.code} {received.reason}" if received else "no close frame")
            # The server spoke first, and this client has answered.
            assert closed.rcvd_then_sent, closed


asyncio.run(main(*sys.argv[1:]))

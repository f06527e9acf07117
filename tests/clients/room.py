"""COUNT members of the room at URL; each says something, and each hears everything once and in each sender's order."""

import asyncio
import sys

import websockets

# All of it at once is less than an outbox holds: nothing is dropped, however late the server is.
EACH = 20


async def main(url, count):
    # Compression is offered, as by default: a server may decline it.
    members = [await websockets.connect(url) for _ in range(count)]
    for socket in members:
        # Its pong says that the member is there; the handshake alone does not.
        await (await socket.ping())
    await asyncio.gather(*(member(socket, me, count) for me, socket in enumerate(members)))
    await asyncio.gather(*(socket.close(4000, f"member {me}") for me, socket in enumerate(members)))
    for socket in members:
        assert socket.close_code == 4000, socket.close_code
    print("done")


async def member(socket, me, count):
    async def say():
        for number in range(EACH):
            text = f"{me} {number} κόσμε"
            await socket.send(text if number % 2 else text.encode())
            await asyncio.sleep(0)

    talking = asyncio.create_task(say())
    heard = {sender: [] for sender in range(count)}
    for _ in range(EACH * count):
        message = await asyncio.wait_for(socket.recv(), 30)
        is_binary = isinstance(message, bytes)
        sender, number, word = (message.decode() if is_binary else message).split()
        assert word == "κόσμε", word
        assert is_binary == (int(number) % 2 == 0), message
        heard[int(sender)].append(int(number))
    await talking
    assert all(numbers == list(range(EACH)) for numbers in heard.values()), heard


asyncio.run(main(sys.argv[1], int(sys.argv[2])))

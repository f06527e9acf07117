"""What an application sees of throng through Centrifugo's SDK for Python: `table.py URL API-KEY SECRET`. It ends with 0 if all is as it should be."""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.request

from centrifuge import Client, ReplyError, SubscriptionEventHandler

ADDRESS, KEY, SECRET = sys.argv[1:4]
PATIENCE = 20


def token(**claims):
    def encode(part):
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    signed = b".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + encode(signature)).decode()


def call(method, **parameters):
    request = urllib.request.Request(
        f"http://{ADDRESS}/api/{method}", json.dumps(parameters).encode(), {"X-API-Key": KEY}
    )
    answer = json.load(urllib.request.urlopen(request, timeout=PATIENCE))
    assert "error" not in answer, (method, answer)
    return answer["result"]


class Heard(SubscriptionEventHandler):
    def __init__(self):
        self.events = asyncio.Queue()

    async def on_subscribed(self, ctx):
        await self.events.put(("subscribed", ctx))

    async def on_subscribing(self, ctx):
        await self.events.put(("subscribing", ctx))

    async def on_publication(self, ctx):
        await self.events.put(("publication", ctx))

    async def next(self, kind):
        """The next event, which is of this kind, but for the beginning of a subscription."""
        found, ctx = await asyncio.wait_for(self.events.get(), PATIENCE)
        while found == "subscribing" != kind:
            found, ctx = await asyncio.wait_for(self.events.get(), PATIENCE)
        assert found == kind, (found, kind, ctx)
        return ctx


def client(**options):
    return Client(f"ws://{ADDRESS}/connection/websocket", timeout=PATIENCE, max_reconnect_delay=0.2, **options)


async def recovers():
    ann = client(token=token(sub="ann"))
    await ann.connect()
    heard = Heard()
    news = ann.new_subscription("news:python", heard)
    await news.subscribe()
    await heard.next("subscribed")
    await news.publish({"text": "κόσμε\n"})
    first = (await heard.next("publication")).pub
    assert (first.offset, first.data, first.info.user) == (1, {"text": "κόσμε\n"}, "ann"), first
    for round in range(3):
        # The connection is gone without a close frame, as when a network is.
        ann._conn.transport.abort()
        await heard.next("subscribing")
        for more in range(3):
            call("publish", channel="news:python", data=round * 3 + more)
        ctx = await heard.next("subscribed")
        assert ctx.was_recovering and ctx.recovered, ctx
        for more in range(3):
            pub = (await heard.next("publication")).pub
            assert (pub.offset, pub.data) == (2 + round * 3 + more, round * 3 + more), pub
    page = await news.history(limit=2, reverse=True)
    assert [pub.offset for pub in page.publications] == [10, 9], page
    await ann.disconnect()


async def sees_who_is_there():
    ann, bob = client(token=token(sub="ann", info={"name": "Ann"})), client(token=token(sub="bob"))
    for one in (ann, bob):
        await one.connect()
        heard = Heard()
        room = one.new_subscription("chat:python", heard)
        await room.subscribe()
        await heard.next("subscribed")
    stats = await room.presence_stats()
    assert (stats.num_clients, stats.num_users) == (2, 2), stats
    present = (await room.presence()).clients.values()
    infos = {one.user: one.conn_info for one in present}
    assert infos == {"ann": {"name": "Ann"}, "bob": None}, infos
    for one in (ann, bob):
        await one.disconnect()


async def renews_its_token():
    asked = 0

    async def get_token():
        nonlocal asked
        asked += 1
        return token(sub="ann", exp=int(time.time()) + (2 if asked < 3 else 60))

    ann = client(token=token(sub="ann", exp=1), get_token=get_token)
    await ann.connect()
    await ann.ready(PATIENCE)
    begun = time.monotonic()
    while asked < 3:
        assert time.monotonic() < begun + PATIENCE
        await asyncio.sleep(0.1)
    try:
        await ann.rpc("method", {})
        raise AssertionError("no error")
    except ReplyError as error:
        assert error.code == 104, error
    await ann.disconnect()


async def main():
    await recovers()
    await sees_who_is_there()
    await renews_its_token()


asyncio.run(main())

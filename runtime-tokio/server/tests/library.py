"""Centrifugo's server library for Python (cent, of PyPI) as it is, against throng: each method of the API that it has.

Usage: library.py HOST:PORT"""

import sys
from cent import (
    BatchRequest, BroadcastRequest, CentApiResponseError, CentTransportError, CentUnauthorizedError, ChannelsRequest, Client, ConnectionsRequest,
    Disconnect, DisconnectRequest, HistoryRemoveRequest, HistoryRequest, InfoRequest, PresenceRequest,
    PresenceStatsRequest, PublishRequest, RefreshRequest, StreamPosition, SubscribeRequest, UnsubscribeRequest,
)
from websockets.sync.client import connect

host = sys.argv[1]
client = Client(f"http://{host}/api", api_key="key")


def refused(code, request):
    try:
        getattr(client, request.api_method)(request)
    except CentApiResponseError as error:
        assert error.code == code, (error.code, error.message)
    else:
        raise AssertionError(f"{request} was not refused")


with connect(f"ws://{host}/ws?user=ann") as ann, connect(f"ws://{host}/ws?user=ben") as ben:
    node = client.info(InfoRequest()).nodes[0]
    assert (node.num_clients, node.num_users, node.num_channels) == (2, 2, 0), node
    assert node.version and node.uid and node.uptime >= 0, node

    client.subscribe(SubscribeRequest(user="ann", channel="news", info={"name": "Ann"}))
    client.subscribe(SubscribeRequest(user="ben", channel="chat"))
    members = client.presence(PresenceRequest(channel="news")).presence
    (ann_id,) = members
    assert members[ann_id].user == "ann" and members[ann_id].chan_info == {"name": "Ann"}, members
    stats = client.presence_stats(PresenceStatsRequest(channel="news"))
    assert (stats.num_clients, stats.num_users) == (1, 1), stats
    found = client.channels(ChannelsRequest()).channels
    assert {name: channel.num_clients for name, channel in found.items()} == {"news": 1, "chat": 1}, found
    assert set(client.channels(ChannelsRequest(pattern="n*")).channels) == {"news"}

    first = client.publish(PublishRequest(channel="news", data={"n": 1}))
    assert first.offset == 1 and first.epoch, first
    assert ann.recv(timeout=10) == '{"n": 1}'
    keyed = PublishRequest(channel="news", data={"n": 2}, idempotency_key="k")
    assert client.publish(keyed).offset == client.publish(keyed).offset == 2
    assert ann.recv(timeout=10) == '{"n": 2}'
    both = client.broadcast(BroadcastRequest(channels=["news", "chat"], data="hi"))
    assert [response.error for response in both.responses] == [None, None], both
    assert (ann.recv(timeout=10), ben.recv(timeout=10)) == ('"hi"', '"hi"')

    history = client.history(HistoryRequest(channel="news", limit=10))
    assert [(p.offset, p.data) for p in history.publications] == [(1, {"n": 1}), (2, {"n": 2}), (3, "hi")], history
    since = StreamPosition(offset=2, epoch=history.epoch)
    page = client.history(HistoryRequest(channel="news", limit=10, since=since))
    assert [p.offset for p in page.publications] == [3] and page.offset == 3, page
    newest = client.history(HistoryRequest(channel="news", limit=1, reverse=True))
    assert [p.offset for p in newest.publications] == [3], newest
    refused(112, HistoryRequest(channel="news", limit=1, since=StreamPosition(offset=1, epoch="feed")))
    refused(108, HistoryRequest(channel="chat", limit=1))
    client.history_remove(HistoryRemoveRequest(channel="news"))
    assert client.history(HistoryRequest(channel="news", limit=10)).publications == []

    replies = client.batch(BatchRequest(requests=[
        PublishRequest(channel="chat", data=1),
        InfoRequest(),
    ])).replies
    assert replies[1].nodes[0].num_clients == 2, replies
    assert ben.recv(timeout=10) == "1"
    refused(107, PublishRequest(channel="", data=1))

    client.refresh(RefreshRequest(user="ann", expire_at=4_000_000_000))
    client.unsubscribe(UnsubscribeRequest(user="ann", channel="news"))
    assert client.presence(PresenceRequest(channel="news")).presence == {}
    client.disconnect(DisconnectRequest(user="ann", disconnect=Disconnect(code=4001, reason="bye")))
    client.refresh(RefreshRequest(user="ben", expired=True))
    for socket, code in ((ann, 4001), (ben, 3005)):
        try:
            socket.recv(timeout=10)
        except Exception as error:
            assert error.rcvd.code == code, error
        else:
            raise AssertionError("the client is still there")

# What only Centrifugo PRO has is a method that there is not.
try:
    client.connections(ConnectionsRequest(user="ann", expression=""))
except CentTransportError as error:
    assert error.status_code == 404, error
else:
    raise AssertionError("connections has been answered")
try:
    Client(f"http://{host}/api", api_key="wrong").info(InfoRequest())
except CentUnauthorizedError:
    pass
else:
    raise AssertionError("a wrong key was taken")
print("cent: all methods work")

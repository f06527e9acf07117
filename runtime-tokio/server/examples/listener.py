"""A back end behind the program throng in WS-HUB mode, in Python: it needs only redis-py (pip install redis).

Each client that comes is put into the groups 1, 2, all and news; what a client says is printed, and sent to everybody in "all".

    python listener.py [HOST:PORT] [PREFIX]
"""

import json
import sys
import threading

import redis


lock = threading.Lock()


def say(*words):
    with lock:
        print(*words, flush=True)


def main(address="localhost:6379", prefix="ws-hub:"):
    host, port = address.rsplit(":", 1)
    server = redis.Redis(host=host, port=int(port))

    def newcomers():
        listening = server.pubsub(ignore_subscribe_messages=True)
        listening.subscribe(prefix + "client-new")
        for message in listening.listen():
            key = message["data"].decode()
            say("new", key)
            server.publish(prefix + "groups-new:" + key, "1,2,all,news")

    def leavers():
        listening = server.pubsub(ignore_subscribe_messages=True)
        listening.subscribe(prefix + "client-gone")
        for message in listening.listen():
            gone = json.loads(message["data"])
            say("gone", gone["key"], gone["code"])

    for loop in (newcomers, leavers):
        threading.Thread(target=loop, daemon=True).start()
    listening = server.pubsub(ignore_subscribe_messages=True)
    listening.psubscribe(prefix + "client-data:*")
    say("waits")
    for message in listening.listen():
        key = message["channel"].decode().removeprefix(prefix + "client-data:")
        say("said", key, message["data"])
        server.publish(prefix + "group-data:all", message["data"])


if __name__ == "__main__":
    main(*sys.argv[1:])

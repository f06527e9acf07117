"""A back end of the program `throng`, with Python's standard library alone.

    python3 back_end.py PORT SECRET

Answers the questions of `hooks.connect` and `hooks.message`, and prints the notices of `hooks.notices`.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def is_genuine(secret: str, headers, body: bytes) -> bool:
    """Whether a request was signed with this secret, at most five minutes ago."""
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    number, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
        return False
    mac = hmac.new(key, f"{number}.{stamp}.".encode() + body, hashlib.sha256)
    expected = "v1," + base64.b64encode(mac.digest()).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


class BackEnd(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if not is_genuine(self.server.secret, self.headers, body):
            return self.answer(401, {})
        asked = json.loads(body)
        if self.path == "/connect":
            name = asked["data"].get("name")
            refused = {"disconnect": {"code": 4401, "reason": "say who you are: ?name=NAME"}}
            self.answer(200, {"result": {"user": name, "channels": ["lobby"]}} if name else refused)
        elif self.path == "/message":
            said = {"from": asked.get("user"), "said": asked.get("data", asked.get("text"))}
            self.answer(200, {"result": {"publish": [{"channel": "lobby", "data": said}]}})
        elif self.path == "/notices":
            if asked["id"] not in self.server.seen:  # a delivery may come twice
                self.server.seen.add(asked["id"])
                for notice in asked["notices"]:
                    print(notice["event"], notice.get("user", ""), notice.get("channel", ""), flush=True)
            self.answer(200, {})
        else:
            self.answer(404, {})

    def answer(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), BackEnd)
    server.secret, server.seen = sys.argv[2], set()
    print("listening", server.server_port, flush=True)
    server.serve_forever()

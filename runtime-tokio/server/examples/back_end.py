"""A back end of the program `throng`, with Python's standard library alone.

    python3 back_end.py PORT SECRET

Answers the questions of `hooks.connect`, `message`, `subscribe`, `publish` and `rpc`, and prints the notices of `hooks.notices`.
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
            data = asked.get("data")
            name = data.get("name") if isinstance(data, dict) else None
            refused = {"disconnect": {"code": 4401, "reason": "say who you are: ?name=NAME"}}
            self.answer(200, {"result": {"user": name, "channels": ["lobby"]}} if name else refused)
        elif self.path == "/message":
            self.answer(200, {"result": {"publish": [{"channel": "lobby", "data": self.said(asked)}]}})
        elif self.path == "/subscribe":
            refused = {"error": {"code": 403, "message": f"{asked['user']} is not one of the staff"}}
            self.answer(200, refused if asked["channel"].endswith(":staff") else {"result": {}})
        elif self.path == "/publish":
            refused = {"error": {"code": 1000, "message": "say something"}}
            self.answer(200, {"result": {"data": self.said(asked)}} if asked["data"] else refused)
        elif self.path == "/rpc":
            refused = {"error": {"code": 404, "message": "there is only double"}}
            known = asked["method"] == "double" and isinstance(asked.get("data"), int)
            self.answer(200, {"result": {"data": 2 * asked["data"]}} if known else refused)
        elif self.path == "/notices":
            if asked["id"] not in self.server.seen:  # a delivery may come twice
                self.server.seen.add(asked["id"])
                for notice in asked["notices"]:
                    print(notice["event"], notice.get("user", ""), notice.get("channel", ""), flush=True)
            self.answer(200, {})
        else:
            self.answer(404, {})

    def said(self, asked):
        return {"from": asked.get("user"), "said": asked.get("data", asked.get("text"))}

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

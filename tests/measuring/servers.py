"""Servers as processes: pinned to a core, ready before they are loaded, ended by their pid."""

import json
import os
import re
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EVERY_PATH = frozenset({"/ws", "/room", "/echo", "/direct"})


@dataclass
class Server:
    name: str
    command: list
    # Else it says where it listens.
    address: str = None
    paths: frozenset = EVERY_PATH
    # Other cores than the one that all servers get.
    cores: str = None
    # The names of the loads it is measured under, when not all that it has the paths for.
    loads: frozenset = None

    def takes(self, load):
        return load.paths <= self.paths and (self.loads is None or load.name in self.loads)


def raw_limits():
    raw = binary("raw-limit")
    return [Server(f"raw-{mode}", [raw, "127.0.0.1:0", "--mode", mode], paths=frozenset({"/ws", "/echo"}))
            for mode in ("per-message", "batched")]


_built = {}


def binary(name):
    """A binary of throng-tests, built once."""
    if not _built:
        _built.update(build("-p", "throng-tests", "--bins"))
    return _built[name]


def build(*what, cwd=ROOT, environment=None):
    """What cargo built for release: names and paths of the programs."""
    command = ["cargo", "build", "--release", *what, "--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    messages = (json.loads(line) for line in built.stdout.splitlines())
    return {message["target"]["name"]: message["executable"] for message in messages if message.get("executable")}


def start(server, core):
    """Starts a server on its core; answers it and its address once it is ready."""
    # A file, because a server that goes on printing into a pipe nobody reads would stop.
    output = tempfile.TemporaryFile()
    # taskset becomes the server, so the pid is the server's.
    process = subprocess.Popen(["taskset", "-c", server.cores or core, *server.command],
                               stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
    try:
        ready = wait_for_port(process, server.address) if server.address else wait_for_line(process, output)
    except BaseException as error:
        stop(process)
        if not isinstance(error, RuntimeError):
            raise
        last = read_all(output).decode(errors="replace").strip()[-500:]
        raise RuntimeError(f"{error}; it said: {last or 'nothing'}") from None
    return process, ready


def wait_for_line(process, output, limit=20):
    """The address in the first line that has one."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        for line in read_all(output).split(b"\n")[:-1]:
            if found := re.search(rb"\d+\.\d+\.\d+\.\d+:\d+", line):
                return found.group().decode()
        if ended:
            break
        time.sleep(0.02)
    raise RuntimeError("the server printed no address")


def read_all(output):
    # pread leaves the offset alone, which the server shares.
    return os.pread(output.fileno(), 1 << 20, 0)


def wait_for_port(process, address, limit=20):
    host, port = address.rsplit(":", 1)
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return address
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {address}")


def stop(process):
    process.terminate()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

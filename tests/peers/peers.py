"""The peers: installed into folders of their own, built, and how each is started."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from measuring.runs import note
from measuring.servers import ROOT, Server, build, raw_limits

HERE = Path(__file__).resolve().parent
JAVASCRIPT = HERE / "javascript"
CACHE = HERE / ".cache"
NGINX = Path("/var/lib/nginx")
ANY_PORT = "127.0.0.1:0"

THRONG, AXUM, BUN, NAIVE = "throng", "throng, axum route", "Bun", "axum + tokio broadcast"
WS, NCHAN, RAW, BATCHED = "ws (Node.js)", "nchan", "raw limit", "raw limit, batched"
TWO_CORES = "throng, two cores"


class Missing(Exception):
    """A peer that this machine does not have, and what would help."""


def find(wanted):
    """The servers whose names `wanted` finds, in the order of the table; what they are; and which are missing."""
    makers = {THRONG: throng, AXUM: throng_axum, BUN: bun, NAIVE: naive, WS: ws, NCHAN: nchan, RAW: raw,
              BATCHED: batched, TWO_CORES: two_cores}
    servers, versions, missing = [], {}, []
    for name, make in makers.items():
        if wanted and not wanted.search(name):
            continue
        try:
            server, version = make(name)
        except (Missing, OSError, subprocess.SubprocessError) as error:
            missing.append(f"{name} is missing: {error}")
            note(missing[-1])
            continue
        servers.append(server)
        versions.update(version)
    return servers, versions, missing


# Throng, as a user starts it: a runtime with its defaults, which is one worker on the one core there is.

def throng(name):
    return Server(name, [example("fanout"), ANY_PORT]), rust()


def throng_axum(name):
    return Server(name, [example("fanout_axum"), ANY_PORT]), rust()


def two_cores(name):
    """On the generator's core too: only what its deliveries cost can be compared."""
    loads = frozenset({"10,000, k=1", "10,000, k=16"})
    return Server(name, [example("fanout"), ANY_PORT], cores="0,1", loads=loads), rust()


def raw(name):
    return renamed(raw_limits()[0], name), {}


def batched(name):
    return renamed(raw_limits()[1], name), {}


def renamed(server, name):
    server.name = name
    return server


def naive(name):
    # Where the workspace's programs are built, instead of a folder of its own.
    environment = {"CARGO_TARGET_DIR": str(ROOT / "target"), **os.environ}
    program = build("--locked", cwd=HERE / "naive", environment=environment)["throng-naive"]
    lock = (HERE / "naive/Cargo.lock").read_text()
    axum = re.search(r'name = "axum"\nversion = "(.+)"', lock).group(1)
    return Server(name, [program, ANY_PORT]), {"axum": axum}


def bun(name):
    # The package's own script puts the program into one place, and without the script it is in the other.
    modules = packages()
    places = [modules / "bun/bin/bun.exe", *sorted(modules.glob("@oven/bun-*/bin/bun"))]
    for program in places:
        try:
            version = said([program, "--version"])
        except (OSError, Missing):
            continue
        return Server(name, [str(program), script("bun.js"), ANY_PORT]), {"Bun": version}
    raise Missing("none of its programs runs on this processor")


def ws(name):
    package = (packages() / "ws/package.json").read_text()
    version = re.search(r'"version":\s*"(.+?)"', package).group(1)
    node = said(["node", "--version"]).lstrip("v")
    return Server(name, [shutil.which("node"), script("ws.js"), ANY_PORT]), {"ws": version, "Node.js": node}


def nchan(name):
    folder = CACHE / "nchan"
    program = unpacked(folder / "packages") / "usr/sbin/nginx"
    try:
        # With nchan, nginx wants its folder for bodies whatever its configuration says.
        NGINX.mkdir(exist_ok=True)
    except PermissionError:
        raise Missing(f"as root, create {NGINX}") from None
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    configuration = (HERE / "nchan/nginx.conf").read_text().replace("ADDRESS", address)
    (folder / "nginx.conf").write_text(configuration)
    # -e: not the system's log.
    command = [str(program), "-e", "stderr", "-p", f"{folder.relative_to(ROOT)}/", "-c", "nginx.conf"]
    said([*command, "-t"])
    return Server(name, command, address, frozenset({"/ws", "/room", "/echo"})), {"nchan": nchan_version(folder)}


def unpacked(folder):
    """Debian's packages in a folder: nothing is installed, so no service is started and nobody need be root."""
    if not (folder / "usr/sbin/nginx").exists():
        if not shutil.which("apt-get"):
            raise Missing("it comes from Debian's packages nginx and libnginx-mod-nchan")
        folder.mkdir(parents=True, exist_ok=True)
        said(["apt-get", "-qq", "download", "nginx", "libnginx-mod-nchan"], folder)
        for package in sorted(folder.glob("*.deb")):
            said(["dpkg-deb", "-x", str(package), str(folder)])
    return folder


def nchan_version(folder):
    (package,) = folder.glob("packages/libnginx-mod-nchan_*.deb")
    version = said(["dpkg-deb", "-f", str(package), "Version"])
    return re.sub(r"^\d+:|[+-].*", "", version)


_examples = {}


def example(name):
    if not _examples:
        _examples.update(build("-p", "throng-example-fanout", "--examples"))
    return _examples[name]


def packages():
    """The folder of npm's packages, as the lockfile has them."""
    modules = JAVASCRIPT / "node_modules"
    done = modules / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < (JAVASCRIPT / "package-lock.json").stat().st_mtime:
        if not shutil.which("npm"):
            raise Missing("install Node.js 20 or later, with npm")
        subprocess.run(["npm", "ci", "--prefix", str(JAVASCRIPT), "--no-audit", "--no-fund", "--loglevel", "error"],
                       stdout=subprocess.DEVNULL, check=True)
    return modules


def script(name):
    # Servers are started at the root.
    return str((JAVASCRIPT / name).relative_to(ROOT))


def rust():
    return {"Rust": said(["rustc", "--version"]).split()[1]}


def said(command, folder=ROOT):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise Missing(f"{command[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()

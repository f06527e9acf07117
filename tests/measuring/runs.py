"""Interleaved repeats of every load on every server, and whether other load disturbed them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .servers import start, stop

TICK = os.sysconf("SC_CLK_TCK")

# Disturbance that a run may show, as shares of its time. Servers with one thread only report server_waited.
LIMITS = {"server_waited": 0.03, "generator_waited": 0.03, "steal": 0.02, "others": 0.05}


@dataclass
class Options:
    """How to measure."""

    generator: str
    repeats: int = 3
    # Measured in each run, after so much warming up.
    seconds: float = 3.0
    warmup_ms: int = 500
    # For each repeat, until one is not disturbed.
    attempts: int = 4
    server_core: str = "0"
    load_core: str = "1"
    # Seconds after which nothing is repeated because it was disturbed; after half as much again, no run begins.
    time: float = float("inf")


@dataclass
class Run:
    report: dict
    disturbance: dict
    disturbed_by: list = field(default_factory=list)


@dataclass
class Measured:
    """The runs of each load and server, and what went wrong."""

    cells: dict
    failures: list

    def values(self, load, server, figure):
        """Of the quiet runs, or when there are none of all: a disturbed server batches more, and looks better."""
        runs = self.cells.get((load.name, server.name), [])
        quiet = [run for run in runs if not run.disturbed_by]
        return [value for run in quiet or runs if (value := figure.read(run.report)) is not None]

    def disturbed(self, load, server):
        return any(run.disturbed_by for run in self.cells.get((load.name, server.name), []))


def measure(servers, loads, options):
    """Each repeat is all servers under all loads; then what was disturbed in it is repeated."""
    # So that the server and the generator under way are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    measured = Measured({}, [])
    failed = set()
    began = time.monotonic()
    for repeat in range(options.repeats):
        done = {}
        everything = [(load, server) for load in loads for server in servers if server.takes(load)]
        for attempt in range(max(options.attempts, 1)):
            share = 1.5 if attempt == 0 else (repeat + 1) / options.repeats
            for load, server in everything:
                cell = load.name, server.name
                known = done.get(cell)
                if cell in failed or (known and not known.disturbed_by):
                    continue
                if time.monotonic() - began > options.time * share:
                    break
                try:
                    run = one_run_or_another(server, load, options)
                except RuntimeError as error:
                    failed.add(cell)
                    measured.failures.append(f"{server.name}, {load.name}: {error}")
                    note(measured.failures[-1])
                    continue
                if known is None or sum(run.disturbance.values()) < sum(known.disturbance.values()):
                    done[cell] = run
                tell(run, f"{repeat + 1}/{options.repeats}{'+' * attempt}", load, server)
        for cell, run in done.items():
            measured.cells.setdefault(cell, []).append(run)
        if len(done) + len(failed) < len(everything):
            measured.failures.append(f"repeat {repeat + 1}: the time was over before everything was measured")
            break
    return measured


def tell(run, count, load, server):
    values = ", ".join(show(figure.read(run.report)) for figure in load.figures)
    marks = f"  disturbed: {', '.join(run.disturbed_by)}" if run.disturbed_by else ""
    note(f"{count:<6} {load.name:<28} {server.name:<20} {values}{marks}")


def one_run_or_another(server, load, options):
    """What fails twice would fail every time; once may be other load's fault."""
    try:
        return one_run(server, load, options)
    except RuntimeError as error:
        note(f"once more: {server.name}, {load.name}: {error}")
        return one_run(server, load, options)


def one_run(server, load, options):
    before = cores(options)
    process, address = start(server, options.server_core)
    try:
        report = generate(process.pid, address, load, options)
        spent = cpu_seconds(process.pid)
    finally:
        stop(process)
    after = cores(options)
    disturbance = disturbances(report, before, after, spent)
    if server.cores:
        # It shares a core with the generator, which then waits.
        del disturbance["generator_waited"]
    by = [f"{name} {share:.0%}" for name, share in disturbance.items() if share > LIMITS[name]]
    for figure in load.figures:
        if figure.read(report) is None:
            raise RuntimeError(f"the report has no {figure.source}")
    return Run(report, disturbance, by)


def generate(pid, address, load, options):
    seconds = options.seconds * load.stretch
    with tempfile.NamedTemporaryFile(suffix=".json") as output:
        command = [
            "taskset", "-c", options.load_core, options.generator, *load.arguments.split(), "--seconds", str(seconds),
            "--warmup-ms", str(max(options.warmup_ms, load.warmup_ms)), "--address", address, "--pid", str(pid),
            "--json", output.name, "--quiet"]
        generator = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            told, _ = generator.communicate(timeout=60 + 5 * seconds)
        except BaseException as error:
            generator.kill()
            generator.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                raise RuntimeError("the load generator did not end") from None
            raise
        if generator.returncode != 0:
            raise RuntimeError(told.decode(errors="replace").strip())
        return json.loads(Path(output.name).read_text())


def cores(options):
    """Ticks of the two cores: all, busy, stolen; and the processor seconds of ended children."""
    wanted = {f"cpu{core}" for core in (options.server_core, options.load_core)}
    total = busy = steal = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in wanted:
            user, nice, system, idle, iowait, irq, softirq, stolen = map(int, fields[:8])
            total += user + nice + system + idle + iowait + irq + softirq + stolen
            busy += user + nice + system + irq + softirq
            steal += stolen
    times = os.times()
    children = times.children_user + times.children_system
    return {"total": total, "busy": busy, "steal": steal, "children": children}


def cpu_seconds(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        raise RuntimeError("the server ended during the run") from None
    return (int(fields[11]) + int(fields[12])) / TICK


def disturbances(report, before, after, server_spent):
    total = max(after["total"] - before["total"], 1)
    # Server and generator have both been waited for, so their time is in the children's.
    ours = max(after["children"] - before["children"], server_spent) * TICK
    return {
        "server_waited": report["figures"].get("server_waited", 0.0),
        "generator_waited": report["generator_waited"],
        "steal": (after["steal"] - before["steal"]) / total,
        "others": max(after["busy"] - before["busy"] - ours, 0) / total,
    }


def show(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def note(text):
    print(text, file=sys.stderr, flush=True)

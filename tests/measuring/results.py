"""Medians, ratios, and all of it as JSON."""

import datetime
import os
import platform
import re
import shlex
import statistics
from pathlib import Path

from .runs import show


def median(values):
    return statistics.median(values) if values else None


def table(loads, servers, measured, base):
    """A line for each figure; in parentheses the ratio to `base`; ~ where other load disturbed a run."""
    lines = [["", *(server.name for server in servers)]]
    for load in loads:
        for figure in load.figures:
            line = [figure.name]
            values = {server.name: median(measured.values(load, server, figure)) for server in servers}
            for server in servers:
                value, reference = values[server.name], values.get(base)
                mark = "~" if measured.disturbed(load, server) else ""
                ratio = f" ({value / reference:.2f})" if value is not None and reference else ""
                line.append(f"{mark}{show(value)}{ratio}")
            lines.append(line)
    return markdown(lines)


def markdown(lines):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rule = ["-" * max(width, 3) for width in widths]
    rows = ([cell.ljust(width) for cell, width in zip(line, widths)] for line in [lines[0], rule, *lines[1:]])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def result(loads, servers, measured, base):
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "base": base,
        "servers": {server.name: program(server) for server in servers},
        "rows": [
            {
                "name": figure.name,
                "load": load.arguments,
                "figure": figure.source,
                "unit": figure.unit,
                "higher_is_better": figure.higher_is_better,
                "servers": {server.name: cell(load, server, figure, measured) for server in servers},
            }
            for load in loads
            for figure in load.figures
        ],
        "failures": measured.failures,
    }


def program(server):
    """Its command, without the folders it was built in."""
    return shlex.join([Path(server.command[0]).name, *server.command[1:]])


def cell(load, server, figure, measured):
    runs = measured.cells.get((load.name, server.name), [])
    return {
        "median": median(measured.values(load, server, figure)),
        "runs": [{"value": figure.read(run.report), "disturbance": run.disturbance, "disturbed_by": run.disturbed_by,
                  "report": run.report} for run in runs],
    }


def machine():
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {"processor": model.group(1) if model else platform.machine(), "cores": os.cpu_count(),
            "kernel": re.match(r"[\d.]*\d", platform.release()).group()}

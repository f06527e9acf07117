"""The tables, and their place in the README."""

import re

from measuring.results import markdown
from measuring.runs import show
from measuring.servers import ROOT

from peers import THRONG, TWO_CORES
from targets import TARGETS

README = ROOT / "README.md"
MARKED = re.compile(r"(<!-- measured -->\n).*?(<!-- /measured -->)", re.DOTALL)
FOLDER = "tests/peers/result"


def whole(document):
    """result.md."""
    parts = ["# Measured", about(document), ratios(document), LEGEND, "## Targets", targets(document)]
    if document["failures"]:
        parts += ["## Failed", "\n".join(f"- {failure}" for failure in document["failures"])]
    return "\n\n".join(parts) + "\n"


def into_readme(document, drawn):
    """Replaces what is between the markers."""
    links = "\n".join(f"![{title}]({FOLDER}/{name})" for name, title in drawn)
    missed = sum(holds is False for _, _, holds in judged(document))
    verdict = f"{missed} of the {len(TARGETS)} targets are missed" if missed else "All targets hold"
    body = "\n\n".join([
        about(document), links, ratios(document), LEGEND,
        f"{verdict}: [all of them, and every figure]({FOLDER}/result.md), [as JSON]({FOLDER}/result.json). "
        "`tests/peers/run --readme` measures all this again, in a quarter of an hour."])
    text = README.read_text()
    if not MARKED.search(text):
        raise SystemExit("README.md has no section between <!-- measured --> and <!-- /measured -->")
    README.write_text(MARKED.sub(lambda found: f"{found[1]}\n{body}\n\n{found[2]}", text))


LEGEND = (
    "In parentheses: how many times as good throng is. ~ other load disturbed some of the runs: the "
    "median is of the others, if there are any; – the server does not do this, "
    "or was not measured. The upper rows are thousand deliveries per CPU-second of the server, in a closed loop with "
    "k broadcasts outstanding, 128-byte text unless said. *Raw limit*: a server that does nothing but the sends, one "
    "for each message and recipient, or one shared buffer for a batch. *Mixed*: 100 pairs talk directly while a room "
    "of 10,000 broadcasts 4 times a second. *N/s*: broadcasts a second. Latencies count from the intended send.")


def about(document):
    machine = document["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items())
    repeats = document["repeats"]
    runs = f"Medians of {repeats} interleaved runs" if repeats > 1 else "One run"
    return (f"Measured on {document['date'][:10]}: {machine['processor']}, Linux {machine['kernel']}, loopback, the "
            f"server on one core and the load generator on another; {versions}. {runs}, each with a fresh server.")


def ratios(document):
    columns = [name for name in document["servers"] if name != TWO_CORES]
    lines = [["", *columns]]
    for row in document["rows"]:
        throng = row["servers"].get(THRONG, {}).get("median")
        lines.append([named(row), *(entry(row, name, throng) for name in columns)])
    return markdown(lines)


def named(row):
    return row["name"] if row["unit"].startswith("thousand") or row["unit"] in row["name"] \
        else f"{row['name']}, {row['unit']}"


def entry(row, name, throng):
    cell = row["servers"][name]
    value = cell["median"]
    if value is None:
        return "–"
    mark = "~" if any(run["disturbed_by"] for run in cell["runs"]) else ""
    if name == THRONG or not throng or value <= 0:
        return f"{mark}{show(value)}"
    better = throng / value if row["higher_is_better"] else value / throng
    return f"{mark}{show(value)} ({better:.2f})" if better < 10 else f"{mark}{show(value)} ({better:.0f})"


def judged(document):
    """Each target, what was reached, and whether it holds; None for what was not measured."""
    medians = {(row["name"], name): cell["median"] for row in document["rows"] for name, cell in row["servers"].items()}
    for target in TARGETS:
        value = target.reached(medians)
        yield target, value, None if value is None else target.holds(value)


def targets(document):
    lines = [["target", "reached", ""]]
    for target, value, holds in judged(document):
        reached = "–" if value is None else f"{value:.3f} ×" if target.unit == "×" else f"{show(value)} {target.unit}"
        lines.append([target.what, reached, {None: "not measured", True: "holds", False: "**missed**"}[holds]])
    return markdown(lines)

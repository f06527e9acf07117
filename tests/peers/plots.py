"""The plots, written as SVG by hand: legible on light and on dark pages."""

import math
from dataclasses import dataclass
from html import escape

import peers

COUNTS = (100, 1_000, 10_000)
NAMES = ("100", "1,000", "10,000")

# Middle tones, which stand out from white and from black; and a shape each, for those who see no colours.
STYLES = {
    peers.THRONG: ("#d9480f", "circle"),
    peers.AXUM: ("#e8892b", "circle"),
    peers.BUN: ("#a94fc4", "square"),
    peers.NAIVE: ("#2f8f5b", "diamond"),
    peers.WS: ("#7a8a2a", "triangle"),
    peers.NCHAN: ("#2b7fc0", "square"),
    peers.RAW: ("#8a8f98", "diamond"),
    peers.BATCHED: ("#5f6773", "triangle"),
}
STYLESHEET = """
text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.panel { font-size: 13px; font-weight: 600 }
.quiet { fill: #57606a }
.page { fill: #ffffff; stroke: #d0d7de }
.grid { stroke: #d0d7de; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
.ours { stroke-width: 3.5 }
.limit { stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .quiet { fill: #9198a1 }
  .page { fill: #0d1117; stroke: #30363d }
  .grid { stroke: #30363d }
}
"""


@dataclass
class Panel:
    title: str
    # The row of the table with so many connections, `{}`.
    row: str


DRAWINGS = [
    ("deliveries.svg", "Deliveries per CPU-second of the server", "thousands, logarithmic; more is better", 1,
     [Panel("one broadcast outstanding", "{}, k=1"), Panel("16 broadcasts outstanding", "{}, k=16")]),
    ("p99.svg", "Latency that 99 % of the deliveries keep to", "milliseconds, logarithmic; less is better", 1_000,
     [Panel("10 broadcasts a second", "10/s to {}, p99")]),
]

WIDTH, HEIGHT, LEFT, LABELS, TOP, BOTTOM = 330, 330, 64, 194, 84, 48


def draw(document, folder):
    """Writes each plot that has anything to show; answers their names and titles."""
    rows = {row["name"]: row["servers"] for row in document["rows"]}
    drawn = []
    for name, title, unit, divisor, panels in DRAWINGS:
        series = [series_of(rows, panel, divisor) for panel in panels]
        if any(series):
            (folder / name).write_text(drawing(title, unit, panels, series))
            drawn.append((name, f"{title}, against the number of connections"))
    return drawn


def series_of(rows, panel, divisor):
    """For each server its points, as far as they were measured."""
    found = {}
    for position, count in enumerate(NAMES):
        for server, cell in rows.get(panel.row.format(count), {}).items():
            if server in STYLES and cell["median"]:
                found.setdefault(server, []).append((position, cell["median"] / divisor))
    return found


def drawing(title, unit, panels, series):
    step = LEFT + WIDTH + LABELS
    width, height = step * len(panels), TOP + HEIGHT + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}, against the number of connections">',
        f"<style>{STYLESHEET}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
        text(16, 28, title, "title"),
        text(16, 47, unit, "quiet"),
    ]
    for number, (panel, lines) in enumerate(zip(panels, series)):
        parts += [f'<g transform="translate({number * step + LEFT} {TOP})">', *drawn_panel(panel, lines), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def drawn_panel(panel, lines):
    values = [value for points in lines.values() for _, value in points]
    scale = Scale(values)
    parts = [text(0, -12, panel.title, "panel")]
    for tick in scale.ticks():
        y = scale.y(tick)
        parts.append(f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(-8, y + 4, f"{tick:,.10g}", "quiet", "end"))
    for position, name in enumerate(NAMES):
        parts.append(text(x_of(position), HEIGHT + 20, name, "quiet", "middle"))
    parts.append(text(WIDTH / 2, HEIGHT + 38, "connections", "quiet", "middle"))
    # Ours last, above the others.
    for server in sorted(lines, key=lambda server: server == peers.THRONG):
        parts += line(server, [(x_of(position), scale.y(value)) for position, value in lines[server]])
    return parts + labels({server: scale.y(points[-1][1]) for server, points in lines.items()})


class Scale:
    """Logarithmic, from a little below the least value to a little above the greatest."""

    def __init__(self, values):
        values = values or [1, 10]
        self.low, self.high = math.log10(min(values)) - 0.1, math.log10(max(values)) + 0.1

    def y(self, value):
        return HEIGHT * (self.high - math.log10(value)) / (self.high - self.low)

    def ticks(self):
        """The more decades, the fewer in each."""
        span = self.high - self.low
        digits = (1,) if span > 3 else (1, 2, 5) if span > 0.8 else (1, 1.5, 2, 3, 4, 5, 7)
        decades = range(math.floor(self.low), math.ceil(self.high))
        ticks = (digit * 10**decade for decade in decades for digit in digits)
        return [tick for tick in ticks if self.low <= math.log10(tick) <= self.high]


def x_of(position):
    return 16 + position * (WIDTH - 32) / (len(NAMES) - 1)


def line(server, points):
    colour, shape = STYLES[server]
    kind = "line ours" if server == peers.THRONG else "line limit" if server in (peers.RAW, peers.BATCHED) else "line"
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return [f'<polyline class="{kind}" stroke="{colour}" points="{path}"/>',
            *(marker(shape, x, y, colour) for x, y in points)]


def marker(shape, x, y, colour):
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
    corners = {
        "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        "diamond": ((0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)),
        "triangle": ((0, -5), (5, 4), (-5, 4)),
    }[shape]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" fill="{colour}"/>'


def labels(ends):
    """Each beside the end of its line, moved apart where they would overlap."""
    apart = 17
    order = sorted(ends, key=ends.get)
    places = []
    for server in order:
        places.append(max(ends[server], places[-1] + apart) if places else ends[server])
    over = places[-1] - HEIGHT if places else 0
    for index in range(len(places) - 1, -1, -1):
        limit = HEIGHT if index == len(places) - 1 else places[index + 1] - apart
        if over > 0:
            places[index] = min(places[index], limit)
    parts = []
    for server, y in zip(order, places):
        colour, shape = STYLES[server]
        edge = x_of(len(NAMES) - 1)
        parts.append(f'<path class="line" style="stroke-width: 1" stroke="{colour}" '
                     f'd="M{edge + 7:.1f} {ends[server]:.1f} L{WIDTH + 8} {y:.1f}"/>')
        parts.append(marker(shape, WIDTH + 16, y, colour))
        parts.append(text(WIDTH + 26, y + 4, server))
    return parts


def text(x, y, content, kind=None, anchor=None):
    attributes = f' class="{kind}"' if kind else ""
    attributes += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{escape(content)}</text>'

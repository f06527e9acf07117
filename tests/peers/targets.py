"""What throng is to reach, as ratios within one run."""

from dataclasses import dataclass

from peers import AXUM, BATCHED, BUN, RAW, THRONG, TWO_CORES

ROOMS = ("100", "1,000", "10,000")
LARGE = "1,000, k=16, 4 KiB"
NONE_STALLED, STALLED = "180 readers, 4 KiB", "180 readers beside 20 stalled, 4 KiB"


@dataclass
class Target:
    what: str
    # The figure and what it is compared with: names of rows and servers, or a number.
    row: str
    of: str
    other_row: str
    other: str
    bound: float
    at_least: bool = True
    unit: str = "×"

    def reached(self, medians):
        """The ratio, or with nothing to compare with the figure itself; None when something was not measured."""
        value = medians.get((self.row, self.of))
        if self.other is None:
            return value
        reference = medians.get((self.other_row, self.other))
        return value / reference if value is not None and reference else None

    def holds(self, value):
        return value >= self.bound if self.at_least else value <= self.bound


def against(other, what, rows, bound, at_least=True):
    name = {RAW: "the raw limit", BATCHED: "the raw batched limit", BUN: "Bun", THRONG: "throng's `serve`"}[other]
    relation = "at least" if at_least else "at most"
    of = AXUM if other == THRONG else THRONG
    return [Target(f"{what}{row}: {relation} {bound} × {name}", row, of, row, other, bound, at_least) for row in rows]


def own(what, row, other_row, bound, at_least=True, of=THRONG):
    return Target(what, row, of, other_row, THRONG, bound, at_least)


def alone(what, row, bound, unit):
    return Target(what, row, THRONG, None, None, bound, False, unit)


DELIVERIES = [*(f"{room}, k=1" for room in ROOMS), *(f"{room}, k=16" for room in ROOMS), LARGE,
              "1,000, k=16, 16 publishers", "echo 100", "echo 1,000", "1,000 rooms of 10", "direct, 1,000"]
LATENCIES = [f"{rate} to 1,000, {quantile}" for rate in ("10/s", "100/s") for quantile in ("p50", "p99")]

TARGETS = [
    *against(RAW, "", [f"{room}, k=1" for room in ROOMS], 0.94),
    *against(BUN, "", [f"{room}, k=1" for room in ROOMS], 1.0),
    *against(BATCHED, "", [f"{room}, k=16" for room in ROOMS], 0.92),
    *against(BATCHED, "", [LARGE], 0.92),
    own("16 publishers: at least 0.9 × one publisher", "1,000, k=16, 16 publishers", "1,000, k=16", 0.9),
    *against(BUN, "", ["1,000 rooms of 10", "direct, 1,000", "echo 100", "echo 1,000"], 1.0),
    *against(RAW, "", ["echo 100", "echo 1,000"], 0.85),
    *against(BUN, "", LATENCIES, 1.0, False),
    *against(BUN, "", ["mixed, pairs, p99"], 0.1, False),
    alone("mixed, pairs, longest stall: at most 5,000 µs", "mixed, pairs, longest stall", 5000, "µs"),
    alone("idle memory per connection: at most 1,200 bytes", "idle bytes per connection", 1200, "bytes"),
    # Handshakes per CPU-second: at least 0.9 of Bun's.
    *against(BUN, "", ["CPU µs per handshake"], 1.11, False),
    *(own(f"two cores, {row}: deliveries per CPU-second at least 0.91 × one core", row, row, 0.91, of=TWO_CORES)
      for row in ("10,000, k=1", "10,000, k=16")),
    own("10 % stalled: the others' throughput at least 0.95 × none stalled", STALLED, NONE_STALLED, 0.95),
    own("10 % stalled: the others' p99 at most 1.05 × none stalled", f"{STALLED}, p99", f"{NONE_STALLED}, p99", 1.05,
        False),
    *against(THRONG, "axum route, ", DELIVERIES, 0.95),
]

"""The loads, and the figures that count."""

from dataclasses import dataclass

CPU = "figures.thousand_deliveries_per_server_cpu_s"


@dataclass(frozen=True)
class Figure:
    """One row of a table: where the generator's report has it."""

    name: str
    source: str = CPU
    unit: str = "thousand deliveries per CPU-second"
    higher_is_better: bool = True

    def read(self, report):
        """`figures.NAME`, or `latency.CLASS.QUANTILE`; None when the report has no such figure."""
        kind, *path = self.source.split(".")
        if kind == "figures":
            return report["figures"].get(path[0])
        for latency in report["latency_us"]:
            if latency["name"] == path[0]:
                return latency[path[1]]
        return None


@dataclass(frozen=True)
class Load:
    """One run of the generator."""

    arguments: str
    figures: tuple
    among: str = "fanout"
    # How much longer or shorter than the others it is measured.
    stretch: float = 1.0
    # At least so much warming up.
    warmup_ms: int = 0

    @property
    def name(self):
        return self.figures[0].name

    @property
    def paths(self):
        """What a server must serve."""
        scenario = self.arguments.split()[0]
        return {"rooms": {"/room"}, "direct": {"/direct"}, "echo": {"/echo"}, "mixed": {"/ws", "/direct"}}.get(
            scenario, {"/ws"})


def deliveries(name, arguments, among="fanout"):
    return Load(arguments, (Figure(name),), among)


def spent(name, arguments, source, unit, stretch):
    return Load(arguments, (Figure(name, f"figures.{source}", unit, False),), "more", stretch)


def latencies(name, arguments, quantiles, class_name="broadcasts", **rest):
    """One row for each quantile; broadcasts are few a second, so there is more to measure."""
    figures = (Figure(f"{name}, {label}", f"latency.{class_name}.{quantile}", "µs", False)
               for quantile, label in quantiles)
    return Load(arguments, tuple(figures), stretch=2.0, **rest)


HALF_AND_MOST = (("p50", "p50"), ("p99", "p99"))
MOST_AND_WORST = (("p99", "p99"), ("max", "longest stall"))


def slow(name, readers):
    """Large messages to few, so that the kernel's buffers of the stalled are full before it is measured."""
    figures = (Figure(name), Figure(f"{name}, p99", "latency.broadcasts to the others.p99", "µs", False))
    arguments = f"slow {readers} --outstanding 16 --message-bytes 4096"
    return Load(arguments, figures, "hub", warmup_ms=600)


LOADS = [
    deliveries("100, k=1", "fanout --connections 100"),
    deliveries("100, k=16", "fanout --connections 100 --outstanding 16"),
    deliveries("1,000, k=1", "fanout --connections 1000"),
    deliveries("1,000, k=16", "fanout --connections 1000 --outstanding 16"),
    deliveries("1,000, k=16, 4 KiB", "fanout --connections 1000 --outstanding 16 --message-bytes 4096"),
    deliveries("10,000, k=1", "fanout --connections 10000"),
    deliveries("10,000, k=16", "fanout --connections 10000 --outstanding 16"),
    deliveries("1,000, k=16, 16 publishers", "fanout --connections 1000 --outstanding 16 --publishers 16", "more"),
    deliveries("echo 100", "echo --connections 100", "more"),
    deliveries("echo 1,000", "echo --connections 1000", "more"),
    spent("idle bytes per connection", "idle --connections 10000", "server_rss_bytes_per_connection", "bytes", 0.5),
    spent("CPU µs per handshake", "connect --connections 5000", "server_cpu_us_per_handshake", "µs", 0.5),
    latencies("10/s to 100", "fanout --connections 100 --rate 10", HALF_AND_MOST, among="latency"),
    latencies("10/s to 1,000", "fanout --connections 1000 --rate 10", HALF_AND_MOST, among="latency"),
    latencies("100/s to 1,000", "fanout --connections 1000 --rate 100", HALF_AND_MOST, among="latency"),
    latencies("10/s to 10,000", "fanout --connections 10000 --rate 10", HALF_AND_MOST, among="latency"),
    deliveries("1,000 rooms of 10", "rooms --rooms 1000 --members 10", "hub"),
    deliveries("direct, 1,000", "direct --connections 1000", "hub"),
    latencies("mixed, pairs", "mixed --connections 10000 --pairs 100", MOST_AND_WORST, "direct messages", among="hub"),
    slow("180 readers, 4 KiB", "--connections 180 --stalled 0"),
    slow("180 readers beside 20 stalled, 4 KiB", "--connections 200 --stalled 0.1"),
]
SETS = {
    "fanout": {"fanout"},
    "raw": {"fanout", "more", "latency"},
    "all": {"fanout", "more", "latency", "hub"},
}


def select(rows, only=None):
    """The loads of a set of rows with a name that the compiled expression finds, if there is one."""
    loads = [load for load in LOADS if load.among in SETS[rows]]
    return [load for load in loads if only is None or any(only.search(figure.name) for figure in load.figures)]

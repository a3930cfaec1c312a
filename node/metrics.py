"""Health of the node itself, as Prometheus metrics. Figures of the budget are not here: they have proofs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

_FINALITY_SECONDS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)
_WORK_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


class _Counted(Collector):
    """Counters that somebody else keeps, by label; read when they are asked for."""

    def __init__(self, name: str, text: str, label: str, counts: Callable[[], Mapping[str, int]]) -> None:
        self._name = name
        self._text = text
        self._label = label
        self._counts = counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(f"eqz_{self._name}", self._text, labels=(self._label,))
        for value, count in sorted(self._counts().items()):
            family.add_metric((value,), count)
        yield family


class _Shown(Collector):
    """Figures that somebody else keeps, by label; read when they are asked for."""

    def __init__(self, name: str, text: str, label: str, figures: Callable[[], Mapping[str, int]]) -> None:
        self._name = name
        self._text = text
        self._label = label
        self._figures = figures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(f"eqz_{self._name}", self._text, labels=(self._label,))
        for value, figure in sorted(self._figures().items()):
            family.add_metric((value,), figure)
        yield family


class NodeMetrics:
    """One registry a node, so that several nodes may live in one process in tests."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"eqz_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"eqz_{name}", text, registry=self.registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"eqz_{name}", text, buckets=buckets, registry=self.registry)

        self.height = gauge("height", "Last decided height.")
        self.block_time = gauge("block_time_seconds", "Time of the last decided block, seconds since 1970.")
        self.round = gauge("round", "Round of the height being decided; -1 between heights.")
        self.votes = gauge("votes", "1 when this node takes part in deciding, 0 when it only follows.")
        self.recounted_height = gauge("recounted_height", "Height of the last recount of the whole state.")
        self.broken_laws = gauge("broken_laws", "Laws of the budget that the last recount found broken.")
        self.disk_free = gauge("disk_free_bytes", "Free space for this node, at its last look.")
        self.disk_reserve = gauge("disk_reserve_bytes", "Free space below which this node does not vote.")
        self.clock_offset = gauge(
            "clock_offset_seconds", "This machine's clock less the others', as their blocks tell."
        )
        self.peers = gauge("peers", "Links that are up.")
        self.mempool = gauge("mempool_transactions", "Transactions waiting for a block.")
        self.transactions = counter("transactions", "Transactions decided.")
        self.rounds = counter("extra_rounds", "Rounds above 0 in which heights were decided.")
        self.refused = counter(
            "refused", "Transactions refused at admission or building, by code.", ("code",)
        )
        self.blamed = counter("blamed", "Messages that no honest peer sends, by kind.", ("kind",))
        self.equivocations = counter("equivocations", "Validators seen signing two contents.")
        self.faults = counter("execution_faults", "Transactions that broke a rule of ours; each is a bug.")
        self.caught_up = counter("caught_up", "Blocks taken over from peers after being away.")
        self.decide_seconds = histogram(
            "decide_seconds",
            "From entering a height to its decision, blocks with transactions.",
            _FINALITY_SECONDS,
        )
        self.execute_seconds = histogram("execute_seconds", "Building or checking one block.", _WORK_SECONDS)
        self.store_seconds = histogram(
            "store_seconds", "Block log, state and journal of one block.", _WORK_SECONDS
        )

    def expose(self, name: str, text: str, label: str, counts: Callable[[], Mapping[str, int]]) -> None:
        """Show counters kept elsewhere as `eqz_<name>_total{label=…}`."""
        self.registry.register(_Counted(name, text, label, counts))

    def show(self, name: str, text: str, label: str, figures: Callable[[], Mapping[str, int]]) -> None:
        """Show figures kept elsewhere as `eqz_<name>{label=…}`."""
        self.registry.register(_Shown(name, text, label, figures))

    def exposition(self) -> bytes:
        return generate_latest(self.registry)

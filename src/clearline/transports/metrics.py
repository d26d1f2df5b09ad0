"""Metrics: what Prometheus may read of a node, on loopback.

Link age, receipt latency, call latency, sizes, refusals, and whether the line is safe. No
label ever bears a place, a person or an id of a notice.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from clearline.basis.instants import Instant
from clearline.core.effects import Append, Effect, Tell
from clearline.node.ports import Clock
from clearline.node.runtime import Runtime

__all__ = ["Metrics"]

LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
MAX_OPEN_CALLS = 1_000


class Metrics:
    """One node's metrics."""

    def __init__(self, runtime: Runtime, clock: Clock) -> None:
        self.registry = CollectorRegistry()
        self._clock = clock
        self._opened: dict[str, Instant] = {}
        self.receipts = Histogram(
            "clearline_receipt_seconds",
            "From a push to the counterpart's verified receipt.",
            buckets=LATENCY_S,
            registry=self.registry,
        )
        self.calls = Histogram(
            "clearline_call_ringing_seconds",
            "From our call to the counterpart's node saying that it rings.",
            buckets=LATENCY_S,
            registry=self.registry,
        )
        self.refused = Counter(
            "clearline_refused_requests",
            "Requests of counterparts that were refused, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.registry.register(_Gauges(runtime, clock))

    def heard(self, effect: Effect) -> None:
        """Take the time from a call's opening to its first ring."""
        match effect:
            case Append(kind="call.opened", id=call):
                if len(self._opened) < MAX_OPEN_CALLS:
                    self._opened[call] = self._clock.now()
            case Tell(code="call_ringing", about=str(call)):
                opened = self._opened.pop(call, None)
                if opened is not None:
                    self.calls.observe(self._clock.now().since(opened) / 1_000)
            case _:
                pass

    def serve(self, listen: str) -> None:
        """Serve `/metrics` on a loopback address from a thread of its own."""
        host, _, port = listen.rpartition(":")
        start_http_server(int(port), addr=host.strip("[]"), registry=self.registry)


class _Gauges(Collector):
    """What is read off the runtime at each scrape."""

    def __init__(self, runtime: Runtime, clock: Clock) -> None:
        self._runtime = runtime
        self._clock = clock

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield every gauge as it stands."""
        runtime, now = self._runtime, self._clock.now()
        safe = GaugeMetricFamily("clearline_safe", "1 while the node is sure that it records.")
        safe.add_metric([], 0 if runtime.unsafe else 1)
        size = GaugeMetricFamily("clearline_journal_bytes", "The journal on its disk.")
        size.add_metric([], runtime.journal.size_bytes())
        events = GaugeMetricFamily("clearline_journal_events", "Events in the journal.")
        events.add_metric([], runtime.state.seq)
        age = GaugeMetricFamily(
            "clearline_link_age_seconds", "Since the last cosignature.", labels=["counterpart"]
        )
        backlog = GaugeMetricFamily(
            "clearline_link_backlog_entries", "Entries without a receipt.", labels=["counterpart"]
        )
        for link in list(runtime.state.links.values()):
            since = link.receipt_at or link.opened_at
            age.add_metric([link.them], now.since(since) / 1_000)
            backlog.add_metric([link.them], runtime.backlog(link.id))
        return (safe, size, events, age, backlog)

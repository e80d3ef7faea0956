"""Metrics from events on the bus: arriving log events, calls of functions.

"Monitoring with CloudWatch metrics" (CloudWatch Logs),
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
"Types of metrics for Lambda functions",
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bonkei.base.events import Bus, FunctionMeasured, LogEventsIngested
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id

NAMES = frozenset(
    {
        *(("AWS/Logs", name) for name in ("IncomingBytes", "IncomingLogEvents")),
        *(
            ("AWS/Lambda", name)
            for name in (
                "AsyncEventAge",
                "AsyncEventsDropped",
                "AsyncEventsReceived",
                "ConcurrentExecutions",
                "DeadLetterErrors",
                "DestinationDeliveryFailures",
                "Duration",
                "Errors",
                "Invocations",
                "Throttles",
            )
        ),
    }
)
_MOST = 10_000  # data points of functions between two minutes


class Spoken:
    """Listens from its making on."""

    def __init__(self, bus: Bus) -> None:
        self._events: dict[str, int] = defaultdict(int)
        self._bytes: dict[str, int] = defaultdict(int)
        self._functions: list[FunctionMeasured] = []
        self._undo = (
            bus.subscribe(LogEventsIngested, self._on_log_events),
            bus.subscribe(FunctionMeasured, self._on_function),
        )

    def _on_log_events(self, ingested: LogEventsIngested) -> None:
        self._events[ingested.log_group] += len(ingested.events)
        self._bytes[ingested.log_group] += sum(len(one.message) for one in ingested.events)

    def _on_function(self, measured: FunctionMeasured) -> None:
        if len(self._functions) < _MOST:
            self._functions.append(measured)

    def minute(self, now: float) -> Iterator[Datum]:
        """Since the last one."""
        for group, count in self._events.items():
            for dimensions in ({"LogGroupName": group}, {}):
                events = metric_id("AWS/Logs", "IncomingLogEvents", dimensions)
                size = metric_id("AWS/Logs", "IncomingBytes", dimensions)
                yield Datum(events, now, ((1.0, float(count)),), unit="None")
                yield datum(size, now, float(self._bytes[group]), "Bytes")
        for one in self._functions:
            for dimensions in ({"FunctionName": one.function}, {}):
                metric = metric_id("AWS/Lambda", one.metric, dimensions)
                yield Datum(metric, one.time, ((one.value, 1.0),), unit=one.unit)
        self._events.clear()
        self._bytes.clear()
        self._functions.clear()

    def stop(self) -> None:
        """Listens no longer."""
        for undo in self._undo:
            undo()

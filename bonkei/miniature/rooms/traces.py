"""Spans of programs: the receiver, and the environment variables for tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bonkei.blueprint.service import TaskDefinition
from bonkei.miniature.requests.traces import trace_of
from bonkei.miniature.steps import Steps
from bonkei.traces import Receiver, Span, Spans


class TraceRoom:
    """Without a port it does nothing, and tasks get no variables."""

    def __init__(self, port: int | None) -> None:
        self._port = port
        self._spans = Spans()
        self._receiver = Receiver(self._spans)

    async def start(self, steps: Steps) -> None:
        """Before the first task. TracesError."""
        if self._port is None:
            return
        with steps.step("traces") as step:
            await self._receiver.start(self._port)
            step.detail = f"{self._receiver.url} (OTLP)"

    async def stop(self) -> None:
        await self._receiver.stop()

    def environment(self, definition: TaskDefinition) -> Mapping[str, str]:
        """Variables that the image or the definition sets itself win over these."""
        if not self._receiver.url:
            return {}
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self._receiver.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_SERVICE_NAME": definition.family,
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
        }

    def of(self, ids: Iterable[str]) -> tuple[Span, ...]:
        """The spans of a request, by its ids."""
        return self._spans.of({trace_of(each) or each for each in ids})

    def snapshot(self) -> dict[str, Any]:
        """Empty while nothing is received here."""
        if not self._receiver.url:
            return {}
        return {
            "url": self._receiver.url,
            "spans": len(self._spans),
            "left_out": self._spans.left_out,
            "refused": self._receiver.refused,
        }

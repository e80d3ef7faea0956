"""The newest spans by trace, bounded."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable

from bonkei.traces.span import Span

MOST = 20_000  # spans
MOST_CHARACTERS = 50_000_000  # of their names and values
MOST_OF_TRACE = 500

_XRAY = re.compile(r"\b1-([0-9a-f]{8})-([0-9a-f]{24})\b")


class Spans:
    """When the store is full, the trace without a new span for the longest time is removed.

    If a program's propagator does not know X-Amzn-Trace-Id, the program begins a new trace. If a
    span has the header as an attribute (`http.request.header.x-amzn-trace-id`), its trace is also
    found by that id.
    """

    def __init__(self) -> None:
        self._traces: OrderedDict[str, list[Span]] = OrderedDict()
        self._also: OrderedDict[str, str] = OrderedDict()  # X-Ray's id -> the trace's
        self._count = self._characters = 0
        self.left_out = 0

    def __len__(self) -> int:
        return self._count

    def add(self, spans: Iterable[Span]) -> None:
        for span in spans:
            kept = self._traces.setdefault(span.trace, [])
            self._traces.move_to_end(span.trace)
            if len(kept) >= MOST_OF_TRACE:
                self.left_out += 1
                continue
            kept.append(span)
            self._count += 1
            self._characters += _size(span)
            self._know(span)
        while self._count > MOST or self._characters > MOST_CHARACTERS:
            _, gone = self._traces.popitem(last=False)
            self._count -= len(gone)
            self._characters -= sum(map(_size, gone))
            self.left_out += len(gone)

    def _know(self, span: Span) -> None:
        for name, value in span.attributes:
            if name.endswith("x-amzn-trace-id") and (found := _XRAY.search(value)):
                self._also[found[1] + found[2]] = span.trace
        while len(self._also) > MOST:
            self._also.popitem(last=False)

    def of(self, traces: Iterable[str]) -> tuple[Span, ...]:
        """The spans of these traces, by their begin."""
        wanted = {trace for each in traces for trace in (each, self._also.get(each, each))}
        found = [span for trace in wanted for span in self._traces.get(trace, ())]
        return tuple(sorted(found, key=lambda span: span.begin))


def _size(span: Span) -> int:
    return len(span.name) + sum(len(name) + len(value) for name, value in span.attributes)

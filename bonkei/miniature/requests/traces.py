"""The ids that connect the records of one request: of AWS X-Ray, of W3C's trace context, and
request ids.

"Tracing header" (AWS X-Ray Developer Guide): `Root=1-<8 hex>-<24 hex>`; the same 32 digits without
hyphens are the trace id of W3C's `traceparent` ("Sending trace data to X-Ray", the same guide).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

Headers = Iterable[tuple[bytes, bytes, bytes]]
_XRAY = re.compile(r"\b1-([0-9a-f]{8})-([0-9a-f]{24})\b")
_W3C = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def trace_of(text: str) -> str:
    """The 32 digits of a trace id in X-Ray's or W3C's form; empty without one."""
    if found := _XRAY.search(text):
        return found[1] + found[2]
    found = _W3C.fullmatch(text.strip())
    return found[1] if found else ""


def xray(trace: str) -> str:
    """X-Ray's form of 32 digits."""
    return f"1-{trace[:8]}-{trace[8:]}"


def ids_of(headers: Headers, trace_id: str) -> frozenset[str]:
    """The trace ids and the request id of a request. `trace_id`: the one from the load balancer."""
    found = {trace_of(trace_id)}
    for name, value, _ in headers:
        if name in (b"x-amzn-trace-id", b"traceparent", b"x-request-id"):
            text = value.decode("latin-1")
            found.add(trace_of(text))
            if name == b"x-request-id" and len(text) >= _SHORTEST:
                found.add(text)
    return frozenset(found - {""})


_SHORTEST = 8  # characters; a shorter request id identifies nothing


def spellings(ids: Iterable[str]) -> frozenset[str]:
    """How these ids are written in logs."""
    made = set()
    for each in ids:
        is_trace = re.fullmatch(r"[0-9a-f]{32}", each) is not None
        made |= {each, xray(each)} if is_trace else {each}
    return frozenset(made)

"""Spans that programs export: OTLP over HTTP, on loopback.

receiver   the HTTP side: bounded bodies, protobuf and JSON, gzip
otlp       a request's body becomes spans (pure)
otlp_json  a body of JSON
store      the newest spans by trace, bounded
span       a stored span
"""

from bonkei.traces.errors import TracesError
from bonkei.traces.receiver import Receiver
from bonkei.traces.span import Span
from bonkei.traces.store import Spans

__all__ = ["Receiver", "Span", "Spans", "TracesError"]

"""A stored span."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("internal", "internal", "server", "client", "producer", "consumer")
"""By their numbers in OTLP. The first is no kind at all."""
LONGEST = 300
"""Characters of a name or a value."""
MOST_ATTRIBUTES = 32
UNKNOWN = "unknown_service"


@dataclass(frozen=True, slots=True)
class Span:
    """`trace`: 32 hexadecimal digits, `id` and `parent` 16; a root has no parent. `begin`: Unix
    seconds. `attributes`: names and values, as text. `is_error`: its status says so."""

    trace: str
    id: str
    parent: str
    service: str
    name: str
    kind: str  # internal | server | client | producer | consumer
    begin: float
    seconds: float
    is_error: bool = False
    attributes: tuple[tuple[str, str], ...] = ()

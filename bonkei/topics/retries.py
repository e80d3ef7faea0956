"""How long SNS waits before it delivers again: pure.

Sources: "Amazon SNS message delivery retries", "Creating an HTTP/S delivery policy" in the Amazon
SNS Developer Guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

USUAL_HTTP: Mapping[str, Any] = {
    "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numNoDelayRetries": 0,
    "numMinDelayRetries": 0, "numMaxDelayRetries": 0, "backoffFunction": "linear",
}  # fmt: skip


def delays(protocol: str, policy: Mapping[str, Any] | None = None) -> Iterator[float]:
    """Seconds before each further attempt. After the last one, SNS gives up. `policy`: an HTTP/S
    subscription's `healthyRetryPolicy`."""
    if protocol in ("http", "https"):
        yield from _by_policy({**USUAL_HTTP, **(policy or {})})
    else:  # AWS's own endpoints: Lambda, SQS
        yield from repeat(0.0, 3)
        yield from repeat(1.0, 2)
        yield from _back_off("exponential", 1.0, 20.0, 10)
        yield from repeat(20.0, 100_000)


def _by_policy(policy: Mapping[str, Any]) -> Iterator[float]:
    low, high = float(policy["minDelayTarget"]), float(policy["maxDelayTarget"])
    at_once, at_low, at_high = (
        int(policy[name])
        for name in ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")
    )
    between = max(0, int(policy["numRetries"]) - at_once - at_low - at_high)
    yield from repeat(0.0, at_once)
    yield from repeat(low, at_low)
    yield from _back_off(str(policy["backoffFunction"]), low, high, between)
    yield from repeat(high, at_high)


def _back_off(kind: str, low: float, high: float, count: int) -> Iterator[float]:
    """From `low` to `high` in this many steps, along one of the four documented curves."""
    for step in range(count):
        part = step / (count - 1) if count > 1 else 0.0
        match kind:
            case "exponential" | "geometric" if low > 0:
                yield low * (high / low) ** part
            case "arithmetic":
                yield low + (high - low) * part * (part + 1) / 2
            case _:
                yield low + (high - low) * part

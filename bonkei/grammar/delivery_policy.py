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


_MOST_RETRIES, _LONGEST = 100, 3_600
_CURVES = ("arithmetic", "exponential", "geometric", "linear")


def problem(policy: Any) -> str:
    """Say why SNS refuses a `DeliveryPolicy`. The result is empty when it is valid."""
    if not isinstance(policy, Mapping):
        return "DeliveryPolicy: must be a JSON object"
    found = policy.get("healthyRetryPolicy")
    if found is None:
        return ""
    if not isinstance(found, Mapping):
        return "DeliveryPolicy: healthyRetryPolicy must be a JSON object"
    wrong = (name for name in USUAL_HTTP if name in found and not _is_valid(name, found[name]))
    name = next(wrong, "")
    return f"DeliveryPolicy: healthyRetryPolicy.{name} is invalid" if name else ""


def _is_valid(name: str, value: Any) -> bool:
    if name == "backoffFunction":
        return value in _CURVES
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 1 <= value <= _LONGEST if name.endswith("Target") else 0 <= value <= _MOST_RETRIES


def delays(protocol: str, policy: Mapping[str, Any] | None = None) -> Iterator[float]:
    """Return the seconds to wait before each further attempt. After the last one, SNS gives up.
    `policy` is the `healthyRetryPolicy` of an HTTP/S subscription."""
    if protocol in ("http", "https"):
        given = policy if isinstance(policy, Mapping) else {}
        valid = {name: value for name, value in given.items() if _is_valid(name, value)}
        yield from _by_policy({**USUAL_HTTP, **valid})
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
    """Go from `low` to `high` in this many steps, along one of the four documented curves."""
    for step in range(count):
        part = step / (count - 1) if count > 1 else 0.0
        match kind:
            case "exponential" | "geometric" if low > 0:
                yield low * (high / low) ** part
            case "arithmetic":
                yield low + (high - low) * part * (part + 1) / 2
            case _:
                yield low + (high - low) * part

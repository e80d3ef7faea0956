"""Explanations and access records as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bonkei.services.edge import AccessRecord
from bonkei.services.edge.explain import Considered, Expected, Explanation, Place, Step

Line = Callable[[Place], str]
_SECRET = re.compile(
    r"pass|token|secret|key|auth|session|csrf|cookie|credential|signature", re.IGNORECASE
)
MASK = "••••"


def explanation(told: Explanation, line: Line) -> dict[str, Any]:
    """`steps`, and the `expected` result."""
    return {
        "steps": [step(each, line) for each in told.steps],
        "expected": expected(told.expected),
    }


def step(each: Step, line: Line) -> dict[str, Any]:
    """`place`: `file:line` of the definition; empty if unknown."""
    return {
        "layer": each.layer,
        "name": each.name,
        "text": each.text,
        "address": each.place.address,
        "place": line(each.place),
        "considered": [_considered(one, line) for one in each.considered],
        "values": [list(pair) for pair in each.values],
    }


def _considered(each: Considered, line: Line) -> dict[str, Any]:
    return {
        "name": each.name,
        "outcome": each.outcome,
        "why": each.why,
        "address": each.place.address,
        "place": line(each.place),
    }


def expected(told: Expected) -> dict[str, Any]:
    """`status`: null if the target decides. `targets`: the next one first."""
    return {
        "by": told.by,
        "status": told.status or None,
        "cache": told.cache_result,
        "blocked_by": told.blocked_by,
        "rule": told.rule,
        "target_group": told.target_group_arn,
        "targets": list(told.targets),
        "is_chance": told.is_chance,
        "redirect": told.redirect_url,
    }


def record(access: AccessRecord) -> dict[str, Any]:
    """A finished request. Values of a query that may be secret are masked."""
    return {
        "listener": access.listener,
        "host": access.host,
        "method": access.method,
        "target": shown_target(access.target),
        "status": access.status or None,
        "milliseconds": round(access.seconds * 1000, 3),
        "client": access.client,
        "cache": access.cache_result,
        "blocked_by": access.blocked_by,
        "rule": access.rule,
        "target_group": access.target_group_arn,
        "task": access.task_id,
        "retries": int(access.retries or 0),
        "received_bytes": access.received_bytes,
        "sent_bytes": access.sent_bytes,
        "trace_id": access.trace_id,
        "counted_rules": [rule for verdict, _ in access.inspections for rule in verdict.counted],
    }


def shown_target(target: str) -> str:
    """Path and query."""
    path, mark, query = target.partition("?")
    if not mark:
        return path
    return f"{path}?{'&'.join(map(_argument, query.split('&')))}"


def _argument(argument: str) -> str:
    name, equals, _ = argument.partition("=")
    return f"{name}={MASK}" if equals and _SECRET.search(name) else argument


def differences(told: Expected, access: AccessRecord) -> list[str]:
    """The differences between the real way of a request and the way explained before."""
    compared = [
        ("the status", told.status or access.status, access.status),
        ("what blocks it", told.blocked_by, access.blocked_by),
        ("the rule", told.rule, access.rule),
    ]
    if not told.is_chance and told.targets:
        compared.append(("the target", told.targets[0], access.task_id))
    if told.by == "cache":
        compared.append(("the cache", told.cache_result, access.cache_result))
    return [
        f"{what}: explained was {one or 'none'}, it was {other or 'none'}"
        for what, one, other in compared
        if one != other
    ]

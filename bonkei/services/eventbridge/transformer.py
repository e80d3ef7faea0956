"""An event as its target receives it. Pure.

"Amazon EventBridge input transformation",
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_PLACE = re.compile(r"<([A-Za-z0-9_.-]+)>")
_STEP = re.compile(r"\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]")
_MISSING = object()


def at(path: str, event: Mapping[str, Any]) -> Any:
    """The value of `$.detail.state`; None if it is missing."""
    value: Any = event
    for name, quoted, index in _STEP.findall(path.removeprefix("$")):
        if index:
            value = (
                value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
            )
        else:
            value = value.get(name or quoted) if isinstance(value, Mapping) else None
    return value


def transformed(
    template: str,
    paths: Mapping[str, str],
    event: Mapping[str, Any],
    rule_arn: str,
    rule_name: str,
    now: float,
) -> str:
    """InputTemplate with InputPathsMap. Inside a quoted text, a value has no quotation marks;
    elsewhere it is JSON."""
    ingested = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    known: dict[str, Any] = {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": ingested,
        "aws.events.event": {k: v for k, v in event.items() if k != "detail"}
        | {"detail": event.get("detail")},
        "aws.events.event.json": event,
    }
    known |= {name: at(path, event) for name, path in paths.items()}

    def spelled(found: re.Match[str]) -> str:
        value = known.get(found[1], _MISSING)
        if value is _MISSING:
            return found[0]
        in_text = _is_in_text(template, found.start())
        if value is None:
            return "" if in_text else '""'
        if in_text:
            text = value if isinstance(value, str) else json.dumps(value)
            return json.dumps(text)[1:-1]
        return json.dumps(value)

    return _PLACE.sub(spelled, template)


def _is_in_text(template: str, position: int) -> bool:
    """Whether an odd number of quotation marks precedes the place."""
    return len(re.findall(r'(?<!\\)"', template[:position])) % 2 == 1

"""Converts an alarm's settings to text and back. Used for alarms made by calls. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm, Metric, MetricQuery


def written(alarm: Alarm | CompositeAlarm) -> str:
    """The alarm as JSON."""
    return json.dumps(asdict(alarm))


def read(text: str) -> Alarm | CompositeAlarm:
    """The alarm from such JSON. Raises ValueError, TypeError or KeyError if the text has no
    settings."""
    given = {name: _tuples(value) for name, value in json.loads(text).items()}
    if "rule" in given:
        return CompositeAlarm(**given)
    return Alarm(
        **given
        | {
            "metric": _metric(given["metric"]),
            "queries": tuple(
                MetricQuery(**query | {"metric": _metric(query["metric"])})
                for query in given["queries"]
            ),
        }
    )


def _metric(given: Mapping[str, Any] | None) -> Metric | None:
    if given is None:
        return None
    return Metric(**{name: _tuples(value) for name, value in given.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value

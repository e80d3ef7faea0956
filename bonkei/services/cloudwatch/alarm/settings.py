"""Converts an alarm's settings to text and back. Used for alarms made by calls. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict

from bonkei.base import kept
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm


def written(alarm: Alarm | CompositeAlarm) -> str:
    """The alarm as JSON."""
    return json.dumps(asdict(alarm))


def read(text: str) -> Alarm | CompositeAlarm:
    """The alarm from such JSON. Raises ValueError, TypeError or AttributeError if the text has no
    settings."""
    given = json.loads(text)
    return kept.load(CompositeAlarm, given) if "rule" in given else kept.load(Alarm, given)

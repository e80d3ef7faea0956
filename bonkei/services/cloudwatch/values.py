"""What CloudWatch needs from others, and what it shows of itself."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bonkei.services.cloudwatch.metric.model import Datum


@dataclass(frozen=True, slots=True)
class Around:
    """The functions that CloudWatch needs from others. `measure` gives the measurements of the
    seconds before a time. `act` takes an action's ARN, a subject and a message, and raises a
    BonkeiError if it cannot act. `put_event` takes an event in AWS's form."""

    measure: Callable[[float, float], Iterable[Datum]]
    act: Callable[[str, str, str], Awaitable[None]]
    put_event: Callable[[dict[str, Any]], None]
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class AlarmSnapshot:
    """Times are in Unix seconds. `problem`: why the alarm is not evaluated. `acknowledged_by`: who
    works on it."""

    name: str
    state: str
    since: float
    reason: str
    problem: str = ""
    acknowledged_by: str = ""
    acknowledged_at: float = 0.0


@dataclass(frozen=True, slots=True)
class MonitorSnapshot:
    """`compression`: how many of AWS's minutes pass in one minute here. `not_measured`: metrics
    that alarms use and no part of the miniature measures. `notes`: differences from the
    definitions."""

    alarms: tuple[AlarmSnapshot, ...] = ()
    metrics: int = 0
    compression: int = 1
    not_measured: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failed_actions: int = 0

"""Whether a composite alarm's actions are kept back by its suppressor. Pure.

"Suppressing composite alarm actions", Amazon CloudWatch User Guide,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
"""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.monitor.alarm.evaluation import State

ALARM, WAIT, EXTENSION = "Alarm", "WaitPeriod", "ExtensionPeriod"
"""ActionsSuppressedBy of the API."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """`by`: the reason why the actions are suppressed, or empty; `until`: when a period ends (Unix
    seconds). `announced`: the state of which the actions were taken last, or empty before the
    first.
    """

    by: str = ""
    until: float = 0.0
    announced: str = ""


NOTHING = Suppression()


@dataclass(frozen=True, slots=True)
class Periods:
    """In seconds, of time as it passes here."""

    wait: float
    extension: float


def follow(
    before: Suppression, state: State, suppressor: State, now: float, periods: Periods
) -> tuple[Suppression, bool]:
    """The situation after a minute, or after a change of one of the two, and whether the actions
    of the composite alarm's `state` are to be taken now.
    """
    if suppressor is State.ALARM:
        return Suppression(ALARM, 0.0, before.announced), False
    is_pending = bool(before.announced) and state != before.announced
    if before.by == ALARM:
        by, until = EXTENSION, now + periods.extension
    elif before.by:
        by, until = before.by, before.until
    elif is_pending:
        by, until = WAIT, now + periods.wait
    else:
        return before, False
    if now < until:
        return Suppression(by, until, before.announced), False
    return Suppression(announced=str(state.value)), is_pending

"""Whether the suppressor of a composite alarm suppresses its actions. Pure.

"Suppressing composite alarm actions", Amazon CloudWatch User Guide,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
"""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.services.cloudwatch.alarm.evaluation import State

ALARM, WAIT, EXTENSION = "Alarm", "WaitPeriod", "ExtensionPeriod"
"""ActionsSuppressedBy of the API."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """`by`: why the actions are suppressed, or empty. `until`: when the period ends (Unix seconds).
    `announced`: the last state with actions taken, or empty before the first."""

    by: str = ""
    until: float = 0.0
    announced: str = ""


NOTHING = Suppression()


@dataclass(frozen=True, slots=True)
class Periods:
    """The wait and the extension period, in seconds of the time here."""

    wait: float
    extension: float

    def of(self, by: str) -> float:
        """The length of the period with this name."""
        return self.extension if by == EXTENSION else self.wait


def follow(
    before: Suppression, state: State, suppressor: State, now: float, periods: Periods
) -> tuple[Suppression, bool]:
    """The suppression after a minute, or after a change of one of the two alarms; and whether to
    take the actions of the composite alarm's `state` now."""
    if suppressor is State.ALARM:
        return Suppression(ALARM, 0.0, before.announced), False
    is_pending = bool(before.announced) and state != before.announced
    if before.by == ALARM:
        by, until = EXTENSION, now + periods.extension
    elif before.by:
        # The clock may have been set back: no period is longer than it was.
        by, until = before.by, min(before.until, now + periods.of(before.by))
    elif is_pending:
        by, until = WAIT, now + periods.wait
    else:
        return before, False
    if now < until:
        return Suppression(by, until, before.announced), False
    return Suppression(announced=str(state.value)), is_pending

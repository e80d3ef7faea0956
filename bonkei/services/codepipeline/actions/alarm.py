"""The rule CloudWatchAlarm. It succeeds unless the alarm is in one of the states within the wait.

https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-CloudWatchAlarm.html: the
states are those "to monitor". Use cases in "Stage conditions" block a stage, or roll it back, when
the alarm is in ALARM; so that is the default.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bonkei.base.aws_service import Asks, AwsServiceError
from bonkei.services.codepipeline.actions.artifact import require
from bonkei.services.codepipeline.core.values import Finished
from bonkei.services.codepipeline.runners import ActionWork, AfterRestart

StateOf = Callable[[str], str]
"""An alarm's state by its name; empty: there is none."""
Sleep = Callable[[float], Awaitable[None]]
_STATES = ("ALARM", "INSUFFICIENT_DATA", "OK")
_POLL = 1.0


class CloudWatchAlarm:
    """`minute`: how many seconds a minute of the alarms takes. After a restart the wait begins
    again."""

    after_restart: AfterRestart = "again"

    def __init__(
        self, state_of: StateOf, asks: Asks, minute: float, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._state_of = state_of
        self._asks = asks
        self._minute = minute
        self._sleep = sleep

    async def run(self, work: ActionWork) -> Finished:
        name = work.settings.get("AlarmName", "")
        watched = [each.strip() for each in work.settings.get("AlarmStates", "ALARM").split(",")]
        if unknown := [each for each in watched if each not in _STATES]:
            raise AwsServiceError("ConfigurationError", f"AlarmStates has {', '.join(unknown)}")
        require(
            self._asks, work, work.arn("cloudwatch", f"alarm:{name}"), "cloudwatch:DescribeAlarms"
        )
        left = _minutes(work.settings.get("WaitTime", "0")) * self._minute
        while True:
            state = self._state_of(name)
            if not state:
                raise AwsServiceError("ConfigurationError", f"There is no alarm {name!r}")
            if state in watched:
                why = f"The alarm {name} is in {state}"
                return Finished(False, error_code="JobFailed", error_message=why)
            if left <= 0:
                return Finished(True, f"The alarm {name} is in {state}")
            await self._sleep(min(_POLL, left))
            left -= _POLL


def _minutes(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        raise AwsServiceError(
            "ConfigurationError", f"WaitTime is {text!r}, and no number"
        ) from None

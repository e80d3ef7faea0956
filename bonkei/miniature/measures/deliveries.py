"""AWS/Events and AWS/Scheduler, from each delivery that is over."""

from __future__ import annotations

import time
from collections.abc import Callable

from bonkei.blueprint.sns import EventRule
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.eventbridge import failures

NAMES = failures.NAMES


def counted(put: Callable[[Datum], None]) -> Callable[[EventRule, str], None]:
    """Count one of a rule or a schedule, and of all."""

    def count(rule: EventRule, name: str) -> None:
        of_schedule = ":scheduler:" in rule.arn
        own = {"ScheduleGroup": rule.group} if of_schedule else {"RuleName": rule.name}
        for dimensions in (own, {}):
            namespace = "AWS/Scheduler" if of_schedule else "AWS/Events"
            put(datum(metric_id(namespace, name, dimensions), time.time(), 1.0, "Count"))

    return count

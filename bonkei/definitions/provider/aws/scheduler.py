"""Amazon EventBridge Scheduler: schedules and their groups.

https://docs.aws.amazon.com/scheduler/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, doubted
from bonkei.definitions.provider.aws.shared.formats import arn, doubtful_rate, schedule
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _schedule(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    group = mint.given("group_name") or "default"
    return {
        "id": f"{group}/{name}",
        "arn": mint.arn("scheduler", f"schedule/{group}/{name}"),
        "name": name,
        "group_name": group,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_scheduler_schedule": resource(
        _schedule,
        at("schedule_expression", schedule),
        doubted("schedule_expression", doubtful_rate),
        at("target.arn", arn()),
        at("target.role_arn", arn("iam")),
    ),
    "aws_scheduler_schedule_group": resource(
        lambda mint: {
            "id": mint.name(),
            "arn": mint.arn("scheduler", f"schedule-group/{mint.name()}"),
            "name": mint.name(),
            "state": "ACTIVE",
            "creation_date": mint.context.now,
            "last_modification_date": mint.context.now,
        },
    ),
}

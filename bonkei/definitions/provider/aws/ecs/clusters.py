"""Amazon ECS: clusters, capacity providers and account settings, and tools for the other modules.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import each
from bonkei.definitions.provider.aws.shared.checks import at, matches, one_of
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import arn_as_id
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Context, Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

NAME = matches(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}", "letters, digits, - and _, at most 255")

_RESERVED = re.compile(r"(?i)(aws|ecs|fargate)")


def _capacity_provider(value: Value) -> str | None:
    """AWS has two with these beginnings of names; CreateCapacityProvider takes none with them."""
    if value not in ("FARGATE", "FARGATE_SPOT") and _RESERVED.match(str(value)):
        return f"Of those that AWS has, there are FARGATE and FARGATE_SPOT, and no {value}."
    return None


def _insights(config: Object) -> Iterator[Problem]:
    for index, setting in enumerate(each(config.get("setting"))):
        value = setting.get("value")
        if setting.get("name") == "containerInsights" and given(value):
            wrong = one_of("enabled", "disabled", "enhanced")(value)
            if wrong:
                yield Problem(("setting", index, "value"), 'Invalid value for "setting"', wrong)


def _import_cluster(identifier: str, context: Context) -> Object:
    name = identifier.rpartition("/")[2]
    arn_ = f"arn:{context.partition}:ecs:{context.region}:{context.account_id}:cluster/{name}"
    return {"id": arn_, "arn": arn_, "name": name}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_ecs_cluster": resource(
        arn_as_id("ecs", "cluster/"),
        at("name", NAME),
        _insights,
        at("service_connect_defaults.namespace", arn("servicediscovery")),
        import_=_import_cluster,
    ),
    "aws_ecs_cluster_capacity_providers": resource(
        lambda mint: {"id": mint.given("cluster_name")},
        at("capacity_providers", _capacity_provider),
        import_="cluster_name",
    ),
    "aws_ecs_capacity_provider": resource(arn_as_id("ecs", "capacity-provider/")),
    "aws_ecs_account_setting_default": resource(
        lambda mint: {
            "id": mint.given("name"),
            "principal_arn": mint.arn("iam", "root", region=""),
        },
    ),
}

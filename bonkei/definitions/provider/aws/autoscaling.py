"""Amazon EC2 Auto Scaling: groups and launch configurations."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _group(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    path = f"autoScalingGroup:{mint.uuid()}:autoScalingGroupName/{name}"
    return {
        "id": name,
        "name": name,
        "arn": mint.arn("autoscaling", path),
        "default_cooldown": 300,
        "desired_capacity": mint.given("min_size"),
        "health_check_type": "EC2",
    }


def _launch_configuration(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    path = f"launchConfiguration:{mint.uuid()}:launchConfigurationName/{name}"
    return {"id": name, "name": name, "arn": mint.arn("autoscaling", path)}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_autoscaling_group": resource(_group),
    "aws_launch_configuration": resource(_launch_configuration),
}

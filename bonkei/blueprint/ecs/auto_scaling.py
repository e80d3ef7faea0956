"""aws_appautoscaling_target and aws_appautoscaling_policy of an ECS service."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.ecs import AutoScaling, TargetTracking
from bonkei.blueprint.state import State


def read_auto_scaling(service: str, cluster: str, state: State) -> AutoScaling | None:
    """The scalable target of a service with its target-tracking policies; None without one."""
    resource_id = f"service/{cluster}/{service}"
    for target in state.managed("aws_appautoscaling_target"):
        if target.text("service_namespace") == "ecs" and target.text("resource_id") == resource_id:
            return AutoScaling(
                min_capacity=target.integer("min_capacity"),
                max_capacity=target.integer("max_capacity"),
                policies=tuple(_policies(resource_id, state)),
            )
    return None


def _policies(resource_id: str, state: State) -> Iterator[TargetTracking]:
    for policy in state.managed("aws_appautoscaling_policy"):
        config = policy.block("target_tracking_scaling_policy_configuration")
        if policy.text("resource_id") != resource_id or config is None:
            continue
        metric = config.block("predefined_metric_specification")
        yield TargetTracking(
            metric=metric.text("predefined_metric_type") if metric is not None else "",
            target_value=config.number("target_value"),
            scale_in_cooldown=config.number("scale_in_cooldown", 300),
            scale_out_cooldown=config.number("scale_out_cooldown", 300),
            disable_scale_in=config.flag("disable_scale_in"),
        )

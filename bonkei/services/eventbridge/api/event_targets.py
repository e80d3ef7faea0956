"""Targets in the form of the APIs of EventBridge and its Scheduler. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.blueprint.sns import EventTarget

SIMULATED = frozenset({"sns", "lambda", "sqs", "logs", "ecs", "codepipeline"})
_KNOWN = frozenset(
    {"Id", "Arn", "RoleArn", "Input", "InputPath", "InputTransformer", "DeadLetterConfig",
     "RetryPolicy", "EcsParameters", "SqsParameters"}
)  # fmt: skip


def refusal(given: Mapping[str, Any]) -> str:
    """Why the miniature does not support a target; empty if it does."""
    arn = str(given["Arn"])
    service = Arn.of(arn).service
    if service not in SIMULATED:
        return f"Targets of {service or arn} are not simulated."
    if others := sorted(set(given) - _KNOWN):
        return f"The miniature does not know {', '.join(others)} of a target."
    ways = [name for name in ("Input", "InputPath", "InputTransformer") if given.get(name)]
    if len(ways) > 1:
        return f"Only one of Input, InputPath, or InputTransformer must be provided: {given['Arn']}"
    if service == "ecs" and not (given.get("EcsParameters") and given.get("RoleArn")):
        return f"RoleArn and EcsParameters are required for target {arn}."
    return ""


def target_of(given: Mapping[str, Any]) -> EventTarget:
    """The target in a PutTargets or CreateSchedule call."""
    transformer = given.get("InputTransformer") or {}
    policy = given.get("RetryPolicy") or {}
    return EventTarget(
        address="",
        arn=given["Arn"],
        role_arn=given.get("RoleArn", ""),
        input=given.get("Input", ""),
        input_path=given.get("InputPath", ""),
        input_paths=tuple(sorted((transformer.get("InputPathsMap") or {}).items())),
        template=transformer.get("InputTemplate", ""),
        dead_letters=(given.get("DeadLetterConfig") or {}).get("Arn", ""),
        id=given.get("Id", ""),
        retries=int(policy.get("MaximumRetryAttempts", -1)),
        event_age=int(policy.get("MaximumEventAgeInSeconds", -1)),
        message_group=(given.get("SqsParameters") or {}).get("MessageGroupId", ""),
        ecs=given.get("EcsParameters") or {},
    )


def described(target: EventTarget, number: int) -> dict[str, Any]:
    """The target in ListTargetsByRule's form."""
    found = shown(target) | {"Id": target.id or str(number), "InputPath": target.input_path or None}
    if target.template:
        found["InputTransformer"] = {
            "InputPathsMap": dict(target.input_paths),
            "InputTemplate": target.template,
        }
    return found


def shown(target: EventTarget) -> dict[str, Any]:
    """The common part of rules and schedules."""
    found: dict[str, Any] = {
        "Arn": target.arn,
        "RoleArn": target.role_arn or None,
        "Input": target.input or None,
    }
    if target.dead_letters:
        found["DeadLetterConfig"] = {"Arn": target.dead_letters}
    policy = {"MaximumRetryAttempts": target.retries, "MaximumEventAgeInSeconds": target.event_age}
    if limits := {name: value for name, value in policy.items() if value >= 0}:
        found["RetryPolicy"] = limits
    if target.message_group:
        found["SqsParameters"] = {"MessageGroupId": target.message_group}
    if target.ecs:
        found["EcsParameters"] = target.ecs
    return found

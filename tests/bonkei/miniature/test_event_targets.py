"""Targets as calls of the services, and ECS's changes as events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bonkei.aws_service import AwsCall
from bonkei.blueprint import Blueprint
from bonkei.blueprint.notification import EventRule, EventTarget
from bonkei.events import Bus, DeploymentStateChanged, TaskStateChanged
from bonkei.miniature.ecs_events import EcsEvents
from bonkei.miniature.event_targets import EventTargets, TargetError
from bonkei.monitor.events.bus import EventBus


class Service:
    operations = frozenset({"Publish", "Invoke", "RunTask", "CreateLogStream", "PutLogEvents"})

    def __init__(self) -> None:
        self.calls: list[AwsCall] = []

    async def answer(self, call: AwsCall) -> dict[str, Any]:
        self.calls.append(call)
        return {}


@pytest.mark.parametrize(
    ("arn", "operation", "name", "value"),
    [
        ("arn:aws:sns:eu-west-1:1:t", "Publish", "Message", "{}"),
        ("arn:aws:lambda:eu-west-1:1:function:f", "Invoke", "Payload", b"{}"),
        ("arn:aws:logs:eu-west-1:1:log-group:/aws/events/x", "PutLogEvents", "logGroupName",
         "/aws/events/x"),
        ("arn:aws:ecs:eu-west-1:1:cluster/c", "RunTask", "taskDefinition", "task"),
    ],
)  # fmt: skip
async def test_a_target_is_called(arn: str, operation: str, name: str, value: object) -> None:
    service = Service()
    targets = EventTargets(dict.fromkeys(("sns", "lambda", "logs", "ecs"), service))
    await targets.deliver(EventTarget("t", arn, task_definition_arn="task"), "{}")

    assert service.calls[-1].operation == operation
    assert service.calls[-1].parameters[name] == value


@pytest.mark.parametrize("arn", ["arn:aws:sqs:eu-west-1:1:q", "arn:aws:states:eu-west-1:1:x", "x"])
async def test_a_target_that_is_not_here_is_named(arn: str) -> None:
    with pytest.raises(TargetError, match=r"nobody here answers|not simulated"):
        await EventTargets({}).deliver(EventTarget("t", arn), "{}")


async def test_changes_of_ecs_are_events() -> None:
    got: list[dict[str, Any]] = []

    async def deliver(_target: EventTarget, payload: str) -> None:
        got.append(json.loads(payload))

    bus, events = Bus(), EventBus(deliver)
    target = EventTarget("t", "a")
    events.follow([EventRule("r", "r", "r", '{"source": ["aws.ecs"]}', deliveries=(target,))])
    ecs = EcsEvents(bus, events)
    ecs.follow(Blueprint())
    service = "arn:aws:ecs:eu-west-1:1:service/main/web"
    bus.publish(TaskStateChanged(service, "t1", "STOPPED", "UNKNOWN", "exit code 3"))
    bus.publish(DeploymentStateChanged(service, "web:2", "FAILED", "tasks failed to start"))
    for _ in range(5):
        await asyncio.sleep(0)
    ecs.stop()
    await events.stop()

    kinds = {event["detail-type"]: event["detail"] for event in got}
    assert kinds["ECS Task State Change"]["stoppedReason"] == "exit code 3"
    assert kinds["ECS Deployment State Change"]["eventName"] == "SERVICE_DEPLOYMENT_FAILED"

"""Targets as calls to the services, and ECS's changes as events."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from aws import InMemoryAws

from bonkei.base.aws_service import AwsServiceError, RoleSession, ServicePrincipal
from bonkei.base.events import Bus, DeploymentStateChanged, ServiceEvent, TaskStateChanged
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service as DefinedService
from bonkei.blueprint.sns import EventRule, EventTarget
from bonkei.blueprint.storage import Queue
from bonkei.miniature.measures.deliveries import counted
from bonkei.miniature.measures.measures import MEASURED
from bonkei.miniature.measures.queues import QueueDepths
from bonkei.miniature.parts.ecs.events import EcsEvents
from bonkei.services.ecs.api.values import EcsTask
from bonkei.services.ecs.snapshot import ContainerSnapshot
from bonkei.services.endpoint.wire import constraints
from bonkei.services.endpoint.wire.model import load_model
from bonkei.services.eventbridge.bus import EventBus
from bonkei.services.eventbridge.targets import EventTargets, TargetError


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
    aws = InMemoryAws()
    target = EventTarget("t", arn, ecs={"TaskDefinitionArn": "task"}, rule_arn="rule")
    await EventTargets(aws).deliver(target, "{}", {})

    *_, (_, called, given, region) = aws.calls
    assert (called, given[name], region) == (operation, value, "eu-west-1")
    assert aws.principals[-1] == ServicePrincipal("events.amazonaws.com", "rule")
    await EventTargets(aws).deliver(replace(target, role_arn="role"), "{}", {})
    assert aws.principals[-1] == RoleSession("role", "events", "rule")


VPC = {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED"}
PARAMETERS = {
    "TaskDefinitionArn": "task", "TaskCount": 2, "LaunchType": "FARGATE", "Group": "nightly",
    "PlatformVersion": "1.4.0", "PropagateTags": "TASK_DEFINITION",
    "EnableECSManagedTags": True, "Tags": [{"Key": "team", "Value": "a"}],
    "NetworkConfiguration": {"awsvpcConfiguration": VPC},
}  # fmt: skip
OVERRIDES = {"containerOverrides": [{"name": "job", "command": ["all"]}], "cpu": "512"}


@pytest.mark.parametrize(
    ("rule", "by"),
    [
        ("arn:aws:events:eu-west-1:1:rule/nightly", "events-rule/nightly"),
        ("arn:aws:scheduler:eu-west-1:1:schedule/default/nightly", "chronos-schedule/nightly"),
    ],
)
@pytest.mark.parametrize(
    ("payload", "overrides"),
    [
        (json.dumps(OVERRIDES), OVERRIDES),
        (json.dumps({"source": "aws.events", "detail": OVERRIDES}), None),
        ('"text"', None),
        ("text", None),
    ],
)
async def test_a_task_runs_as_its_parameters_say(
    rule: str, by: str, payload: str, overrides: Any
) -> None:
    aws, cluster = InMemoryAws(), "arn:aws:ecs:eu-west-1:1:cluster/c"
    target = EventTarget("t", cluster, role_arn="role", rule_arn=rule, ecs=PARAMETERS)
    await EventTargets(aws).deliver(target, payload, {})
    [(_, operation, given, _)] = aws.calls
    assert operation == "RunTask"
    placed = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}
    assert given == {
        "cluster": cluster, "taskDefinition": "task", "count": 2, "launchType": "FARGATE",
        "group": "nightly", "platformVersion": "1.4.0", "propagateTags": "TASK_DEFINITION",
        "enableECSManagedTags": True, "tags": [{"key": "team", "value": "a"}],
        "networkConfiguration": {"awsvpcConfiguration": placed}, "startedBy": by,
        **({"overrides": overrides} if overrides else {}),
    }  # fmt: skip
    constraints.check(load_model("ecs"), "RunTask", given)


async def test_a_dead_letter_has_attributes() -> None:
    aws = InMemoryAws()
    queue = EventTarget("", "arn:aws:sqs:eu-west-1:1:letters")
    await EventTargets(aws).deliver(queue, "{}", {"ERROR_CODE": "NO_RESOURCE"})
    [(_, _, given, _)] = aws.calls
    code = {"DataType": "String", "StringValue": "NO_RESOURCE"}
    assert given["MessageAttributes"] == {"ERROR_CODE": code}


@pytest.mark.parametrize("arn", ["arn:aws:states:eu-west-1:1:x", "x"])
async def test_a_target_that_is_not_simulated_is_reported(arn: str) -> None:
    with pytest.raises(TargetError, match="not simulated"):
        await EventTargets(InMemoryAws()).deliver(EventTarget("t", arn), "{}", {})


async def test_a_stream_that_exists_gets_the_event() -> None:
    """CreateLogStream fails then."""
    aws = InMemoryAws()

    def exists(_: Any) -> dict[str, Any]:
        raise AwsServiceError("ResourceAlreadyExistsException", "it exists")

    aws.answers = {"CreateLogStream": exists}
    arn = "arn:aws:logs:eu-west-1:1:log-group:/aws/events/x:*"
    await EventTargets(aws).deliver(EventTarget("t", arn), "{}", {})
    assert [operation for _, operation, *_ in aws.calls] == ["CreateLogStream", "PutLogEvents"]


async def test_changes_of_ecs_are_events() -> None:
    got: list[dict[str, Any]] = []

    async def deliver(_target: EventTarget, payload: str, *_: object) -> None:
        got.append(json.loads(payload))

    bus, events = Bus(), EventBus(deliver)
    target = EventTarget("t", "a")
    events.follow([EventRule("r", "r", "r", '{"source": ["aws.ecs"]}', deliveries=(target,))])
    place, service = "arn:aws:ecs:eu-west-1:1", "arn:aws:ecs:eu-west-1:1:service/main/web"
    cluster, definition = f"{place}:cluster/main", f"{place}:task-definition/web:2"
    web = EcsTask(
        "t1", f"{place}:task/main/t1", cluster, definition, "service:web", "STOPPED", "UNKNOWN",
        "Essential container in task exited", 1.25, (ContainerSnapshot("web", "STOPPED", 3),),
        created_at=1.0, stopped_at=2.5, started_by="ecs-svc/1",
    )  # fmt: skip
    ecs = EcsEvents(bus, events, {"t1": web}.get)
    ecs.follow(Blueprint(services=(DefinedService("a", service, "web", cluster, definition, 1),)))
    bus.publish(TaskStateChanged(service, "t0", "STOPPED", "UNKNOWN", "long ago"))
    bus.publish(TaskStateChanged(service, "t1", "STOPPED", "UNKNOWN", web.stopped_reason))
    bus.publish(DeploymentStateChanged(service, "web:2", "COMPLETED", "", "ecs-svc/1"))
    bus.publish(
        DeploymentStateChanged(service, "web:2", "FAILED", "tasks failed to start", "ecs-svc/1")
    )
    for _ in range(5):
        await asyncio.sleep(0)
    ecs.stop()
    await events.stop()

    kinds = {event["detail-type"]: event["detail"] for event in got}
    task = kinds["ECS Task State Change"]
    assert (task["taskDefinitionArn"], task["group"]) == (definition, "service:web")
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited", "Essential container in task exited",
    )  # fmt: skip
    assert [(one["name"], one["exitCode"]) for one in task["containers"]] == [("web", 3)]
    assert (task["startedAt"], task["version"]) == ("1970-01-01T00:00:01.250Z", 2)
    assert kinds["ECS Service Action"]["eventName"] == "SERVICE_STEADY_STATE"
    deployment = kinds["ECS Deployment State Change"]
    assert deployment["eventName"] == "SERVICE_DEPLOYMENT_FAILED"
    assert deployment["deploymentId"] == "ecs-svc/1"  # as `ecs` describes it


async def test_deliveries_are_metrics_of_their_rule_or_schedule_group() -> None:
    put: list[Any] = []
    count = counted(put.append)
    count(EventRule("", "arn:aws:events:eu-west-1:1:rule/r", "r"), "FailedInvocations")
    schedule = "arn:aws:scheduler:eu-west-1:1:schedule/night/s"
    count(EventRule("", schedule, "s", group="night"), "TargetErrorCount")
    assert [(str(one.metric), one.unit) for one in put] == [
        ("AWS/Events FailedInvocations (RuleName=r)", "Count"),
        ("AWS/Events FailedInvocations", "Count"),
        ("AWS/Scheduler TargetErrorCount (ScheduleGroup=night)", "Count"),
        ("AWS/Scheduler TargetErrorCount", "Count"),
    ]
    assert {(one.metric.namespace, one.metric.name) for one in put} <= MEASURED


async def test_a_queue_gets_events_and_is_measured() -> None:
    def attributes(parameters: Any) -> dict[str, Any]:
        if "lost" in parameters["QueueUrl"]:
            raise AwsServiceError("QueueDoesNotExist", "no such queue")
        return {"Attributes": {"ApproximateNumberOfMessages": "3"}}

    arn, put = "arn:aws:sqs:eu-west-1:1:letters", []
    aws = InMemoryAws(answers={"GetQueueAttributes": attributes})
    await EventTargets(aws).deliver(EventTarget("t", arn), "{}", {})
    depths = QueueDepths(aws, put.append)
    depths.follow([Queue("q", f"{arn}-lost", "letters-lost"), Queue("q", arn, "letters")])
    await depths.measure(1000.0)

    sent = {"QueueUrl": "http://localhost/1/letters", "MessageBody": "{}"}
    assert aws.calls[0] == ("sqs", "SendMessage", sent, "eu-west-1")
    (found,) = put
    assert (found.metric.name, found.metric.dimensions) == (
        "ApproximateNumberOfMessagesVisible",
        (("QueueName", "letters"),),
    )
    assert found.values == ((3.0, 1.0),)


async def test_a_fifo_queue_gets_the_targets_group() -> None:
    aws = InMemoryAws()
    for name in ("jobs.fifo", "letters"):  # the latter: a target's dead letters
        target = EventTarget("t", f"arn:aws:sqs:eu-west-1:1:{name}", message_group="nightly")
        await EventTargets(aws).deliver(target, "{}", {})
    assert [given.get("MessageGroupId") for _, _, given, _ in aws.calls] == ["nightly", None]


async def test_a_store_that_rests_is_not_asked_for_its_empty_queues() -> None:
    """Each minute has data all the same."""
    rests = True
    names = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
        "bonkei:AgeOfOldestMessage",
    )

    attributes = {"Attributes": dict.fromkeys(names, "2")}
    aws = InMemoryAws(answers={"GetQueueAttributes": lambda _: attributes})
    put: list[Any] = []
    depths = QueueDepths(aws, put.append, lambda: rests)
    queue = Queue("q", "arn:aws:sqs:eu-west-1:1:letters", "letters")
    depths.follow([queue])

    async def minute() -> tuple[int, float]:
        """How often the store was asked, and the number of messages."""
        aws.calls.clear()
        put.clear()
        await depths.measure(60.0)
        assert len(put) == 4
        return len(aws.calls), put[0].values[0][0]

    # The first time in any case: it may not have run since the start.
    assert [await minute(), await minute(), await minute()] == [(1, 2.0), (0, 0.0), (0, 0.0)]
    rests = False
    assert [await minute(), await minute()] == [(1, 2.0), (1, 2.0)]
    rests = True
    assert await minute() == (0, 0.0)
    depths.follow([queue])
    assert await minute() == (1, 2.0)


async def test_events_of_other_rooms_have_the_envelope_of_aws() -> None:
    """ "CodePipeline events reference": the event that a rule on a failed pipeline gets."""
    got: list[dict[str, Any]] = []

    async def deliver(_target: EventTarget, payload: str, *_: object) -> None:
        got.append(json.loads(payload))

    bus, events = Bus(), EventBus(deliver)
    pattern = {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {"pipeline": ["program"], "state": ["FAILED"]},
    }
    target = EventTarget("t", "a")
    events.follow([EventRule("r", "r", "r", json.dumps(pattern), deliveries=(target,))])
    ecs = EcsEvents(bus, events, lambda _: None)
    arn = "arn:aws:codepipeline:eu-west-1:123456789012:program"
    for state in ("STARTED", "FAILED"):
        detail = {"pipeline": "program", "execution-id": "e", "state": state, "version": 1.0}
        kind = "CodePipeline Pipeline Execution State Change"
        bus.publish(ServiceEvent("aws.codepipeline", kind, (arn,), detail, 1_767_586_927.0))
    for _ in range(5):
        await asyncio.sleep(0)
    ecs.stop()
    await events.stop()

    assert [one["detail"]["state"] for one in got] == ["FAILED"]
    assert (got[0]["account"], got[0]["region"]) == ("123456789012", "eu-west-1")
    assert (got[0]["resources"], got[0]["time"]) == ([arn], "2026-01-05T04:22:07Z")

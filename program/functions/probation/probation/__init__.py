"""Lambda function that Amazon ECS asks whether the new tasks of a deployment may get requests. Its
handler is `probation.handler`.

A task may pass its health checks and end soon after, which the circuit breaker does not count. So
all tasks have to run for some seconds first (`hookDetails`), and none may end meanwhile. Source:
"Lifecycle hooks for Amazon ECS service deployments" (Amazon ECS Developer Guide).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

_LOOK = 10.0  # seconds at most between two looks

Json = Mapping[str, Any]


def handler(event: Json, context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """`event` as ECS gives it: `{"executionDetails": {"serviceArn": "…"}, "hookDetails":
    {"seconds": 60}, …}`."""
    service = str(event["executionDetails"]["serviceArn"])
    _, cluster, name = service.split("/")
    found = ecs().describe_services(cluster=cluster, services=[name])["services"][0]
    deployment = next(each for each in found["deployments"] if each["status"] == "PRIMARY")
    seconds = float(event["hookDetails"]["seconds"])
    answer = decide(deployment, _tasks(cluster, name), time.time(), seconds)
    print(json.dumps({"level": "INFO", "deployment": deployment["id"], **answer}))
    return answer


def decide(deployment: Json, tasks: Sequence[Json], now: float, seconds: float) -> dict[str, Any]:
    """What ECS is told. `tasks`: those that run, and those that have stopped within the hour.
    `seconds`: how long each has to run."""
    own = [task for task in tasks if task.get("startedBy") == deployment["id"]]
    if any(ended_by_itself(task) for task in own):
        return {"hookStatus": "FAILED"}
    ages = [now - task["startedAt"].timestamp() for task in own if task["lastStatus"] == "RUNNING"]
    wanted = max(int(deployment["desiredCount"]), 1)
    left = seconds - min(ages) if len(ages) >= wanted else seconds
    if left <= 0:
        return {"hookStatus": "SUCCEEDED"}
    return {"hookStatus": "IN_PROGRESS", "callBackDelay": math.ceil(min(left, _LOOK))}


def ended_by_itself(task: Json) -> bool:
    """Whether it ran, and then ended or failed a check: no one has stopped it."""
    if not task.get("startedAt") or task.get("desiredStatus") != "STOPPED":
        return False
    is_sick = "health checks" in task.get("stoppedReason", "")
    return is_sick or task.get("stopCode") == "EssentialContainerExited"


def _tasks(cluster: str, service: str) -> list[Json]:
    found: list[Json] = []
    for status in ("RUNNING", "STOPPED"):
        pages = ecs().get_paginator("list_tasks")
        for page in pages.paginate(cluster=cluster, serviceName=service, desiredStatus=status):
            arns = page["taskArns"]
            if arns:
                found += ecs().describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return found


@cache
def ecs() -> Any:
    import boto3  # noqa: PLC0415 - part of Lambda's runtime; slow to load

    return boto3.client("ecs")

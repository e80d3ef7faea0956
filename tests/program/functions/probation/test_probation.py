"""The hook's answers for the tasks that ECS may have at that moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import probation
import pytest

NOW = 1_800_000_000.0
DEPLOYMENT = {"id": "ecs-svc/2", "status": "PRIMARY", "desiredCount": 2}


def task(age: float, **more: Any) -> dict[str, Any]:
    started = datetime.fromtimestamp(NOW - age, UTC)
    running = {"startedBy": "ecs-svc/2", "lastStatus": "RUNNING", "desiredStatus": "RUNNING"}
    return {**running, "startedAt": started, **more}


ENDED = {
    "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited",
}  # fmt: skip
SICK = {
    "lastStatus": "DEACTIVATING", "desiredStatus": "STOPPED",
    "stopCode": "ServiceSchedulerInitiated",
    "stoppedReason": "Task failed ELB health checks in (target-group green)",
}  # fmt: skip
SCALED_IN = {**SICK, "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/2)"}


@pytest.mark.parametrize(
    ("tasks", "status", "wait"),
    [
        ([], "IN_PROGRESS", 10),
        ([task(70)], "IN_PROGRESS", 10),  # the second one is on its way
        ([task(70), task(3)], "IN_PROGRESS", 10),
        ([task(70), task(57.5)], "IN_PROGRESS", 3),
        ([task(70), task(60)], "SUCCEEDED", None),
        ([task(70), task(60), task(9, lastStatus="PENDING")], "SUCCEEDED", None),
        ([task(70), task(60), task(90, **ENDED)], "FAILED", None),
        ([task(70), task(60), task(90, **SICK)], "FAILED", None),
        ([task(70), task(60), task(90, **SCALED_IN)], "SUCCEEDED", None),
        # The old release's may end.
        ([task(70), task(60), task(90, startedBy="ecs-svc/1", **ENDED)], "SUCCEEDED", None),
    ],
)
def test_new_tasks_get_requests_when_all_have_run_for_a_minute(
    tasks: list[Mapping[str, Any]], status: str, wait: int | None
) -> None:
    answer = probation.decide(DEPLOYMENT, tasks, NOW, 60.0)
    assert (answer["hookStatus"], answer.get("callBackDelay")) == (status, wait)


class Ecs:
    """A service with the deployment, and one task that has ended."""

    def describe_services(self, *, cluster: str, services: list[str]) -> Mapping[str, Any]:
        assert (cluster, services) == ("shop", ["web"])
        old = {"id": "ecs-svc/1", "status": "ACTIVE", "desiredCount": 2}
        return {"services": [{"deployments": [old, DEPLOYMENT]}]}

    def get_paginator(self, _: str) -> Ecs:
        return self

    def paginate(self, *, desiredStatus: str, **_: str) -> list[Mapping[str, Any]]:  # noqa: N803
        return [{"taskArns": []}, {"taskArns": ["3"] if desiredStatus == "STOPPED" else []}]

    def describe_tasks(self, *, tasks: list[str], **_: str) -> Mapping[str, Any]:
        assert tasks == ["3"]
        return {"tasks": [task(20, **ENDED)]}


def test_it_asks_ecs_for_the_service_of_the_event(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(probation, "ecs", Ecs)
    service = "arn:aws:ecs:ap-northeast-1:123456789012:service/shop/web"
    event = {"executionDetails": {"serviceArn": service}, "hookDetails": {"seconds": 60}}
    assert probation.handler(event, None) == {"hookStatus": "FAILED"}
    assert json.loads(capsys.readouterr().out)["deployment"] == "ecs-svc/2"

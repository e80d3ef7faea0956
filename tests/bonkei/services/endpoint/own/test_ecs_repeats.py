"""A RunTask that an SDK sends twice starts its tasks once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Caller
from bonkei.services.ecs.api import service as ecs
from bonkei.services.ecs.api.values import RunTask
from tests.bonkei.services.endpoint.own.test_ecs import NETWORK, Double

ASKED = {"cluster": "shop", "taskDefinition": "web", "networkConfiguration": NETWORK, "count": 2}


class Counts(Double):
    """Each task has another id."""

    def run_task(self, task: RunTask) -> str:
        super().run_task(task)
        return f"task{len(self.done)}"


def run(service: AwsService, **parameters: Any) -> list[str]:
    call = AwsCall("ecs", "RunTask", ASKED | parameters, Caller("", "", "1"), "eu-west-1", 0.0)
    answer = asyncio.run(service.answer(call))
    return [task["taskArn"].rpartition("/")[2] for task in answer["tasks"]]


def test_a_repeated_call_starts_nothing() -> None:
    double = Counts()
    service = ecs.service(lambda: double)
    assert run(service, clientToken="a") == run(service, clientToken="a") == ["task1", "task2"]
    assert len(double.done) == 2
    assert run(service, clientToken="b")[0] == "task3"
    run(service)
    run(service)  # without a token, each call is one of its own
    assert len(double.done) == 8


def test_a_token_belongs_to_its_call() -> None:
    double = Counts()
    service = ecs.service(lambda: double)
    run(service, clientToken="a")
    with pytest.raises(AwsServiceError, match="already in use") as caught:
        run(service, clientToken="a", count=1)
    assert caught.value.code == "ConflictException"
    place = "arn:aws:ecs:eu-west-1:1:task/shop"
    assert caught.value.members == {"resourceIds": [f"{place}/task1", f"{place}/task2"]}


def test_a_call_that_was_refused_may_be_made_again() -> None:
    double = Counts()
    service = ecs.service(lambda: double)
    with pytest.raises(AwsServiceError):
        run(service, clientToken="a", taskDefinition="none")
    assert run(service, clientToken="a") == ["task1", "task2"]


def test_old_tokens_are_forgotten() -> None:
    double = Counts()
    service = ecs.service(lambda: double)
    for number in range(1_001):
        run(service, clientToken=str(number), count=1)
    run(service, clientToken="1000", count=1)
    assert len(double.done) == 1_001
    run(service, clientToken="0", count=1)
    assert len(double.done) == 1_002

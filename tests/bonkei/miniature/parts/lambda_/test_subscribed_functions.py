"""Log groups' subscription filters call functions."""

from __future__ import annotations

import base64
import gzip
import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.events import Bus, LogEvent, SubscriptionFilterMatched
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.lambda_.function import Function
from bonkei.miniature.home import Home
from bonkei.miniature.parts.lambda_.functions import FunctionPart, Ways
from bonkei.miniature.parts.lambda_.subscribed_functions import SubscribedFunctions
from bonkei.services.lambda_.outcome import LARGEST_EVENT
from bonkei.services.logs.subscriptions import payloads

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:reader"
GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/app:*"


def matched(*messages: str, function: str = FUNCTION) -> SubscriptionFilterMatched:
    events = tuple(LogEvent(at, text, at, f"id {at}") for at, text in enumerate(messages))
    return SubscriptionFilterMatched(function, "", "errors", "/app", "stream", events)


def content(payload: bytes) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(json.loads(payload)["awslogs"]["data"])))


def declared(*invokers: tuple[str, str]) -> Function:
    return Function(
        "aws_lambda_function.reader", FUNCTION, "reader", "provided.al2023", "handler",
        "arn:aws:iam::123456789012:role/reader", 30, 256, "reader.zip",
        log_group="/aws/lambda/reader", invokers=invokers,
    )  # fmt: skip


class Called:
    """The functions, and what the miniature says. With `denial`, no policy allows a call."""

    def __init__(self, function: Function, denial: str = "") -> None:
        self.events: list[tuple[str, Any]] = []
        self.asked: list[tuple[str, ...]] = []
        self.said: list[str] = []

        def find(arn: str) -> Function:
            if arn != FUNCTION:
                raise AwsServiceError("ResourceNotFoundException", f"Function not found: {arn}")
            return function

        def allows(*asked: str) -> str:
            self.asked.append(asked)
            return denial

        self.functions: Any = SimpleNamespace(find=find, enqueue=self.enqueue)
        self.aws: Any = SimpleNamespace(service=allows)

    def enqueue(self, arn: str, payload: bytes) -> None:
        self.events.append((arn, content(payload)))

    def subscribed(self) -> SubscribedFunctions:
        found = SubscribedFunctions(lambda: self.functions, self.aws, self.said.append)
        found.open()
        return found


async def test_the_room_calls_a_function_also_with_what_came_before_it(tmp_path: Path) -> None:
    called, bus, nothing = Called(declared()), Bus(), SimpleNamespace(note=lambda _: None)
    given: Any = lambda *_: ""  # noqa: E731 - for what is not used
    config: Any = SimpleNamespace(slack_secret="")
    rig = FunctionPart(
        config,
        Home(tmp_path / "home").make(),
        Ways(bus, MemoryVault(), given, tmp_path, called.said.append),
        called.aws,
        given,
        given,
    )
    await rig.start()
    rig.functions.enqueue = called.enqueue  # type: ignore[method-assign, assignment]
    bus.publish(matched("early"))
    await rig.follow(Blueprint(functions=(declared(),)), nothing)  # type: ignore[arg-type]
    bus.publish(matched("ERROR one", "ERROR two"))
    await rig.stop()
    assert [arn for arn, _ in called.events] == [FUNCTION] * 2
    assert [len(found["logEvents"]) for _, found in called.events] == [1, 2]
    assert called.events[1][1] == {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/app",
        "logStream": "stream",
        "subscriptionFilters": ["errors"],
        "logEvents": [
            {"id": "id 0", "timestamp": 0, "message": "ERROR one"},
            {"id": "id 1", "timestamp": 1, "message": "ERROR two"},
        ],
    }


@pytest.mark.parametrize("service", ["logs.amazonaws.com", "logs.eu-west-1.amazonaws.com"])
def test_the_functions_policy_allows_the_service(service: str) -> None:
    called = Called(declared((service, GROUP)))
    called.subscribed().pass_on(matched("ERROR"))
    assert called.asked == [(service, "lambda:InvokeFunction", FUNCTION, GROUP)]
    assert len(called.events) == 1


def test_each_reason_why_not_is_reported_once() -> None:
    called = Called(declared(), denial="no policy allows it")
    subscribed = called.subscribed()
    for function in (FUNCTION, FUNCTION, f"{FUNCTION}-2"):
        subscribed.pass_on(matched("ERROR", function=function))
    assert called.events == []
    assert [text.rpartition(": ")[2] for text in called.said] == [
        "no policy allows it", f"{FUNCTION}-2",
    ]  # fmt: skip


def test_a_call_is_not_larger_than_a_function_takes() -> None:
    """PutLogEvents takes a megabyte, which may be as large when it is compressed."""
    letters = base64.b64encode(random.Random(1).randbytes(190_000)).decode()  # noqa: S311
    found = list(payloads(matched(*[letters] * 4)))
    assert max(map(len, found)) < LARGEST_EVENT
    ids = [event["id"] for payload in found for event in content(payload)["logEvents"]]
    assert ids == [f"id {number}" for number in range(4)]
    assert len(found) == 2

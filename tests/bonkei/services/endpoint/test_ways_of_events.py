"""An alarm reaches a function through a topic, and a function's result its destinations: each
service calls the next one by the client, which asks the policies and records the call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.blueprint.lambda_.function import Function
from bonkei.blueprint.sns import Subscription, Topic
from bonkei.services.cloudwatch.actions import ActionError, AlarmActions
from bonkei.services.endpoint.asking import Asking
from bonkei.services.endpoint.aws_client import AwsClient
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.estate import Estate
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.endpoint.permission.requirement import Place
from bonkei.services.lambda_.destinations import Destinations
from bonkei.services.sns import api
from bonkei.services.sns.carriers import AwsCarriers
from bonkei.services.sns.topics import Topics

ACCOUNT, REGION = "123456789012", "eu-west-1"
TOPIC, FUNCTION = (f"arn:aws:{each}" for each in (
    f"sns:{REGION}:{ACCOUNT}:alarms", f"lambda:{REGION}:{ACCOUNT}:function:notify"))  # fmt: skip
QUEUE, BUS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/b"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/notify"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:slow"
CLOUDWATCH, SNS = "cloudwatch.amazonaws.com", "sns.amazonaws.com"


def lets(service: str, action: str, resource: str, source: str) -> tuple[PolicyStatement, ...]:
    return (
        PolicyStatement("p", "Allow", (action,), resources=(resource,),
                        principals=(("Service", service),),
                        conditions=(("ArnLike", "aws:SourceArn", source),)),
    )  # fmt: skip


class World:
    """A topic with a function, and a client of both; `problem`: the function's refusal."""

    def __init__(self, directory: Path, invoker: str = SNS) -> None:
        self.events: list[Any] = []
        self.sent: list[Any] = []
        self.problem: AwsServiceError | None = None
        subscription = Subscription("s", "lambda", FUNCTION)
        rights = PolicyStatement("r", "Allow", ("sns:Publish", "events:PutEvents"))
        blueprint = Blueprint(
            topics=(Topic("t", TOPIC, "alarms", "", lets(CLOUDWATCH, "sns:Publish", TOPIC, ALARM),
                          (subscription,)),),
            functions=(Function("f", FUNCTION, "notify", "python3.13", "a.b", ROLE, 3, 128,
                                policy=lets(invoker, "lambda:InvokeFunction", FUNCTION, TOPIC)),),
            roles=(Role("r", ROLE, "notify", (), (rights,)),),
        )  # fmt: skip

        async def invoke(call: AwsCall) -> Mapping[str, Any]:
            if self.problem:
                raise self.problem
            self.events.append(json.loads(call.parameters["Payload"]))
            return {"StatusCode": 202}

        async def put_events(call: AwsCall) -> Mapping[str, Any]:
            self.events.extend(call.parameters["Entries"])
            return {}

        async def store(*given: Any) -> Mapping[str, Any]:
            self.sent.append(given)
            return {}

        own: dict[str, AwsService] = {
            "lambda": Operations({"Invoke": invoke}),
            "events": Operations({"PutEvents": put_events}),
        }
        authorizer, issuer = Authorizer("on", Ledger(directory)), Issuer(b"k" * 32, ACCOUNT)
        authorizer.use(Estate(blueprint, Place(ACCOUNT, REGION)))
        self.log = CallLog(directory / "calls.jsonl")
        self.aws = AwsClient(
            own, Asking(authorizer, issuer), issuer, self.log, store, lambda: REGION
        )
        self.said: list[str] = []
        self.topics = Topics(
            directory / "topics", AwsCarriers(self.aws, self._no_mail), self.said.append
        )
        own["sns"] = api.service(self.topics)
        self.topics.apply(blueprint)

    @staticmethod
    def _no_mail(*given: str) -> None:
        raise AssertionError(given)

    @property
    def calls(self) -> list[tuple[str, str, int]]:
        return [(one.caller, one.operation, one.status) for one in self.log.recent()]


async def ring(world: World, alarm: str = ALARM) -> None:
    await AlarmActions(world.aws)(TOPIC, "ALARM", json.dumps({"AlarmArn": alarm}))


async def test_an_alarm_reaches_the_function_through_the_topic(tmp_path: Path) -> None:
    world = World(tmp_path)
    await ring(world)
    await world.topics.stop()
    assert world.calls == [(SNS, "Invoke", 200), (CLOUDWATCH, "Publish", 200)]
    [event] = world.events
    message = event["Records"][0]["Sns"]
    assert (message["Subject"], json.loads(message["Message"])) == ("ALARM", {"AlarmArn": ALARM})


async def test_another_alarm_is_not_let_in_by_the_topics_policy(tmp_path: Path) -> None:
    world = World(tmp_path)
    with pytest.raises(AwsServiceError, match="sns:Publish"):
        await ring(world, f"{ALARM}-2")
    assert (world.calls, world.events) == ([(CLOUDWATCH, "Publish", 403)], [])


@pytest.mark.parametrize("invoker", ["events.amazonaws.com", SNS])
async def test_a_refused_message_is_given_up_at_once(tmp_path: Path, invoker: str) -> None:
    """By the function's policy, or by Lambda; a busy function would be tried again."""
    world = World(tmp_path, invoker)
    if invoker == SNS:
        world.problem = AwsServiceError("ResourceNotFoundException", "it is gone", 404)
    await ring(world)
    while world.topics.snapshot().waiting:
        await asyncio.sleep(0)
    await world.topics.stop()
    assert world.topics.snapshot().failed == 1
    assert "it is lost, as on AWS" in world.said[0]


async def test_an_action_that_is_not_simulated_is_named(tmp_path: Path) -> None:
    with pytest.raises(ActionError, match="ssm"):
        await AlarmActions(World(tmp_path).aws)(f"arn:aws:ssm:{REGION}:1:opsitem:1", "", "{}")


async def test_a_functions_result_reaches_its_destinations_with_its_role(tmp_path: Path) -> None:
    world = World(tmp_path)
    deliver = Destinations(world.aws)
    record = {"requestContext": {"condition": "Success", "functionArn": FUNCTION}}
    await deliver(ROLE, BUS, record, {})
    await deliver(ROLE, QUEUE, record, {"ErrorCode": "200"})
    assert world.events[0]["DetailType"] == "Lambda Function Invocation Result - Success"
    [(session, service, target, message, _)] = world.sent
    assert (session.role, service, target) == (ROLE, "sqs", "AmazonSQS.SendMessage")
    assert message["MessageAttributes"]["ErrorCode"]["DataType"] == "Number"
    with pytest.raises(AwsServiceError, match="lambda:InvokeFunction"):
        await deliver(ROLE, FUNCTION, record, {})

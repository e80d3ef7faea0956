"""Calls of AWS's services among themselves: who may, what a refusal is, and what is recorded."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.aws_service import (
    ADMINISTRATOR,
    AwsCall,
    AwsServiceError,
    Operations,
    Principal,
    RoleSession,
    ServicePrincipal,
)
from bonkei.blueprint import Blueprint
from bonkei.blueprint.iam import PolicyStatement, Role
from bonkei.blueprint.sns import Topic
from bonkei.blueprint.storage import Queue
from bonkei.services.endpoint.asking import Asking
from bonkei.services.endpoint.aws_client import AwsClient
from bonkei.services.endpoint.calls.disturbance import Disturbance
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.estate import Estate
from bonkei.services.endpoint.permission.ledger import Ledger, read_denials
from bonkei.services.endpoint.permission.requirement import Place

ACCOUNT, REGION = "123456789012", "eu-west-1"
TOPIC, QUEUE = f"arn:aws:sns:{REGION}:{ACCOUNT}:news", f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/nightly"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/publisher"
EVENTS = ServicePrincipal("events.amazonaws.com", RULE)
GIVEN = {"TopicArn": TOPIC, "Message": "hello"}
LETTER = {"QueueUrl": f"http://localhost/{ACCOUNT}/letters", "MessageBody": "hello"}
RULE_MAY = PolicyStatement(
    "a", "Allow", ("sns:Publish",), resources=(TOPIC,),
    principals=(("Service", "events.amazonaws.com"),),
    conditions=(("ArnLike", "aws:SourceArn", RULE),),
)  # fmt: skip
ROLE_MAY = PolicyStatement("a", "Allow", ("sns:Publish",), resources=(TOPIC,))


@dataclass
class Called:
    """SNS and the store, and the client of both."""

    directory: Path
    blueprint: Blueprint
    got: list[AwsCall] = field(default_factory=list)
    stored: list[tuple[Any, ...]] = field(default_factory=list)
    problem: Exception | None = None

    def __post_init__(self) -> None:
        async def publish(call: AwsCall) -> Mapping[str, Any]:
            self.got.append(call)
            if self.problem:
                raise self.problem
            return {"MessageId": "1", "SequenceNumber": None}

        async def store(*given: Any) -> Mapping[str, Any]:
            self.stored.append(given)
            return {}

        authorizer, issuer = Authorizer("on", Ledger(self.directory)), Issuer(b"k" * 32, ACCOUNT)
        authorizer.use(Estate(self.blueprint, Place(ACCOUNT, REGION)))
        self.log = CallLog(self.directory / "calls.jsonl")
        self.client = AwsClient(
            {"sns": Operations({"Publish": publish})}, Asking(authorizer, issuer), issuer, self.log,
            store, lambda: REGION,
        )  # fmt: skip

    async def publish(self, principal: Principal, **more: Any) -> Mapping[str, Any]:
        return await self.client.call(principal, "sns", "Publish", {**GIVEN, **more})

    async def refusal(self, principal: Principal, **more: Any) -> AwsServiceError:
        with pytest.raises(AwsServiceError) as caught:
            await self.publish(principal, **more)
        return caught.value

    @property
    def denied(self) -> list[tuple[str, str]]:
        return [
            (one["caller"], one["action"]) for one in read_denials(self.directory / "denied.jsonl")
        ]


@pytest.fixture
def called(tmp_path: Path) -> Called:
    role = Role("r", ROLE, "publisher", (), (ROLE_MAY,))
    return Called(
        tmp_path,
        Blueprint(
            topics=(Topic("t", TOPIC, "news", "", (RULE_MAY,)),),
            queues=(Queue("q", QUEUE, "letters"),),
            roles=(role, Role("o", f"{ROLE}-2", "publisher-2", (), ())),
        ),
    )


@pytest.mark.parametrize(
    ("principal", "arn", "role"),
    [
        (EVENTS, "events.amazonaws.com", ""),
        (RoleSession(ROLE, "s"), f"arn:aws:sts::{ACCOUNT}:assumed-role/publisher/s", ROLE),
        (ADMINISTRATOR, f"arn:aws:iam::{ACCOUNT}:user/bonkei", ""),
    ],
)
async def test_who_may_is_answered_and_recorded(
    called: Called, principal: Principal, arn: str, role: str
) -> None:
    assert await called.publish(principal) == {"MessageId": "1"}  # a client receives no None
    [call], [record] = called.got, called.log.recent()
    assert (call.caller.arn, call.caller.account, call.region) == (arn, ACCOUNT, REGION)
    assert (call.parameters, call.request_id) == (GIVEN, record.request_id)
    said = (record.caller, record.role, record.service, record.operation, record.status)
    assert said == (arn, role, "sns", "Publish", 200)
    assert (record.error, record.resource, called.denied) == ("", TOPIC, [])


@pytest.mark.parametrize(
    "principal",
    [
        ServicePrincipal("events.amazonaws.com", f"{RULE}-2"),
        ServicePrincipal("cloudwatch.amazonaws.com", RULE),
        RoleSession(f"{ROLE}-2", "s"),
    ],
)
async def test_who_may_not_is_refused_and_that_is_recorded(
    called: Called, principal: Principal
) -> None:
    error = await called.refusal(principal)
    assert (error.code, error.status, called.got) == ("AccessDeniedException", 403, [])
    assert "sns:Publish" in error.message
    [(_, action)] = called.denied
    [record] = called.log.recent()
    assert (action, record.status, record.error) == ("sns:Publish", 403, error.code)


async def test_parameters_that_do_not_fit_the_model_are_refused(called: Called) -> None:
    error = await called.refusal(EVENTS, Message=None)
    assert "'message' failed to satisfy constraint: Member must not be null" in error.message
    assert called.got == []


async def test_a_refusal_and_a_full_disk_are_errors_of_the_service(called: Called) -> None:
    called.problem = AwsServiceError("NotFoundException", "no topic", 404)
    assert (await called.refusal(EVENTS)).code == "NotFoundException"
    called.problem = OSError(errno.ENOSPC, "No space left on device")
    error = await called.refusal(EVENTS)
    assert (error.code, error.status, error.message) == (
        "InternalFailure", 500, "No space left on device",
    )  # fmt: skip
    assert [record.status for record in called.log.recent()] == [404, 500]


@pytest.mark.parametrize(("service", "operation"), [("sns", "CreateTopic"), ("ses", "SendEmail")])
async def test_an_operation_that_is_not_answered_is_named(
    called: Called, service: str, operation: str
) -> None:
    with pytest.raises(AwsServiceError, match=f"does not answer {service}:{operation}"):
        await called.client.call(EVENTS, service, operation, {})


async def test_the_store_is_called_as_the_role_or_after_the_queues_own_policy(
    called: Called,
) -> None:
    """The endpoint decides the call of a role. It knows no services, so they are decided before."""
    session = RoleSession(ROLE, "s")
    await called.client.call(session, "sqs", "SendMessage", LETTER, "eu-west-3")
    assert called.stored == [(session, "sqs", "AmazonSQS.SendMessage", LETTER, "eu-west-3")]
    await called.client.call(session, "dynamodbstreams", "GetRecords", {})
    assert called.stored[1][1:3] == ("dynamodb", "DynamoDBStreams_20120810.GetRecords")
    with pytest.raises(AwsServiceError, match="sqs:SendMessage"):
        await called.client.call(EVENTS, "sqs", "SendMessage", LETTER)
    elsewhere = {**LETTER, "QueueUrl": f"http://localhost/{ACCOUNT}/undeclared"}
    await called.client.call(EVENTS, "sqs", "SendMessage", elsewhere)  # it has no known policy
    assert called.stored[2][0] == ADMINISTRATOR
    assert called.log.recent() == ()  # the endpoint records them


async def test_a_fault_of_an_api_concerns_roles(called: Called) -> None:
    called.client.disturb = lambda _names, _operation: Disturbance(refusal="throttle")
    assert (await called.refusal(RoleSession(ROLE, "s"))).code == "ThrottlingException"
    await called.publish(EVENTS)

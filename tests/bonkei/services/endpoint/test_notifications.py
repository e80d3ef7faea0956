"""A bucket's events reach the topics and functions that other services hold, in a real MiniStack.

"Granting permissions to publish event notification messages to a destination" and "Event message
structure" (Amazon S3 User Guide). The topics are real ones; a function is a list of its calls.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.blueprint import Blueprint, read
from bonkei.services.endpoint.permission.estate import Estate
from bonkei.services.endpoint.permission.requirement import Place
from bonkei.services.sns import api as topics_service
from bonkei.services.sns.topics import Topics
from tests.bonkei.blueprint.conftest import make_state
from tests.bonkei.services.endpoint.rigs import ACCOUNT, REGION, Rig, arn
from tests.bonkei.services.sns.test_topics import Carriers

OPEN, CLOSED, FUNCTION = arn("sns", "open"), arn("sns", "closed"), arn("lambda", "function:f")


def policy(resource: str, service: str) -> str:
    statement = {
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish",
        "Resource": resource, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::incoming"}},
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def topic(name: str, service: str) -> dict[str, Any]:
    return {"arn": arn("sns", name), "name": name, "policy": policy(arn("sns", name), service)}


def declared(**topics: str) -> Blueprint:
    """`topics`: the service that each lets in."""
    events = {"events": ["s3:ObjectCreated:*"]}
    state: dict[str, dict[str, Any]] = {
        "aws_s3_bucket.in": {"arn": "arn:aws:s3:::incoming", "bucket": "incoming"},
        "aws_s3_bucket_notification.in": {
            "bucket": "incoming",
            "eventbridge": True,
            "topic": [
                {"id": name, "topic_arn": arn("sns", name), "filter_suffix": ".csv", **events}
                for name in topics
            ],
            "lambda_function": [
                {"id": "f", "lambda_function_arn": FUNCTION, "events": ["s3:ObjectRemoved:*"]}
            ],
        },
        "aws_lambda_function.f": {"arn": FUNCTION, "function_name": "f", "role": "arn:r"},
        "aws_lambda_permission.f": {
            "function_name": "f", "action": "lambda:InvokeFunction", "statement_id": "s3",
            "principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::incoming",
        },
    }  # fmt: skip
    for name, service in topics.items():
        state[f"aws_sns_topic.{name}"] = topic(name, service)
        state[f"aws_sns_topic_subscription.{name}"] = {
            "topic_arn": arn("sns", name), "protocol": "email", "endpoint": f"{name}@example.com",
            "arn": f"{arn('sns', name)}:1",
        }  # fmt: skip
    return read(make_state(state))


@dataclass
class Around:
    """The services beside the endpoint: topics, and a function that is busy for so many calls."""

    topics: Topics
    carriers: Carriers
    busy: int = 0
    called: list[Any] = field(default_factory=list)

    def services(self) -> Mapping[str, AwsService]:
        async def invoke(call: AwsCall) -> dict[str, Any]:
            if self.busy:
                self.busy -= 1
                raise AwsServiceError("TooManyRequestsException", "it is busy", 429)
            assert call.parameters["InvocationType"] == "Event"
            self.called.append(json.loads(call.parameters["Payload"]))
            return {"StatusCode": 202}

        return {
            "sns": topics_service.service(self.topics),
            "lambda": Operations({"Invoke": invoke}),
        }

    def mail(self, name: str) -> list[Any]:
        return [json.loads(text) for who, (_, text) in self.carriers.taken if who.startswith(name)]


def until(condition: Callable[[], Any], within: float = 60) -> Any:
    end = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Around:
    carriers = Carriers()
    topics = Topics(tmp_path_factory.mktemp("topics"), carriers, print)
    return Around(topics, carriers)


@pytest.fixture(scope="module")
def rig(start: Callable[..., Rig], around: Around, tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """The topics come later than the bucket, as at a first start."""
    blueprint = declared(open="s3.amazonaws.com", closed="events.amazonaws.com")
    made = start(tmp_path_factory.mktemp("notifying"), blueprint, around.services())

    async def follow() -> None:
        around.topics.apply(blueprint)

    made.do(follow())
    return made


def test_a_topic_gets_the_test_event_and_each_object(rig: Rig, around: Around) -> None:
    """Only those that match; the test event is sent when the notification is set."""
    [test] = until(lambda: around.mail("open"))
    assert (test["Service"], test["Event"], test["Bucket"]) == (
        "Amazon S3",
        "s3:TestEvent",
        "incoming",
    )
    s3 = rig.client("s3")
    for key in ("a b.csv", "a.txt", "z.csv"):
        s3.put_object(Bucket="incoming", Key=key, Body=b"12")
    found = until(lambda: len(around.mail("open")) == 3 and around.mail("open")[1:])
    [[record], [other]] = sorted(
        (each["Records"] for each in found), key=lambda each: str(each[0]["s3"]["object"]["key"])
    )
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert record["s3"]["configurationId"] == "open"
    assert record["s3"]["bucket"]["arn"] == "arn:aws:s3:::incoming"
    assert (record["s3"]["object"]["key"], record["s3"]["object"]["size"]) == ("a+b.csv", 2)
    assert other["s3"]["object"]["key"] == "z.csv"
    subjects = {said[0] for who, said in around.carriers.taken}
    assert subjects == {"Amazon S3 Notification"}


def test_a_topic_that_does_not_let_s3_in_gets_nothing_and_that_is_said(
    rig: Rig, around: Around
) -> None:
    """ "Unable to validate the following destination configurations": the others are set."""
    notes = rig.cloud.snapshot().notes
    assert [CLOSED in note and "Unable to validate" in note for note in notes] == [True, False]
    assert "for EventBridge are not delivered" in notes[1]
    found = rig.client("s3").get_bucket_notification_configuration(Bucket="incoming")
    assert [each["TopicArn"] for each in found["TopicConfigurations"]] == [OPEN]
    assert around.mail("closed") == []


def test_a_function_is_called_later_and_again_while_it_is_busy(rig: Rig, around: Around) -> None:
    around.busy = 2
    rig.client("s3").delete_object(Bucket="incoming", Key="z.csv")
    [event] = until(lambda: around.called)
    assert event["Records"][0]["eventName"] == "ObjectRemoved:Delete"
    assert event["Records"][0]["s3"]["object"]["key"] == "z.csv"


def test_a_receiver_that_closes_gets_nothing_more(rig: Rig, around: Around) -> None:
    """The policy is asked for each event, and the denial is in the ledger."""
    before = len(around.mail("open"))
    blueprint = declared(open="events.amazonaws.com")
    rig.cloud._authorizer.use(estate(blueprint))
    rig.client("s3").put_object(Bucket="incoming", Key="late.csv", Body=b"1")
    said = until(lambda: [one for one in rig.reports if OPEN in one])
    assert ["gets no events" in one for one in said] == [True]
    assert len(around.mail("open")) == before


def test_the_store_is_killed_and_the_next_event_arrives(rig: Rig, around: Around) -> None:
    rig.cloud._authorizer.use(estate(declared(open="s3.amazonaws.com")))
    before = len(around.mail("open"))
    pid = rig.cloud.store.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: rig.cloud.store.pid not in (pid, None))
    rig.client("s3", retries={"max_attempts": 5}).put_object(
        Bucket="incoming", Key="n.csv", Body=b"1"
    )
    until(lambda: len(around.mail("open")) == before + 1)


def estate(blueprint: Blueprint) -> Estate:
    return Estate(blueprint, Place(ACCOUNT, REGION))

"""What stacks add to topics and queues of calls, and take away again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aws import InMemoryAws

from bonkei.base.aws_service import ADMINISTRATOR
from bonkei.base.events import Bus
from bonkei.blueprint.state import Resource
from bonkei.miniature.parts.attached import Attached, attached
from bonkei.miniature.parts.cloudformation import StackPart
from bonkei.services.sns.api import service
from bonkei.services.sns.topics import Topics
from tests.bonkei.services.sns.test_topics import Carriers

PLACE = "eu-west-1:123456789012"
TOPIC, QUEUE = f"arn:aws:sns:{PLACE}:own", f"arn:aws:sqs:{PLACE}:q"
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/q"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}
        ],
    }
)
SUBSCRIPTION = Resource(
    "shop.Sub",
    {"topic_arn": TOPIC, "protocol": "sqs", "endpoint": QUEUE, "raw_message_delivery": True},
    type="aws_sns_topic_subscription",
)
TOPIC_POLICY = Resource("shop.T", {"arn": TOPIC, "policy": POLICY}, type="aws_sns_topic_policy")
QUEUE_POLICY = Resource("shop.Q", {"queue_url": URL, "policy": POLICY}, type="aws_sqs_queue_policy")
ALL = (SUBSCRIPTION, TOPIC_POLICY, QUEUE_POLICY)


def test_only_what_nothing_declares_is_made_by_calls() -> None:
    topic = Resource("aws_sns_topic.own", {"arn": TOPIC}, type="aws_sns_topic")
    queue = Resource("aws_sqs_queue.q", {"arn": QUEUE, "url": URL}, type="aws_sqs_queue")
    assert list(attached(ALL, (topic, queue)).values()) == []
    assert list(attached(ALL, (topic,)).values()) == [QUEUE_POLICY]
    assert list(attached(ALL, ()).values()) == list(ALL)


@pytest.fixture
def aws(tmp_path: Path) -> InMemoryAws:
    topics = Topics(tmp_path, Carriers(), print)
    topics.subscriptions.create_topic(TOPIC, {})
    return InMemoryAws({"sns": service(topics)})


async def ask(aws: InMemoryAws, operation: str) -> Any:
    return await aws.call(ADMINISTRATOR, "sns", operation, {"TopicArn": TOPIC}, "eu-west-1")


@pytest.mark.parametrize(("region", "found"), [("eu-west-1", True), ("us-east-1", False)])
async def test_a_topic_is_looked_for_in_its_own_region(
    aws: InMemoryAws, tmp_path: Path, region: str, found: bool
) -> None:
    def cloud() -> Any:
        return SimpleNamespace(aws=aws)

    part = StackPart(tmp_path / "stacks", cast("Any", None), cast("Any", None), cloud, Bus(), print)
    name = ("aws_sns_topic", TOPIC.replace("eu-west-1", region))
    assert await part.exists(name) is found
    [call] = aws.calls
    assert call[-1] == region


async def test_they_come_change_and_go(aws: InMemoryAws) -> None:
    usual = (await ask(aws, "GetTopicAttributes"))["Attributes"]["Policy"]
    made = Attached(lambda: aws, ())
    assert await made.follow(attached(ALL, ())) == []
    assert (await ask(aws, "GetTopicAttributes"))["Attributes"]["Policy"] == POLICY
    [one] = (await ask(aws, "ListSubscriptionsByTopic"))["Subscriptions"]
    assert (one["Protocol"], one["Endpoint"]) == ("sqs", QUEUE)
    sent = {"QueueUrl": "http://localhost/123456789012/q", "Attributes": {"Policy": POLICY}}
    assert ("sqs", "SetQueueAttributes", sent, "") in aws.calls

    again = Attached(lambda: aws, ALL)  # after a restart
    otherwise = replace(SUBSCRIPTION, values={**SUBSCRIPTION.values, "raw_message_delivery": False})
    assert await again.follow(attached((otherwise, TOPIC_POLICY), ())) == []
    assert ("sqs", "SetQueueAttributes", sent | {"Attributes": {"Policy": ""}}, "") in aws.calls
    assert len((await ask(aws, "ListSubscriptionsByTopic"))["Subscriptions"]) == 1
    assert await again.follow({}) == []
    assert (await ask(aws, "ListSubscriptionsByTopic"))["Subscriptions"] == []
    assert (await ask(aws, "GetTopicAttributes"))["Attributes"]["Policy"] == usual


async def test_a_refusal_names_the_resource(aws: InMemoryAws) -> None:
    values = {**SUBSCRIPTION.values, "endpoint": "a URL"}
    made = Attached(lambda: aws, ())
    [failed] = await made.follow(attached((replace(SUBSCRIPTION, values=values),), ()))
    assert (failed.subject, failed.reason) == (
        "shop.Sub", "InvalidParameter: Invalid parameter: SQS endpoint ARN",
    )  # fmt: skip

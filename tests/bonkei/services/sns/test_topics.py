"""Topics: who receives what, what is retried, and what survives."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from aiohttp import web

from bonkei.base import link_local
from bonkei.base.aws_service import AwsCall, AwsServiceError, Caller
from bonkei.base.link_local import require_other
from bonkei.blueprint import Blueprint
from bonkei.blueprint.sns import Subscription, Topic
from bonkei.services.endpoint.port.certificate import ca_file, load_tls
from bonkei.services.sns.api import service
from bonkei.services.sns.carriers import AwsCarriers
from bonkei.services.sns.errors import DeliveryError
from bonkei.services.sns.http_delivery import HttpDelivery
from bonkei.services.sns.message import Message
from bonkei.services.sns.subscriptions import Subscription as Subscribed
from bonkei.services.sns.topics import Topics

TOPIC = "arn:aws:sns:eu-west-1:123456789012:news"
QUEUE, DEAD = (f"arn:aws:sqs:eu-west-1:123456789012:{name}" for name in ("q", "dead"))
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"
REDRIVE = ("RedrivePolicy", json.dumps({"deadLetterTargetArn": DEAD}))


@dataclass
class Carriers:
    """The subscribers. `failing` has the refusals, in turn."""

    taken: list[tuple[str, Any]] = field(default_factory=list)
    failing: list[DeliveryError] = field(default_factory=list)

    def _take(self, who: str, what: Any) -> None:
        if self.failing and who != DEAD:
            raise self.failing.pop(0)
        self.taken.append((who, what))

    async def to_function(self, arn: str, event: bytes, topic: str) -> None:
        self._take(arn, json.loads(event))

    async def to_queue(
        self, arn: str, body: str, attributes: Mapping[str, Mapping[str, str]], message: Message
    ) -> None:
        self._take(arn, (body, attributes))

    def to_mailbox(self, address: str, subject: str, text: str) -> None:
        self._take(address, (subject, text))

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.taken) < count:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(
    folder: Path, carriers: Carriers, *subscriptions: Subscription
) -> AsyncIterator[Topics]:
    topics = Topics(folder, carriers, print, pace=10_000)
    topics.apply(Blueprint(topics=(Topic("t", TOPIC, "news", subscriptions=subscriptions),)))
    topics.resume()
    try:
        yield topics
    finally:
        await topics.stop()


async def ask(topics: Topics, operation: str, **parameters: Any) -> Mapping[str, Any]:
    caller = Caller("arn:aws:iam::123456789012:user/me", "me", "123456789012")
    call = AwsCall("sns", operation, parameters, caller, "eu-west-1", 1335390565.719)
    return await service(topics).answer(call)


def to(protocol: str, endpoint: str, *attributes: tuple[str, str]) -> Subscription:
    return Subscription(f"s.{protocol}", protocol, endpoint, attributes)


async def test_each_subscriber_gets_its_own_document(tmp_path: Path) -> None:
    carriers = Carriers()
    wanted = ("FilterPolicy", '{"kind": ["good"]}')
    subscribers = (
        to("lambda", FUNCTION), to("sqs", QUEUE, ("RawMessageDelivery", "true"), wanted),
        to("email", "a@b.test"),
    )  # fmt: skip
    async with running(tmp_path, carriers, *subscribers) as topics:
        kind = {"kind": {"DataType": "String", "StringValue": "good"}}
        answer = await ask(
            topics, "Publish", TopicArn=TOPIC, Message="hi", Subject="S", MessageAttributes=kind
        )
        await carriers.until(3)
        await ask(topics, "Publish", TopicArn=TOPIC, Message="filtered")
        await carriers.until(5)
        assert topics.snapshot().filtered == 1
        assert topics.snapshot().waiting == 0
    got = dict(carriers.taken[:3])
    assert got[FUNCTION]["Records"][0]["Sns"]["MessageId"] == answer["MessageId"]
    assert got[QUEUE] == ("hi", kind)
    assert got["a@b.test"] == ("S", "hi")


async def test_a_fifo_topic_keeps_the_order_of_a_group(tmp_path: Path) -> None:
    """Also behind a message that is tried again, and after a new start."""

    class Unequal(Carriers):
        """Each message takes less time than the one before."""

        waits = 5

        async def to_queue(self, arn: str, body: str, *more: Any) -> None:
            self.waits -= 1
            for _ in range(self.waits):
                await asyncio.sleep(0)
            await super().to_queue(arn, body, *more)

    topic = f"{TOPIC}.fifo"
    raw = ("RawMessageDelivery", "true")
    blueprint = Blueprint(
        topics=(
            Topic(
                "t",
                topic,
                "news.fifo",
                subscriptions=(to("sqs", f"{QUEUE}.fifo", raw),),
                attributes={"ContentBasedDeduplication": "true"},
            ),
        )
    )
    carriers = Unequal(failing=[DeliveryError("busy")])
    topics = Topics(tmp_path, carriers, print, pace=10_000)
    topics.apply(blueprint)
    numbers = []
    for text in ("one", "two", "three"):
        answer = await ask(topics, "Publish", TopicArn=topic, Message=text, MessageGroupId="g")
        numbers.append(answer["SequenceNumber"])
    await carriers.until(3)
    assert [body for _, (body, _) in carriers.taken] == ["one", "two", "three"]
    assert numbers == sorted(set(numbers))
    for text in ("four", "five"):
        await ask(topics, "Publish", TopicArn=topic, Message=text, MessageGroupId="g")
    await topics.stop()
    topics = Topics(tmp_path, carriers, print)
    topics.apply(blueprint)
    topics.resume()
    await carriers.until(5)
    await topics.stop()
    assert [body for _, (body, _) in carriers.taken][3:] == ["four", "five"]


async def test_a_publisher_waits_while_too_many_deliveries_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.base.spool.BYTES", 500_000)
    queue = to("sqs", QUEUE)

    class Stuck(Carriers):
        async def to_queue(self, *_: Any) -> None:
            await asyncio.sleep(3600)

    async with running(tmp_path, Stuck(), queue) as topics:
        for _ in range(5):
            await ask(topics, "Publish", TopicArn=TOPIC, Message="x" * 100_000)
        with pytest.raises(AwsServiceError, match="too many deliveries wait"):
            await ask(topics, "Publish", TopicArn=TOPIC, Message="x")


async def test_a_declared_topic_has_its_attributes(tmp_path: Path) -> None:
    topic = f"{TOPIC}.fifo"
    topics = Topics(tmp_path, Carriers(), print)
    declared = Topic("t", topic, "news.fifo", attributes={"FifoTopic": "true"})
    topics.apply(Blueprint(topics=(declared,)))
    found = (await ask(topics, "GetTopicAttributes", TopicArn=topic))["Attributes"]
    assert found["FifoTopic"] == "true"
    message = {"TopicArn": topic, "Message": "hi", "MessageGroupId": "g"}
    with pytest.raises(AwsServiceError, match="ContentBasedDeduplication enabled or"):
        await ask(topics, "Publish", **message)
    await ask(topics, "Publish", **message, MessageDeduplicationId="1")
    named = {"AttributeName": "ContentBasedDeduplication", "AttributeValue": "true"}
    await ask(topics, "SetTopicAttributes", TopicArn=topic, **named)
    await ask(topics, "Publish", **message)
    await topics.stop()


@pytest.mark.parametrize(
    ("scope", "group", "later", "taken"),
    [
        ("", "g", 0.0, ["one"]),
        ("Topic", "h", 0.0, ["one"]),
        ("MessageGroup", "g", 0.0, ["one"]),
        ("MessageGroup", "h", 0.0, ["one", "one"]),
        ("", "g", 301.0, ["one", "one"]),
    ],
)
async def test_a_fifo_topic_delivers_a_repeated_message_once(
    tmp_path: Path, scope: str, group: str, later: float, taken: list[str]
) -> None:
    """Its standard queues get it once, too. "Amazon SNS message deduplication for FIFO topics"."""
    topic, now, carriers = f"{TOPIC}.fifo", [1000.0], Carriers()
    topics = Topics(tmp_path, carriers, print, lambda: now[0])
    attributes = {"FifoTopic": "true"} | ({"FifoThroughputScope": scope} if scope else {})
    subscriptions = (to("sqs", QUEUE, ("RawMessageDelivery", "true")),)
    declared = Topic("t", topic, "news.fifo", subscriptions=subscriptions, attributes=attributes)
    topics.apply(Blueprint(topics=(declared,)))
    message = {"TopicArn": topic, "Message": "one", "MessageDeduplicationId": "1"}
    first = await ask(topics, "Publish", **message, MessageGroupId="g")
    now[0] += later
    again = await ask(topics, "Publish", **message, MessageGroupId=group)
    await ask(topics, "Publish", **message | {"Message": "two", "MessageDeduplicationId": "2"},
              MessageGroupId="g")  # fmt: skip
    await carriers.until(len(taken) + 1)
    await topics.stop()
    assert (again == first) is (len(taken) == 1)
    assert sorted(body for _, (body, _) in carriers.taken) == [*taken, "two"]


async def test_a_fifo_topics_message_is_not_signed(tmp_path: Path) -> None:
    topic, carriers = f"{TOPIC}.fifo", Carriers()
    subscriptions = (to("sqs", QUEUE), to("lambda", FUNCTION))
    async with running(tmp_path, carriers) as topics:
        declared = Topic("t", topic, "news.fifo", subscriptions=subscriptions)
        topics.apply(Blueprint(topics=(declared,)))
        given = {"MessageGroupId": "g", "MessageDeduplicationId": "1"}
        await ask(topics, "Publish", TopicArn=topic, Message="hi", **given)
        await carriers.until(2)
    got = dict(carriers.taken)
    sent = json.loads(got[QUEUE][0])
    assert "UnsubscribeURL" in sent
    for names in (sent, got[FUNCTION]["Records"][0]["Sns"]):
        assert not [name for name in names if name.startswith("Sign")]


ELSEWHERE = TOPIC.replace("eu-west-1", "us-west-2")
FIFO = f"{TOPIC}.fifo"


@pytest.mark.parametrize(
    ("operation", "parameters", "said"),
    [
        ("CreateTopic", {"Name": "a b!"}, "Topic Name"),
        ("CreateTopic", {"Name": "a" * 257}, "Topic Name"),
        ("CreateTopic", {"Name": "a.fifo"}, "Topic Name"),
        ("CreateTopic", {"Name": "a", "Attributes": {"FifoTopic": "true"}},
         "Topic Name"),
        ("CreateTopic", {"Name": "news", "Attributes": {"DisplayName": "other"}},
         "Attributes Reason: Topic already exists with different attributes"),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": "https://sqs/1/q"}, "SQS endpoint ARN"),
        ("Subscribe", {"TopicArn": "a:b", "Protocol": "sqs", "Endpoint": QUEUE},
         "TopicArn Reason: An ARN must have at least 6 elements, not 2"),
        ("Subscribe", {"Protocol": "pigeon", "Endpoint": "x"},
         "Amazon SNS does not support this protocol string: pigeon"),
        ("CreateTopic", {"Name": "bad:name"}, "Topic Name"),
        ("CreateTopic", {"Name": "news", "Tags": [{"Key": "a", "Value": "1"}]},
         "Tags Reason: Topic already exists with different tags"),
        ("TagResource", {"ResourceArn": TOPIC, "Tags": [{"Key": "a", "Value": "1"}] * 2},
         "Duplicated keys are not allowed."),
        ("SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": "FifoTopic"}, "AttributeName"),
        ("DeleteTopic", {"TopicArn": ELSEWHERE}, "TopicArn"),
        ("Publish", {"TopicArn": ELSEWHERE, "Message": "m"}, "TopicArn"),
        ("Publish", {"TopicArn": "", "Message": "m"},
         "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
        ("Publish", {"TopicArn": TOPIC, "Message": "m", "MessageDeduplicationId": "x"},
         "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter"),
        ("Publish", {"TargetArn": f"{TOPIC[:-4]}endpoint/APNS/a/b", "Message": "m"},
         "TargetArn Reason: No endpoint found for the target arn specified"),
        ("Unsubscribe", {"SubscriptionArn": "pending"},
         "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
        ("Unsubscribe", {"SubscriptionArn": TOPIC}, "SubscriptionId"),
        ("ConfirmSubscription", {"TopicArn": f"{TOPIC}x", "Token": "0" * 288}, "Token"),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": f"{QUEUE}2",
                       "Attributes": {"FilterPolicy": "{\n invalid"}},
         ("FilterPolicy: failed to parse JSON. Unexpected character ('i' (code 105)): was expecting"
          " double-quote to start field name\n at [Source: REDACTED (`StreamReadFeature."
          "INCLUDE_SOURCE_IN_LOCATION` disabled); line: 2, column: 2]")),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": f"{QUEUE}2",
                       "Attributes": {"RedrivePolicy": "invalid"}},
         ("RedrivePolicy: failed to parse JSON. Unrecognized token 'invalid': was expecting (JSON"
          " String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: "
          "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 8]"
          )),
        ("Subscribe", {"Protocol": "sms", "Endpoint": "+1"},
         "Protocol Reason: The miniature does not simulate sms."),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": f"{QUEUE}2",
                       "Attributes": {"RawMessageDelivery": "no"}},
         "Attributes Reason: RawMessageDelivery: Invalid value [no]. Must be true or false."),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": f"{QUEUE}2",
                       "Attributes": {"RedrivePolicy": '{"deadLetterTargetArn": "q"}'}},
         "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
        ("Subscribe", {"TopicArn": FIFO, "Protocol": "sqs", "Endpoint": f"{QUEUE}.fifo",
                       "Attributes": {"RedrivePolicy": REDRIVE[1]}},
         "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": f"{QUEUE}.fifo"},
         "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"),
        ("Subscribe", {"Protocol": "lambda", "Endpoint": QUEUE}, "Lambda endpoint ARN"),
        ("Subscribe", {"Protocol": "https", "Endpoint": "http://a"},
         "Endpoint must match the specified protocol"),
        ("Subscribe", {"Protocol": "email", "Endpoint": "a"}, "Email address"),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": QUEUE,
                       "Attributes": {"RawMessageDelivery": "true"}},
         "Attributes Reason: Subscription already exists with different attributes"),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": f"{QUEUE}2",
                       "Attributes": {"FilterPolicy": '{"a": []}'}},
         "Attributes Reason: FilterPolicy: Empty arrays are not allowed"),
        ("Subscribe", {"Protocol": "sms", "Endpoint": "+1",
                       "Attributes": {"FilterPolicy": '{"a": []}'}},
         "Attributes Reason: FilterPolicy: Empty arrays are not allowed"),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": f"{QUEUE}2",
                       "Attributes": {"FilterPolicyScope": "Random"}},
         "FilterPolicyScope: Invalid value [Random]. Please use either MessageBody or Mess"),
        ("Subscribe", {"TopicArn": ELSEWHERE, "Protocol": "sqs", "Endpoint": QUEUE}, "TopicArn"),
    ],
)  # fmt: skip
async def test_topics_and_subscriptions_that_sns_refuses(
    tmp_path: Path, operation: str, parameters: dict[str, Any], said: str
) -> None:
    async with running(tmp_path, Carriers(), to("sqs", QUEUE)) as topics:
        topics.subscriptions.create_topic(ELSEWHERE, {})
        topics.subscriptions.create_topic(FIFO, {"FifoTopic": "true"})
        given = {"TopicArn": TOPIC} | parameters if operation == "Subscribe" else parameters
        with pytest.raises(AwsServiceError) as refused:
            await ask(topics, operation, **given)
    assert refused.value.code == "InvalidParameter"
    assert refused.value.message.startswith("Invalid parameter: ")
    assert said in refused.value.message


async def test_a_subscription_that_is_there_is_the_answer(tmp_path: Path) -> None:
    """AWS takes a queue that does not exist, too."""
    given: dict[str, Any] = {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": f"{QUEUE}-none"}
    async with running(tmp_path, Carriers()) as topics:
        answers = [
            await ask(topics, "Subscribe", **given, Attributes=attributes)
            for attributes in (
                {"RawMessageDelivery": "True"}, {"RawMessageDelivery": "true"}, {},
                {"FilterPolicyScope": "MessageAttributes"},
            )
        ]  # fmt: skip
        with pytest.raises(AwsServiceError, match="different attributes"):
            await ask(topics, "Subscribe", **given, Attributes={"RawMessageDelivery": "false"})
    assert len({one["SubscriptionArn"] for one in answers}) == 1


async def test_a_topic_has_its_policies_and_regions_are_apart(tmp_path: Path) -> None:
    async with running(tmp_path, Carriers()) as topics:
        topics.subscriptions.create_topic(ELSEWHERE, {})
        await ask(topics, "CreateTopic", Name="news", Attributes={"FifoTopic": "false"})
        http = {"defaultHealthyRetryPolicy": {"numRetries": 5}}
        given = {"DeliveryPolicy": json.dumps({"http": http}), "DisplayName": "Own"}
        for _ in range(2):  # the second changes nothing
            own = (await ask(topics, "CreateTopic", Name="own", Attributes=given))["TopicArn"]
        listed = (await ask(topics, "ListTopics"))["Topics"]
        assert [one["TopicArn"] for one in listed] == [TOPIC, own]
        usual = (await ask(topics, "GetTopicAttributes", TopicArn=TOPIC))["Attributes"]
        found = (await ask(topics, "GetTopicAttributes", TopicArn=own))["Attributes"]
    policy = json.loads(usual["Policy"])
    assert (policy["Id"], policy["Statement"][0]["Resource"]) == ("__default_policy_ID", TOPIC)
    effective = json.loads(usual["EffectiveDeliveryPolicy"])["http"]
    assert effective["defaultHealthyRetryPolicy"]["numRetries"] == 3
    assert json.loads(found["EffectiveDeliveryPolicy"])["http"] == effective | http
    assert (usual["DisplayName"], found["DisplayName"]) == ("", "Own")
    assert "FifoTopic" not in usual


async def test_attributes_that_a_call_gives_a_declared_topic_are_kept(tmp_path: Path) -> None:
    """Until the definitions have them, or no longer have the topic."""
    policy = json.dumps(
        {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish",
                       "Resource": TOPIC}}
    )  # fmt: skip

    async def attributes(topics: Topics) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (await ask(topics, "GetTopicAttributes", TopicArn=TOPIC))[
            "Attributes"
        ]
        return found

    for name, value in (("Policy", policy), ("DisplayName", "News")):
        given = {"TopicArn": TOPIC, "AttributeName": name, "AttributeValue": value}
        async with running(tmp_path, Carriers()) as topics:
            await ask(topics, "SetTopicAttributes", **given)
    async with running(tmp_path, Carriers()) as topics:
        found = await attributes(topics)
        assert (found["Policy"], found["DisplayName"]) == (policy, "News")
        assert topics.subscriptions.policy_of(TOPIC) == policy
        declared = Topic("t", TOPIC, "news", attributes={"DisplayName": "Declared"})
        topics.apply(Blueprint(topics=(declared,)))
        found = await attributes(topics)
        assert (found["Policy"], found["DisplayName"]) == (policy, "Declared")
        topics.apply(Blueprint())
    async with running(tmp_path, Carriers()) as topics:
        assert topics.subscriptions.policy_of(TOPIC) is None


async def test_a_batch_has_the_size_of_a_message(tmp_path: Path) -> None:
    async with running(tmp_path, Carriers()) as topics:
        entries = [{"Id": str(at), "Message": "x" * 100_000} for at in range(3)]
        with pytest.raises(AwsServiceError) as caught:
            await ask(topics, "PublishBatch", TopicArn=TOPIC, PublishBatchRequestEntries=entries)
        assert caught.value.code == "BatchRequestTooLong"


@pytest.mark.parametrize(
    "attribute",
    [
        ("FilterPolicy", '{"a": [{"anything-but": {}}]}'), ("FilterPolicy", "[[" * 5_000),
        ("DeliveryPolicy", '{"healthyRetryPolicy": {"numRetries": "x"}}'), ("DeliveryPolicy", "1"),
    ],
)  # fmt: skip
async def test_a_malformed_policy_of_one_subscriber_harms_no_other(
    tmp_path: Path, attribute: tuple[str, str]
) -> None:
    """As the definitions may have it; SNS refuses it."""
    carriers = Carriers()
    nobody = to("http", "http://127.0.0.1:1/", attribute)
    async with running(tmp_path, carriers, nobody, to("email", "a@b.test")) as topics:
        kind = {"a": {"DataType": "String", "StringValue": "good"}}
        await ask(topics, "Publish", TopicArn=TOPIC, Message="hi", MessageAttributes=kind)
        await carriers.until(1)
        async with asyncio.timeout(60):
            while topics.snapshot().waiting:
                await asyncio.sleep(0.005)
        with pytest.raises(AwsServiceError) as refused:
            await ask(
                topics, "Subscribe", TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE,
                Attributes=dict([attribute]),
            )  # fmt: skip
        assert refused.value.code == "InvalidParameter"


async def test_a_refused_message_is_retried(tmp_path: Path) -> None:
    carriers = Carriers(failing=[DeliveryError("busy")] * 9)
    async with running(tmp_path, carriers, to("lambda", FUNCTION, REDRIVE)) as topics:
        await ask(topics, "Publish", TopicArn=TOPIC, Message="hi")
        await carriers.until(1)
    assert [who for who, _ in carriers.taken] == [FUNCTION]


async def test_a_permanently_refused_message_goes_to_the_dead_letters(tmp_path: Path) -> None:
    gone = DeliveryError("no such function", is_final=True)
    carriers = Carriers(failing=[gone, gone])
    async with running(tmp_path, carriers, to("lambda", FUNCTION, REDRIVE)) as topics:
        await ask(topics, "Publish", TopicArn=TOPIC, Message="hi")
        await carriers.until(1)
        async with asyncio.timeout(60):
            while topics.snapshot().failed != 1:
                await asyncio.sleep(0.005)
    ((who, (body, attributes)),) = carriers.taken
    assert (who, json.loads(body)["Message"], attributes) == (DEAD, "hi", {})


async def test_the_dead_letters_of_a_raw_delivery_are_raw(tmp_path: Path) -> None:
    carriers = Carriers(failing=[DeliveryError("no such queue", is_final=True)])
    raw = to("sqs", QUEUE, REDRIVE, ("RawMessageDelivery", "true"))
    kind = {"kind": {"DataType": "String", "StringValue": "good"}}
    async with running(tmp_path, carriers, raw) as topics:
        await ask(topics, "Publish", TopicArn=TOPIC, Message="hi", MessageAttributes=kind)
        await carriers.until(1)
    assert carriers.taken == [(DEAD, ("hi", kind))]


async def test_a_batch_is_refused_as_a_whole(tmp_path: Path) -> None:
    """What SNS says of each, as recorded on AWS in LocalStack's tests."""
    async with running(tmp_path, Carriers()) as topics:
        for entries, code, said in (
            ([], "EmptyBatchRequest", "The batch request doesn't contain any entries."),
            ([{"Id": str(at), "Message": "m"} for at in range(11)],
             "TooManyEntriesInBatchRequest", "contains more entries than permissible."),
            ([{"Id": "1", "Message": "m"}] * 2, "BatchEntryIdsNotDistinct",
             "Two or more batch entries in the request have the same Id."),
            ([{"Id": "a.b", "Message": "m"}], "InvalidBatchEntryId",
             "contains an impermissible character: a.b"),
            ([{"Id": "a" * 81, "Message": "m"}], "InvalidBatchEntryId", "is too long: aaa"),
            ([{"Id": "1", "Message": "m"}, {"Id": "2", "Message": ""}], "InvalidParameter",
             "Empty message"),
        ):  # fmt: skip
            with pytest.raises(AwsServiceError) as caught:
                await ask(
                    topics, "PublishBatch", TopicArn=TOPIC, PublishBatchRequestEntries=entries
                )
            assert (caught.value.code, said in caught.value.message) == (code, True)
        assert topics.snapshot().published == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("a", {"DataType": "String"},
         ("The message attribute 'a' must contain non-empty message attribute value for message"
         " attribute type 'String'.")),
        ("a", {"DataType": "Number", "BinaryValue": b"1"},
         "The message attribute 'a' with type 'Number' must use field 'String'."),
        ("a", {"DataType": "Binary", "StringValue": "1"},
         "The message attribute 'a' with type 'Binary' must use field 'Binary'."),
        ("a", {"DataType": "String.", "StringValue": "1"},
         ("The message attribute 'a' has an invalid message attribute type, the set of supported"
         " type prefixes is Binary, Number, and String.")),
        ("a" * 257, {"DataType": "String", "StringValue": "1"},
         "Length of message attribute name must be less than 256 bytes."),
        ("a^*?", {"DataType": "String", "StringValue": "1"},
         ("Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can"
         " only include alphanumeric characters, hyphens, underscores, or dots.")),
        (".a", {"DataType": "String", "StringValue": "1"},
         "Invalid message attribute name starting with character '.' was found."),
        ("a.", {"DataType": "String", "StringValue": "1"},
         "Invalid message attribute name ending with character '.' was found."),
        ("a..b", {"DataType": "String", "StringValue": "1"},
         "Message attribute name can not have successive '.' character."),
        ("a.b-c_d", {"DataType": "String.Array", "StringValue": "[]"}, ""),
    ],
)  # fmt: skip
async def test_the_attributes_of_a_message(
    tmp_path: Path, name: str, value: dict[str, Any], said: str
) -> None:
    given = {"TopicArn": TOPIC, "Message": "m", "MessageAttributes": {name: value}}
    async with running(tmp_path, Carriers()) as topics:
        if not said:
            await ask(topics, "Publish", **given)
            return
        with pytest.raises(AwsServiceError) as refused:
            await ask(topics, "Publish", **given)
    assert (refused.value.code, refused.value.message) == ("ParameterValueInvalid", said)


async def test_lists_have_pages_of_a_hundred(tmp_path: Path) -> None:
    async with running(tmp_path, Carriers()) as topics:
        for number in range(101):
            topics.subscriptions.subscribe(TOPIC, "sqs", f"{QUEUE}{number}", {})
            topics.subscriptions.create_topic(f"{TOPIC}{number}", {})
        for operation, key, given in (
            ("ListTopics", "Topics", {}),
            ("ListSubscriptions", "Subscriptions", {}),
            ("ListSubscriptionsByTopic", "Subscriptions", {"TopicArn": TOPIC}),
        ):
            first = await ask(topics, operation, **given)
            rest = await ask(topics, operation, **given, NextToken=first["NextToken"])
            assert (len(first[key]), rest["NextToken"]) == (100, None)
            assert len({json.dumps(one) for one in (*first[key], *rest[key])}) > 100


async def test_the_tags_of_a_topic(tmp_path: Path) -> None:
    async def tags(topics: Topics, arn: str) -> dict[str, str]:
        found = (await ask(topics, "ListTagsForResource", ResourceArn=arn))["Tags"]
        return {one["Key"]: one["Value"] for one in found}

    given = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    async with running(tmp_path, Carriers()) as topics:
        own = (await ask(topics, "CreateTopic", Name="own", Tags=given))["TopicArn"]
        await ask(topics, "CreateTopic", Name="own", Tags=given[:1])
        await ask(topics, "TagResource", ResourceArn=own, Tags=[{"Key": "b", "Value": "3"}])
        await ask(topics, "UntagResource", ResourceArn=own, TagKeys=["a"])
    async with running(tmp_path, Carriers()) as topics:
        assert await tags(topics, own) == {"b": "3"}
        declared = Topic("t", TOPIC, "news", tags={"by": "Terraform"})
        topics.apply(Blueprint(topics=(declared,)))
        assert await tags(topics, TOPIC) == {"by": "Terraform"}
        await ask(topics, "DeleteTopic", TopicArn=own)
        await ask(topics, "CreateTopic", Name="own")
        assert await tags(topics, own) == {}
        with pytest.raises(AwsServiceError, match="ResourceNotFound"):
            await tags(topics, f"{TOPIC}-none")


async def test_a_subscription_names_who_made_it(tmp_path: Path) -> None:
    """The scope of a filter that is not there is not shown."""
    given = {"FilterPolicyScope": "MessageBody", "FilterPolicy": "", "RawMessageDelivery": "True"}
    async with running(tmp_path, Carriers()) as topics:
        made = await ask(
            topics, "Subscribe", TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE, Attributes=given
        )
        found = await ask(topics, "GetSubscriptionAttributes", **made)
    own = found["Attributes"]
    assert own["SubscriptionPrincipal"] == "arn:aws:iam::123456789012:user/me"
    assert own["RawMessageDelivery"] == "true"
    assert not {"FilterPolicy", "FilterPolicyScope"} & own.keys()


async def test_an_e_mail_address_confirms_what_a_call_subscribes(tmp_path: Path) -> None:
    carriers = Carriers()
    given = {"TopicArn": TOPIC, "Protocol": "email", "Endpoint": "a@b.test"}
    async with running(tmp_path, carriers) as topics:
        assert await ask(topics, "Subscribe", **given) == {
            "SubscriptionArn": "pending confirmation"
        }
        await carriers.until(1)
        ((_, (subject, text)),) = carriers.taken
        assert subject == "AWS Notification - Subscription Confirmation"
        (one,) = (await ask(topics, "ListSubscriptions"))["Subscriptions"]
        assert one["SubscriptionArn"] == "PendingConfirmation"
        with pytest.raises(AwsServiceError, match="InvalidParameter: Invalid token"):
            await ask(topics, "ConfirmSubscription", TopicArn=TOPIC, Token="t")
        token = text.rpartition("Token: ")[2]
        await ask(topics, "ConfirmSubscription", TopicArn=TOPIC, Token=token)
        await ask(topics, "Publish", TopicArn=TOPIC, Message="hi")
        await carriers.until(2)
    assert carriers.taken[1] == ("a@b.test", ("AWS Notification Message", "hi"))


async def test_a_delivery_survives_the_end_of_the_process(tmp_path: Path) -> None:
    away = Carriers(failing=[DeliveryError("away")] * 1000)
    async with running(tmp_path, away, to("sqs", QUEUE)) as topics:
        topics._pace = 0.001
        await ask(topics, "Publish", TopicArn=TOPIC, Message="hi")
        await asyncio.sleep(0.05)
    assert away.taken == []
    back = Carriers()
    async with running(tmp_path, back, to("sqs", QUEUE)):
        await back.until(1)
    assert json.loads(back.taken[0][1][0])["Message"] == "hi"


async def test_an_http_endpoint_confirms_and_gets_notifications(tmp_path: Path) -> None:
    got: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
    statuses = [200, 503, 200]

    async def serve(request: web.BaseRequest) -> web.Response:
        kind = request.headers["x-amz-sns-message-type"]
        await got.put((kind, json.loads(await request.text())))
        return web.Response(status=statuses.pop(0))

    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        async with running(tmp_path, Carriers()) as topics:
            answer = await ask(topics, "Subscribe", TopicArn=TOPIC, Protocol="http", Endpoint=url)
            assert answer["SubscriptionArn"] == "pending confirmation"
            kind, said = await asyncio.wait_for(got.get(), 60)
            assert kind == "SubscriptionConfirmation"
            await ask(topics, "Publish", TopicArn=TOPIC, Message="too early")
            await ask(topics, "ConfirmSubscription", TopicArn=TOPIC, Token=said["Token"])
            await ask(topics, "Publish", TopicArn=TOPIC, Message="now")
            for _ in range(2):  # the first is answered 503
                kind, said = await asyncio.wait_for(got.get(), 60)
                assert (kind, said["Message"]) == ("Notification", "now")
    finally:
        await runner.cleanup()


async def test_no_message_goes_to_this_machines_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may lead there. Here another loopback address stands for it."""
    asked: list[str] = []

    async def serve(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        return web.Response()

    def refused(address: str) -> None:
        require_other("169.254.169.254" if address == "127.0.0.2" else address)

    monkeypatch.setattr(link_local, "require_other", refused)
    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0).start()
    port, delivery = runner.addresses[0][1], HttpDelivery()
    try:
        for host in ("127.0.0.2", "127.0.0.1"):
            to_it = Subscribed(f"{TOPIC}:1", TOPIC, "http", f"http://{host}:{port}/")
            if host == "127.0.0.1":
                await delivery.post(to_it, "Notification", "1", "{}")
                continue
            with pytest.raises(DeliveryError, match="metadata") as raised:
                await delivery.post(to_it, "Notification", "1", "{}")
            assert raised.value.is_final
    finally:
        await delivery.close()
        await runner.cleanup()
    assert asked == ["/"]


async def test_an_https_endpoint_needs_a_certificate_of_an_authority_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The miniature's aiohttp has loaded none of them."""

    async def serve(_: web.BaseRequest) -> web.Response:
        return web.Response()

    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=load_tls(tmp_path)).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}/"
    to_it = Subscribed(f"{TOPIC}:1", TOPIC, "https", url)
    unknown, known = HttpDelivery(), HttpDelivery()
    try:
        monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
        with pytest.raises(DeliveryError, match="Certificate"):
            await unknown.post(to_it, "Notification", "1", "{}")
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file(tmp_path)))
        await known.post(to_it, "Notification", "1", "{}")
    finally:
        await unknown.close()
        await known.close()
        await runner.cleanup()


async def test_subscriptions_of_programs_are_kept(tmp_path: Path) -> None:
    async with running(tmp_path, Carriers()) as topics:
        made = await ask(topics, "CreateTopic", Name="own")
        await ask(topics, "Subscribe", TopicArn=made["TopicArn"], Protocol="sqs", Endpoint=QUEUE)
    carriers = Carriers()
    async with running(tmp_path, carriers) as topics:
        (one,) = (await ask(topics, "ListSubscriptions"))["Subscriptions"]
        await ask(
            topics, "SetSubscriptionAttributes", SubscriptionArn=one["SubscriptionArn"],
            AttributeName="RawMessageDelivery", AttributeValue="true",
        )  # fmt: skip
        batch = [{"Id": "a", "Message": "1"}]
        answer = await ask(
            topics, "PublishBatch", TopicArn=made["TopicArn"], PublishBatchRequestEntries=batch
        )
        assert [each["Id"] for each in answer["Successful"]] == ["a"]
        assert answer["Failed"] == []
        await carriers.until(1)
        await ask(topics, "Unsubscribe", SubscriptionArn=one["SubscriptionArn"])
        assert (await ask(topics, "ListSubscriptions"))["Subscriptions"] == []
    assert carriers.taken == [(QUEUE, ("1", {}))]


async def test_what_the_disk_does_not_take_has_not_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An SDK tries again by itself: what is acknowledged then has to be kept."""
    async with running(tmp_path, Carriers()) as topics:
        own = (await ask(topics, "CreateTopic", Name="own"))["TopicArn"]
        wish = {"TopicArn": own, "Protocol": "sqs", "Endpoint": QUEUE}
        with monkeypatch.context() as full:
            full.setattr(os, "fsync", Mock(side_effect=OSError("the disk is full")))
            with pytest.raises(OSError, match="full"):
                await ask(topics, "Subscribe", **wish)
            with pytest.raises(OSError, match="full"):
                await ask(topics, "DeleteTopic", TopicArn=own)
        await ask(topics, "Subscribe", **wish)
    async with running(tmp_path, Carriers()) as topics:
        (kept,) = (await ask(topics, "ListSubscriptions"))["Subscriptions"]
        assert (kept["TopicArn"], kept["Endpoint"]) == (own, QUEUE)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"TopicArn": f"{TOPIC}x", "Message": "m"}, "NotFound"),
        ({"TopicArn": TOPIC, "Message": ""}, "InvalidParameter"),
        ({"TopicArn": TOPIC, "Message": "m" * 300_000}, "InvalidParameter"),
        ({"TopicArn": TOPIC, "Message": "m", "Subject": "a\nb"}, "InvalidParameter"),
        ({"TopicArn": TOPIC, "Message": "m", "Subject": ""}, "InvalidParameter"),
        ({"TopicArn": TOPIC, "Message": "{}", "MessageStructure": "json"}, "InvalidParameter"),
        (
            {"TopicArn": TOPIC, "Message": "[" * 9_999, "MessageStructure": "json"},
            "InvalidParameter",
        ),
        ({"PhoneNumber": "+1", "Message": "m"}, "InvalidParameter"),
    ],
    ids=["no topic", "empty", "long", "subject", "no subject", "structure", "deep", "phone"],
)
async def test_requests_that_sns_refuses(
    tmp_path: Path, parameters: dict[str, str], code: str
) -> None:
    async with running(tmp_path, Carriers()) as topics:
        with pytest.raises(AwsServiceError) as refused:
            await ask(topics, "Publish", **parameters)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("topic", "queue", "sent"),
    [
        (TOPIC, QUEUE, {"MessageGroupId": "g"}),  # of a fair queue
        (FIFO, QUEUE, {}),
        (FIFO, f"{QUEUE}.fifo", {"MessageGroupId": "g", "MessageDeduplicationId": "d"}),
    ],
)
async def test_a_queue_gets_the_group_that_it_can_have(
    topic: str, queue: str, sent: dict[str, str]
) -> None:
    aws = Mock(call=AsyncMock(return_value={}))
    message = Message("1", topic, "hi", 0.0, group="g", deduplication="d", trace="Root=1")
    await AwsCarriers(aws, Mock()).to_queue(queue, "hi", {}, message)
    given = aws.call.await_args.args[3]
    (trace,) = given["MessageSystemAttributes"].values()
    assert trace["StringValue"] == "Root=1"
    others = {"QueueUrl", "MessageBody", "MessageAttributes", "MessageSystemAttributes"}
    assert {name: own for name, own in given.items() if name not in others} == sent

"""SNS's API over `Topics`."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.services.sns import permissions
from bonkei.services.sns.errors import invalid
from bonkei.services.sns.forms import require_endpoint, shown
from bonkei.services.sns.message import Message
from bonkei.services.sns.subscriptions import Subscription
from bonkei.services.sns.topics import Topics

LARGEST = 256 * 1024
"""Bytes of a message with its attributes."""


def service(topics: Topics) -> AwsService:
    """The endpoint's service `sns`."""
    table = {**_publishing(topics), **_subscribing(topics), **_topics(topics)}
    return Operations(table, topics.subscriptions.policy_of)


def _publishing(topics: Topics) -> dict[str, Any]:
    async def publish(call: AwsCall) -> Mapping[str, Any]:
        message = _message(call.parameters, str(call.parameters.get("TopicArn")
                           or call.parameters.get("TargetArn") or ""), call.time)  # fmt: skip
        _require_deduplication(call.parameters, message, topics)
        await topics.publish(message)
        return _accepted(message)

    async def publish_batch(call: AwsCall) -> Mapping[str, Any]:
        topic = str(call.parameters["TopicArn"])
        topics.subscriptions.require_topic(topic)
        entries = call.parameters["PublishBatchRequestEntries"]
        _require_batch(entries)
        done, failed = [], []
        for entry in entries:
            try:
                message = _message(entry, topic, call.time)
                _require_deduplication(entry, message, topics)
                await topics.publish(message)
                done.append({"Id": entry["Id"], **_accepted(message)})
            except AwsServiceError as error:
                failed.append(
                    {"Id": entry["Id"], "Code": error.code, "Message": error.message,
                     "SenderFault": True}
                )  # fmt: skip
        return {"Successful": done, "Failed": failed}

    return {"Publish": publish, "PublishBatch": publish_batch}


def _require_deduplication(given: Mapping[str, Any], message: Message, topics: Topics) -> None:
    if not message.is_of_fifo or given.get("MessageDeduplicationId"):
        return
    attributes = topics.subscriptions.topic_attributes(message.topic)
    if attributes.get("ContentBasedDeduplication") != "true":
        raise invalid(
            "The topic should either have ContentBasedDeduplication enabled or"
            " MessageDeduplicationId provided explicitly"
        )


def _accepted(message: Message) -> dict[str, str]:
    found = {"MessageId": message.id}
    return found | {"SequenceNumber": message.sequence} if message.sequence else found


def _require_batch(entries: Sequence[Mapping[str, Any]]) -> None:
    if not entries:
        raise AwsServiceError("EmptyBatchRequest", "The batch request has no entries.")
    if len(entries) > 10:
        raise AwsServiceError("TooManyEntriesInBatchRequest", "A batch has at most 10 entries.")
    if len({entry["Id"] for entry in entries}) != len(entries):
        raise AwsServiceError("BatchEntryIdsNotDistinct", "Two entries have the same Id.")
    if sum(map(_size, entries)) > LARGEST:
        raise AwsServiceError(
            "BatchRequestTooLong",
            "The length of all the messages put together is more than the limit.",
        )


def _size(given: Mapping[str, Any]) -> int:
    """Bytes of a message with its attributes."""
    found = len(str(given.get("Message") or "").encode())
    for name, value in (given.get("MessageAttributes") or {}).items():
        binary = value.get("BinaryValue") or b""
        texts = (name, value.get("DataType") or "", value.get("StringValue") or "")
        found += len(binary) + sum(len(str(text).encode()) for text in texts)
    return found


def _message(given: Mapping[str, Any], topic: str, at: float) -> Message:
    """Raises AwsServiceError when SNS would not take it."""
    if given.get("PhoneNumber"):
        raise invalid("PhoneNumber: the miniature sends no text messages")
    if not topic:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    body = str(given.get("Message") or "")
    if not body:
        raise invalid("Empty message")
    subject = str(given.get("Subject") or "")
    if "Subject" in given and not (0 < len(subject) <= 100 and subject.isprintable()):
        raise invalid("Subject")
    attributes = {
        name: _attribute(value) for name, value in (given.get("MessageAttributes") or {}).items()
    }
    if _size(given) > LARGEST:
        raise invalid("Message too long")
    fifo = topic.endswith(".fifo")
    if fifo and not given.get("MessageGroupId"):
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    deduplication = str(given.get("MessageDeduplicationId") or "")
    if fifo and not deduplication:
        deduplication = hashlib.sha256(body.encode()).hexdigest()
    return Message(
        str(uuid4()), topic, body, at or time.time(), subject, attributes,
        _structure(body) if given.get("MessageStructure") == "json" else {},
        str(given.get("MessageGroupId") or ""), deduplication,
        f"1{time.time_ns():019d}" if fifo else "",
    )  # fmt: skip


def _attribute(given: Mapping[str, Any]) -> dict[str, str]:
    kind = str(given.get("DataType") or "")
    if not kind:
        raise invalid("The message attribute has no DataType")
    if kind.startswith("Binary"):
        value = base64.b64encode(given.get("BinaryValue") or b"").decode()
        return {"DataType": kind, "BinaryValue": value}
    if not given.get("StringValue"):
        raise invalid("The message attribute must contain a non-empty value")
    return {"DataType": kind, "StringValue": str(given["StringValue"])}


def _structure(body: str) -> dict[str, str]:
    try:
        document = json.loads(body)
        texts = {name: text for name, text in document.items() if isinstance(text, str)}
    except (ValueError, AttributeError, RecursionError):
        raise invalid("Message Structure - JSON message body failed to parse") from None
    if "default" not in texts:
        raise invalid("Message Structure - No default entry in JSON message body")
    return texts


def _subscribing(topics: Topics) -> dict[str, Any]:
    book = topics.subscriptions

    async def subscribe(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        topic, endpoint = str(given["TopicArn"]), str(given.get("Endpoint") or "")
        protocol = str(given["Protocol"])
        book.require_topic(topic)
        require_endpoint(topic, call.region, protocol, endpoint)
        one = book.subscribe(topic, protocol, endpoint, given.get("Attributes") or {})
        if one.token:
            topics.ask_to_confirm(one)
        pending = one.token and not given.get("ReturnSubscriptionArn")
        return {"SubscriptionArn": "pending confirmation" if pending else one.arn}

    async def confirm(call: AwsCall) -> Mapping[str, Any]:
        topic, token = str(call.parameters["TopicArn"]), str(call.parameters["Token"])
        return {"SubscriptionArn": book.confirm(topic, token).arn}

    async def unsubscribe(call: AwsCall) -> Mapping[str, Any]:
        book.unsubscribe(str(call.parameters["SubscriptionArn"]))
        return {}

    async def list_all(call: AwsCall) -> Mapping[str, Any]:
        here = [one for one in book.all() if Arn.of(one.topic).region == call.region]
        return {"Subscriptions": [_described(one, call_owner(one)) for one in here]}

    async def list_of(call: AwsCall) -> Mapping[str, Any]:
        found = book.of(str(call.parameters["TopicArn"]))
        return {"Subscriptions": [_described(one, call_owner(one)) for one in found]}

    async def get_attributes(call: AwsCall) -> Mapping[str, Any]:
        one = book.find(str(call.parameters["SubscriptionArn"]))
        usual = {"RawMessageDelivery": "false", "FilterPolicyScope": "MessageAttributes"}
        if "FilterPolicy" not in one.attributes:
            del usual["FilterPolicyScope"]
        return {
            "Attributes": {
                **usual, **one.attributes, **_described(one, call_owner(one)),
                "PendingConfirmation": "true" if one.token else "false",
                "ConfirmationWasAuthenticated": "true",
            }
        }  # fmt: skip

    async def set_attributes(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        book.set_attribute(
            str(given["SubscriptionArn"]), str(given["AttributeName"]),
            str(given.get("AttributeValue") or ""),
        )  # fmt: skip
        return {}

    return {
        "Subscribe": subscribe,
        "ConfirmSubscription": confirm,
        "Unsubscribe": unsubscribe,
        "ListSubscriptions": list_all,
        "ListSubscriptionsByTopic": list_of,
        "GetSubscriptionAttributes": get_attributes,
        "SetSubscriptionAttributes": set_attributes,
    }


def call_owner(one: Subscription) -> str:
    """The account of a subscription."""
    return Arn.of(one.topic).account


def _described(one: Subscription, owner: str) -> dict[str, str]:
    return {
        "SubscriptionArn": "PendingConfirmation" if one.token else one.arn,
        "Owner": owner,
        "Protocol": one.protocol,
        "Endpoint": one.endpoint,
        "TopicArn": one.topic,
    }


def _topics(topics: Topics) -> dict[str, Any]:
    book = topics.subscriptions

    async def create(call: AwsCall) -> Mapping[str, Any]:
        arn = f"arn:aws:sns:{call.region}:{call.caller.account}:{call.parameters['Name']}"
        given = call.parameters.get("Attributes") or {}
        if policy := given.get("Policy"):
            permissions.check(policy)
        book.create_topic(arn, {key: str(value) for key, value in given.items()})
        return {"TopicArn": arn}

    async def delete(call: AwsCall) -> Mapping[str, Any]:
        book.delete_topic(str(call.parameters["TopicArn"]))
        return {}

    async def list_all(call: AwsCall) -> Mapping[str, Any]:
        here = [arn for arn in book.topics() if Arn.of(arn).region == call.region]
        return {"Topics": [{"TopicArn": arn} for arn in here]}

    async def get_attributes(call: AwsCall) -> Mapping[str, Any]:
        arn = str(call.parameters["TopicArn"])
        found = book.of(arn)
        return {
            "Attributes": {
                **shown(arn, book.topic_attributes(arn)),
                "TopicArn": arn,
                "Owner": Arn.of(arn).account,
                "SubscriptionsConfirmed": str(sum(1 for one in found if not one.token)),
                "SubscriptionsPending": str(sum(1 for one in found if one.token)),
                "SubscriptionsDeleted": "0",
            }
        }

    async def set_attributes(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        arn = str(given["TopicArn"])
        name, value = str(given["AttributeName"]), str(given.get("AttributeValue") or "")
        if name == "Policy" and value:
            book.require_topic(arn)
            permissions.check(value)
        book.set_topic_attribute(arn, name, value)
        return {}

    return {
        **_permissions(topics),
        "CreateTopic": create,
        "DeleteTopic": delete,
        "ListTopics": list_all,
        "GetTopicAttributes": get_attributes,
        "SetTopicAttributes": set_attributes,
    }


def _policy(topics: Topics, arn: str) -> str:
    return shown(arn, topics.subscriptions.topic_attributes(arn))["Policy"]


def _permissions(topics: Topics) -> dict[str, Any]:
    book = topics.subscriptions

    async def add(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        arn = str(given["TopicArn"])
        before, label = _policy(topics, arn), str(given["Label"])
        changed = permissions.with_permission(
            before, arn, label, given["AWSAccountId"], given["ActionName"]
        )
        book.set_topic_attribute(arn, "Policy", changed)
        return {}

    async def remove(call: AwsCall) -> Mapping[str, Any]:
        arn, label = str(call.parameters["TopicArn"]), str(call.parameters["Label"])
        changed = permissions.without_permission(_policy(topics, arn), label)
        book.set_topic_attribute(arn, "Policy", changed)
        return {}

    return {"AddPermission": add, "RemovePermission": remove}

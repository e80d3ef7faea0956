"""SNS's API over `Topics`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operation, Operations
from bonkei.base.paging import page
from bonkei.services.sns import permissions
from bonkei.services.sns.errors import invalid
from bonkei.services.sns.forms import (
    require_arn,
    require_endpoint,
    require_settable,
    require_subscription,
    shown,
    tags_of,
)
from bonkei.services.sns.message import Message
from bonkei.services.sns.requests import message_of, require_batch
from bonkei.services.sns.subscriptions import Subscription
from bonkei.services.sns.topics import Topics

_PAGE = 100  # topics and subscriptions


def service(topics: Topics) -> AwsService:
    """The endpoint's service `sns`."""
    table = {**_publishing(topics), **_subscribing(topics), **_topics(topics)}
    here = {name: _in_its_region(operation) for name, operation in table.items()}
    return Operations(here, topics.subscriptions.policy_of)


def _in_its_region(operation: Operation) -> Operation:
    """SNS knows the topics of the called region only."""

    async def answer(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        topic = given.get("TopicArn", given.get("TargetArn"))
        if topic is not None:
            require_arn(str(topic))
            if Arn.of(str(topic)).region != call.region:
                raise invalid("TopicArn")
        return await operation(call)

    return answer


def _publishing(topics: Topics) -> dict[str, Any]:
    book = topics.subscriptions

    async def publish(call: AwsCall) -> Mapping[str, Any]:
        topic = _target(call.parameters)
        settings = book.topic_attributes(topic)
        message = message_of(call.parameters, topic, call.time, settings)
        return _accepted(await topics.publish(replace(message, trace=call.trace)))

    async def publish_batch(call: AwsCall) -> Mapping[str, Any]:
        topic = str(call.parameters["TopicArn"])
        settings = book.topic_attributes(topic)
        entries = call.parameters["PublishBatchRequestEntries"]
        require_batch(entries)
        messages = [
            replace(message_of(entry, topic, call.time, settings), trace=call.trace)
            for entry in entries
        ]
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for entry, message in zip(entries, messages, strict=True):
            try:
                done.append({"Id": entry["Id"], **_accepted(await topics.publish(message))})
            except AwsServiceError as error:
                failed.append(
                    {"Id": entry["Id"], "Code": error.code, "Message": error.message,
                     "SenderFault": False}
                )  # fmt: skip
        return {"Successful": done, "Failed": failed}

    return {"Publish": publish, "PublishBatch": publish_batch}


def _target(given: Mapping[str, Any]) -> str:
    if given.get("PhoneNumber"):
        raise invalid("PhoneNumber Reason: The miniature does not send text messages")
    names = [str(given[name]) for name in ("TopicArn", "TargetArn") if name in given]
    if not names:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    if ":endpoint/" in names[0]:
        raise invalid("TargetArn Reason: No endpoint found for the target arn specified")
    return names[0]


def _accepted(message: Message) -> dict[str, str]:
    found = {"MessageId": message.id}
    return found | {"SequenceNumber": message.sequence} if message.sequence else found


def _subscribing(topics: Topics) -> dict[str, Any]:
    book = topics.subscriptions

    async def subscribe(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        topic, endpoint = str(given["TopicArn"]), str(given.get("Endpoint") or "")
        protocol = str(given["Protocol"])
        book.require_topic(topic)
        require_endpoint(topic, protocol, endpoint)
        principal = call.caller.role or call.caller.arn
        one = book.subscribe(topic, protocol, endpoint, given.get("Attributes") or {}, principal)
        if one.token:
            topics.ask_to_confirm(one)
        pending = one.token and not given.get("ReturnSubscriptionArn")
        return {"SubscriptionArn": "pending confirmation" if pending else one.arn}

    async def confirm(call: AwsCall) -> Mapping[str, Any]:
        topic, token = str(call.parameters["TopicArn"]), str(call.parameters["Token"])
        return {"SubscriptionArn": book.confirm(topic, token).arn}

    async def unsubscribe(call: AwsCall) -> Mapping[str, Any]:
        arn = str(call.parameters["SubscriptionArn"])
        require_subscription(arn)
        book.unsubscribe(arn)
        return {}

    async def list_all(call: AwsCall) -> Mapping[str, Any]:
        here = [one for one in book.all() if Arn.of(one.topic).region == call.region]
        return _page("Subscriptions", [_described(one, call_owner(one)) for one in here], call)

    async def list_of(call: AwsCall) -> Mapping[str, Any]:
        found = book.of(str(call.parameters["TopicArn"]))
        return _page("Subscriptions", [_described(one, call_owner(one)) for one in found], call)

    async def get_attributes(call: AwsCall) -> Mapping[str, Any]:
        one = book.find(str(call.parameters["SubscriptionArn"]))
        own = {"RawMessageDelivery": "false", "FilterPolicyScope": "MessageAttributes"}
        own |= one.attributes
        if not own.get("FilterPolicy"):
            own = {name: each for name, each in own.items() if "FilterPolicy" not in name}
        return {
            "Attributes": {
                **own, **_described(one, call_owner(one)),
                "PendingConfirmation": "true" if one.token else "false",
                "ConfirmationWasAuthenticated": "true",
                **({"SubscriptionPrincipal": one.principal} if one.principal else {}),
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


def _page(name: str, found: list[dict[str, str]], call: AwsCall) -> dict[str, Any]:
    one, more = page(found, call.parameters.get("NextToken"), _PAGE, "InvalidParameter")
    return {name: one, "NextToken": more}


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
        attributes = {key: str(value) for key, value in given.items()}
        book.create_topic(arn, attributes, tags_of(call.parameters.get("Tags")))
        return {"TopicArn": arn}

    async def delete(call: AwsCall) -> Mapping[str, Any]:
        book.delete_topic(str(call.parameters["TopicArn"]))
        return {}

    async def list_all(call: AwsCall) -> Mapping[str, Any]:
        here = [arn for arn in book.topics() if Arn.of(arn).region == call.region]
        return _page("Topics", [{"TopicArn": arn} for arn in here], call)

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
        book.require_topic(arn)
        require_settable(name)
        if name == "Policy" and value:
            permissions.check(value)
        book.set_topic_attribute(arn, name, value)
        return {}

    return {
        **_permissions(topics),
        **_tags(topics),
        "CreateTopic": create,
        "DeleteTopic": delete,
        "ListTopics": list_all,
        "GetTopicAttributes": get_attributes,
        "SetTopicAttributes": set_attributes,
    }


def _tags(topics: Topics) -> dict[str, Any]:
    book = topics.subscriptions

    async def tag(call: AwsCall) -> Mapping[str, Any]:
        arn = str(call.parameters["ResourceArn"])
        book.tag(arn, {**book.tags(arn), **tags_of(call.parameters["Tags"])})
        return {}

    async def untag(call: AwsCall) -> Mapping[str, Any]:
        arn, gone = str(call.parameters["ResourceArn"]), call.parameters["TagKeys"]
        book.tag(arn, {key: value for key, value in book.tags(arn).items() if key not in gone})
        return {}

    async def list_tags(call: AwsCall) -> Mapping[str, Any]:
        found = book.tags(str(call.parameters["ResourceArn"]))
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}

    return {"TagResource": tag, "UntagResource": untag, "ListTagsForResource": list_tags}


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

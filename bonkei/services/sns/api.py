"""SNS's API over `Topics`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.base.paging import page_of
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
    return _InItsRegion.of(_Sns(topics), policy_of=topics.subscriptions.policy_of)


class _InItsRegion(Operations):
    """SNS knows the topics of the called region only."""

    async def answer(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        topic = given.get("TopicArn", given.get("TargetArn"))
        if topic is not None:
            require_arn(topic)
            if Arn.of(topic).region != call.region:
                raise invalid("TopicArn")
        return await super().answer(call)


class _Sns:
    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._book = topics.subscriptions

    async def publish(self, call: AwsCall) -> Mapping[str, Any]:
        topic = _target(call.parameters)
        settings = self._book.topic_attributes(topic)
        message = message_of(call.parameters, topic, call.time, settings)
        return _accepted(await self._topics.publish(replace(message, trace=call.trace)))

    async def publish_batch(self, call: AwsCall) -> Mapping[str, Any]:
        topic = call.parameters["TopicArn"]
        settings = self._book.topic_attributes(topic)
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
                done.append({"Id": entry["Id"], **_accepted(await self._topics.publish(message))})
            except AwsServiceError as error:
                failed.append(
                    {"Id": entry["Id"], "Code": error.code, "Message": error.message,
                     "SenderFault": False}
                )  # fmt: skip
        return {"Successful": done, "Failed": failed}

    async def subscribe(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        topic, endpoint = given["TopicArn"], given.get("Endpoint") or ""
        protocol = given["Protocol"]
        self._book.require_topic(topic)
        require_endpoint(topic, protocol, endpoint)
        principal = call.caller.role or call.caller.arn
        one = self._book.subscribe(
            topic, protocol, endpoint, given.get("Attributes") or {}, principal
        )
        if one.token:
            self._topics.ask_to_confirm(one)
        pending = one.token and not given.get("ReturnSubscriptionArn")
        return {"SubscriptionArn": "pending confirmation" if pending else one.arn}

    async def confirm_subscription(self, call: AwsCall) -> Mapping[str, Any]:
        topic, token = call.parameters["TopicArn"], call.parameters["Token"]
        return {"SubscriptionArn": self._book.confirm(topic, token).arn}

    async def unsubscribe(self, call: AwsCall) -> Mapping[str, Any]:
        arn = call.parameters["SubscriptionArn"]
        require_subscription(arn)
        self._book.unsubscribe(arn)
        return {}

    async def list_subscriptions(self, call: AwsCall) -> Mapping[str, Any]:
        here = [one for one in self._book.all() if Arn.of(one.topic).region == call.region]
        return _page("Subscriptions", [_described(one) for one in here], call)

    async def list_subscriptions_by_topic(self, call: AwsCall) -> Mapping[str, Any]:
        found = self._book.of(call.parameters["TopicArn"])
        return _page("Subscriptions", [_described(one) for one in found], call)

    async def get_subscription_attributes(self, call: AwsCall) -> Mapping[str, Any]:
        one = self._book.find(call.parameters["SubscriptionArn"])
        own = {"RawMessageDelivery": "false", "FilterPolicyScope": "MessageAttributes"}
        own |= one.attributes
        if not own.get("FilterPolicy"):
            own = {name: each for name, each in own.items() if "FilterPolicy" not in name}
        return {
            "Attributes": {
                **own, **_described(one),
                "PendingConfirmation": "true" if one.token else "false",
                "ConfirmationWasAuthenticated": "true",
                **({"SubscriptionPrincipal": one.principal} if one.principal else {}),
            }
        }  # fmt: skip

    async def set_subscription_attributes(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        self._book.set_attribute(
            given["SubscriptionArn"], given["AttributeName"],
            given.get("AttributeValue") or "",
        )  # fmt: skip
        return {}

    async def create_topic(self, call: AwsCall) -> Mapping[str, Any]:
        arn = f"arn:aws:sns:{call.region}:{call.caller.account}:{call.parameters['Name']}"
        given = call.parameters.get("Attributes") or {}
        if policy := given.get("Policy"):
            permissions.check(policy)
        attributes = {key: str(value) for key, value in given.items()}
        self._book.create_topic(arn, attributes, tags_of(call.parameters.get("Tags")))
        return {"TopicArn": arn}

    async def delete_topic(self, call: AwsCall) -> Mapping[str, Any]:
        self._book.delete_topic(call.parameters["TopicArn"])
        return {}

    async def list_topics(self, call: AwsCall) -> Mapping[str, Any]:
        here = [arn for arn in self._book.topics() if Arn.of(arn).region == call.region]
        return _page("Topics", [{"TopicArn": arn} for arn in here], call)

    async def get_topic_attributes(self, call: AwsCall) -> Mapping[str, Any]:
        arn = call.parameters["TopicArn"]
        found = self._book.of(arn)
        return {
            "Attributes": {
                **shown(arn, self._book.topic_attributes(arn)),
                "TopicArn": arn,
                "Owner": Arn.of(arn).account,
                "SubscriptionsConfirmed": str(sum(1 for one in found if not one.token)),
                "SubscriptionsPending": str(sum(1 for one in found if one.token)),
                "SubscriptionsDeleted": "0",
            }
        }

    async def set_topic_attributes(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        arn = given["TopicArn"]
        name, value = given["AttributeName"], given.get("AttributeValue") or ""
        self._book.require_topic(arn)
        require_settable(name)
        if name == "Policy" and value:
            permissions.check(value)
        self._book.set_topic_attribute(arn, name, value)
        return {}

    async def tag_resource(self, call: AwsCall) -> Mapping[str, Any]:
        arn = call.parameters["ResourceArn"]
        self._book.tag(arn, {**self._book.tags(arn), **tags_of(call.parameters["Tags"])})
        return {}

    async def untag_resource(self, call: AwsCall) -> Mapping[str, Any]:
        arn, gone = call.parameters["ResourceArn"], call.parameters["TagKeys"]
        self._book.tag(
            arn, {key: value for key, value in self._book.tags(arn).items() if key not in gone}
        )
        return {}

    async def list_tags_for_resource(self, call: AwsCall) -> Mapping[str, Any]:
        found = self._book.tags(call.parameters["ResourceArn"])
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}

    async def add_permission(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        arn = given["TopicArn"]
        before, label = self._policy(arn), given["Label"]
        changed = permissions.with_permission(
            before, arn, label, given["AWSAccountId"], given["ActionName"]
        )
        self._book.set_topic_attribute(arn, "Policy", changed)
        return {}

    async def remove_permission(self, call: AwsCall) -> Mapping[str, Any]:
        arn, label = call.parameters["TopicArn"], call.parameters["Label"]
        changed = permissions.without_permission(self._policy(arn), label)
        self._book.set_topic_attribute(arn, "Policy", changed)
        return {}

    def _policy(self, arn: str) -> str:
        return shown(arn, self._book.topic_attributes(arn))["Policy"]


def _target(given: Mapping[str, Any]) -> Any:
    if given.get("PhoneNumber"):
        raise invalid("PhoneNumber Reason: The miniature does not send text messages")
    names = [given[name] for name in ("TopicArn", "TargetArn") if name in given]
    if not names:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    if ":endpoint/" in names[0]:
        raise invalid("TargetArn Reason: No endpoint found for the target arn specified")
    return names[0]


def _accepted(message: Message) -> dict[str, str]:
    found = {"MessageId": message.id}
    return found | {"SequenceNumber": message.sequence} if message.sequence else found


def _page(name: str, found: list[dict[str, str]], call: AwsCall) -> dict[str, Any]:
    return page_of(call, name, found, _PAGE, "InvalidParameter")


def _described(one: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": "PendingConfirmation" if one.token else one.arn,
        "Owner": Arn.of(one.topic).account,
        "Protocol": one.protocol,
        "Endpoint": one.endpoint,
        "TopicArn": one.topic,
    }

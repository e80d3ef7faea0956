"""Topics of SNS, with their subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bonkei.blueprint.notification import Subscription, Topic
from bonkei.cloud.provision.arns import region_of
from bonkei.cloud.provision.step import QueryStep, Thing

KNOWN = frozenset({"sqs", "lambda", "email", "email-json", "sms"})
"""Protocols of subscriptions created in the store. For http and https it would send to the address
itself. That may be a real one."""
_FIXED = frozenset({"FifoTopic"})
_GONE = frozenset({"NotFound", "NotFoundException", "ResourceNotFound"})
_DEFAULTS = {"FilterPolicy": "{}", "RawMessageDelivery": "false", "RedrivePolicy": ""}
"""The value of a subscription's attribute when it is no longer declared."""
SUBSCRIPTION_ID = "bonkei:subscription-id"


def topics(found: tuple[Topic, ...]) -> Iterator[Thing]:
    """Each with its settings. Its queues exist by then."""
    for topic in found:
        yield _topic(topic)
        yield from _attributes(topic)
        yield from _tags(topic)
        for subscription in topic.subscriptions:
            if subscription.protocol in KNOWN:
                yield _subscription(topic, subscription)


def _topic(topic: Topic) -> Thing:
    fifo = topic.name.endswith(".fifo")
    fixed = _entries("Attributes.entry", [("FifoTopic", "true")] if fifo else [])
    make = QueryStep("sns", {"Action": "CreateTopic", "Name": topic.name, **fixed})
    end = QueryStep("sns", {"Action": "DeleteTopic", "TopicArn": topic.arn}, _GONE)
    return Thing("topic", topic.name, topic.address, region_of(topic.arn), (make,), end=(end,))


def _attributes(topic: Topic) -> Iterator[Thing]:
    steps = tuple(
        QueryStep(
            "sns",
            {
                "Action": "SetTopicAttributes",
                "TopicArn": topic.arn,
                "AttributeName": name,
                "AttributeValue": value,
            },
        )
        for name, value in topic.attributes.items()
        if name not in _FIXED
    )
    if steps:
        yield Thing("topic-attributes", topic.name, topic.address, region_of(topic.arn), steps)


def _tags(topic: Topic) -> Iterator[Thing]:
    if not topic.tags:
        return
    pairs: dict[str, str] = {}
    for number, (key, value) in enumerate(topic.tags.items(), start=1):
        pairs |= {f"Tags.member.{number}.Key": key, f"Tags.member.{number}.Value": value}
    keys = {f"TagKeys.member.{number}": key for number, key in enumerate(topic.tags, start=1)}
    make = QueryStep("sns", {"Action": "TagResource", "ResourceArn": topic.arn, **pairs})
    end = QueryStep("sns", {"Action": "UntagResource", "ResourceArn": topic.arn, **keys}, _GONE)
    region = region_of(topic.arn)
    yield Thing("topic-tags", topic.name, topic.address, region, (make,), (), (end,), anew=True)


def _subscription(topic: Topic, subscription: Subscription) -> Thing:
    attributes = dict(subscription.attributes)
    named = [*attributes.items()]
    if subscription.arn.count(":") == 6:
        named.append((SUBSCRIPTION_ID, subscription.arn.rpartition(":")[2]))
    make = QueryStep(
        "sns",
        {
            "Action": "Subscribe",
            "TopicArn": topic.arn,
            "Protocol": subscription.protocol,
            "Endpoint": subscription.endpoint,
            **_entries("Attributes.entry", named),
        },
    )
    changes = tuple(
        QueryStep(
            "sns",
            {
                "Action": "SetSubscriptionAttributes",
                "SubscriptionArn": subscription.arn,
                "AttributeName": name,
                "AttributeValue": value,
            },
        )
        for name, value in (_DEFAULTS | attributes).items()
    )
    content = {"Action": "Unsubscribe", "SubscriptionArn": subscription.arn}
    end = QueryStep("sns", content, _GONE)
    return Thing(
        "subscription",
        subscription.arn or f"{topic.name} {subscription.endpoint}",
        subscription.address,
        region_of(topic.arn),
        (make,),
        changes if subscription.arn else (),
        (end,) if subscription.arn else (),
        identity=f"{subscription.protocol} {subscription.endpoint}",
    )


def _entries(prefix: str, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    entries: dict[str, str] = {}
    for number, (name, value) in enumerate(pairs, start=1):
        entries |= {f"{prefix}.{number}.key": name, f"{prefix}.{number}.value": value}
    return entries

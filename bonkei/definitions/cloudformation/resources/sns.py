"""Amazon SNS: topics, subscriptions, topic policies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    TypedValues,
    Values,
    document,
    values,
)


def _topic(request: Request) -> Made:
    given = request.properties
    name = request.name("TopicName", 256)
    arn = request.place.arn("sns", name)
    state = values(
        id=arn,
        arn=arn,
        name=name,
        display_name=given.get("DisplayName", ""),
        kms_master_key_id=given.get("KmsMasterKeyId", ""),
        fifo_topic=given.get("FifoTopic", False),
        content_based_deduplication=given.get("ContentBasedDeduplication", False),
        fifo_throughput_scope=given.get("FifoThroughputScope"),
        signature_version=_number(given.get("SignatureVersion")),
        tracing_config=given.get("TracingConfig"),
        tags=request.all_tags(),
    )
    own = given.get("Subscription", ())
    subscriptions = [_subscription(request, arn, each, f"{n}") for n, each in enumerate(own)]
    attributes = {"TopicArn": arn, "TopicName": name, "DisplayName": given.get("DisplayName", "")}
    return Made(arn, attributes, (("aws_sns_topic", state), *subscriptions))


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _subscription(request: Request, topic: str, given: Values, purpose: str) -> TypedValues:
    arn = f"{topic}:{request.uuid(purpose)}"
    state = values(
        id=arn,
        arn=arn,
        topic_arn=topic,
        protocol=given["Protocol"],
        endpoint=given.get("Endpoint", ""),
        filter_policy=_json(given.get("FilterPolicy")),
        filter_policy_scope=given.get("FilterPolicyScope"),
        delivery_policy=_json(given.get("DeliveryPolicy")),
        redrive_policy=_json(given.get("RedrivePolicy")),
        raw_message_delivery=given.get("RawMessageDelivery", False),
        subscription_role_arn=given.get("SubscriptionRoleArn"),
    )
    return "aws_sns_topic_subscription", state


def _json(value: object) -> str | None:
    return None if value is None else value if isinstance(value, str) else json.dumps(value)


def _own_subscription(request: Request) -> Made:
    given = request.properties
    made = _subscription(request, str(given["TopicArn"]), given, "")
    return Made(str(made[1]["arn"]), {"Arn": str(made[1]["arn"])}, (made,))


def _policy(request: Request) -> Made:
    identifier = f"{request.stack_name}-{request.logical_id}-{request.random(12)}"
    return Made(identifier, {"Id": identifier}, tuple(_policies(request)))


def _policies(request: Request) -> Iterator[TypedValues]:
    policy = document(request.properties["PolicyDocument"])
    for topic in request.properties["Topics"]:
        yield "aws_sns_topic_policy", {"id": topic, "arn": topic, "policy": policy}


KINDS: Mapping[str, Kind] = {
    "AWS::SNS::Topic": Kind(
        _topic,
        named_by="TopicName",
        unserved={
            "ArchivePolicy": "messages are not archived",
            "DataProtectionPolicy": "no data is masked",
            "DeliveryStatusLogging": "deliveries are not logged",
            "MaximumMessageSize": "every topic takes 256 KB",
        },
    ),
    "AWS::SNS::Subscription": Kind(
        _own_subscription,
        unserved={
            "Region": "all topics are of the stack's region",
            "ReplayPolicy": "messages are not archived",
        },
    ),
    "AWS::SNS::TopicPolicy": Kind(_policy),
}

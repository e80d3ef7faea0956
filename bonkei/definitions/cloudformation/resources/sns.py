"""Amazon SNS: topics, subscriptions, topic policies."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.base.aws_service import subscription_arn
from bonkei.definitions.cloudformation.resources.kind import (
    Kind,
    Made,
    Request,
    TypedValues,
    Values,
    attached_policy,
    document,
    documents,
    plain,
)


def _topic(request: Request) -> Made:
    given = request.properties
    name = request.name("TopicName", 256)
    arn = request.place.arn("sns", name)
    state = {
        "id": arn,
        "arn": arn,
        "name": name,
        **plain(
            given,
            "DisplayName KmsMasterKeyId FifoTopic ContentBasedDeduplication FifoThroughputScope"
            " TracingConfig",
        ),
        "tags": request.all_tags(),
    }
    if "SignatureVersion" in given:
        state["signature_version"] = int(given["SignatureVersion"])
    if "ArchivePolicy" in given:  # with texts, whatever the template has
        days = {key: str(value) for key, value in given["ArchivePolicy"].items()}
        state["archive_policy"] = document(days)
    own = given.get("Subscription", ())
    subscriptions = [_subscription(arn, each) for each in own]
    attributes = {"TopicArn": arn, "TopicName": name, "DisplayName": given.get("DisplayName", "")}
    return Made(arn, attributes, (("aws_sns_topic", state), *subscriptions))


def _subscription(topic: str, given: Values) -> TypedValues:
    arn = subscription_arn(topic, str(given["Protocol"]), str(given.get("Endpoint", "")))
    state = {
        "id": arn,
        "arn": arn,
        "topic_arn": topic,
        "endpoint": "",
        **plain(
            given, "Protocol Endpoint FilterPolicyScope RawMessageDelivery SubscriptionRoleArn"
        ),
        **documents(given, "FilterPolicy DeliveryPolicy RedrivePolicy"),
    }
    return "aws_sns_topic_subscription", state


def _own_subscription(request: Request) -> Made:
    given = request.properties
    topic = str(given["TopicArn"])
    if topic.split(":")[3:4] not in ([], [given.get("Region", request.place.region)]):
        raise ValueError("Invalid parameter: TopicArn")
    made = _subscription(topic, given)
    return Made(str(made[1]["arn"]), {"Arn": str(made[1]["arn"])}, (made,))


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
            "ReplayPolicy": "messages are not archived",
        },
    ),
    "AWS::SNS::TopicPolicy": Kind(attached_policy("aws_sns_topic_policy", "Topics", "arn")),
}

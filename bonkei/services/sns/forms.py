"""What SNS requires of topics and endpoints, and what a topic has if nothing is said. Pure.

"CreateTopic" and "Subscribe" in the Amazon SNS API Reference,
https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from bonkei.services.sns.errors import invalid
from bonkei.services.sns.permissions import default_policy

_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_FIFO = re.compile(r"[A-Za-z0-9_-]{1,251}\.fifo")
_NO_FIFO = ("FifoTopic", "false")
_SETTABLE = re.compile(
    r"DeliveryPolicy|DisplayName|Policy|TracingConfig|SignatureVersion|KmsMasterKeyId"
    r"|ContentBasedDeduplication|FifoThroughputScope|ArchivePolicy"
    r"|(Application|Firehose|HTTP|Lambda|SQS)"
    r"(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
)
_ENDPOINTS = {
    "sqs": (re.compile(r"arn:[^:]+:sqs:[^:]+:[^:]+:[^:]+"), "SQS endpoint ARN"),
    "lambda": (re.compile(r"arn:[^:]+:lambda:.+"), "Lambda endpoint ARN"),
    "http": (re.compile(r"http://.+"), "Endpoint must match the specified protocol"),
    "https": (re.compile(r"https://.+"), "Endpoint must match the specified protocol"),
    "email": (re.compile(r"[^@\s]+@[^@\s]+"), "Email address"),
    "email-json": (re.compile(r"[^@\s]+@[^@\s]+"), "Email address"),
}
_DELIVERY = {
    "defaultHealthyRetryPolicy": {
        "minDelayTarget": 20,
        "maxDelayTarget": 20,
        "numRetries": 3,
        "numMaxDelayRetries": 0,
        "numNoDelayRetries": 0,
        "numMinDelayRetries": 0,
        "backoffFunction": "linear",
    },
    "disableSubscriptionOverrides": False,
    "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
}


def new_topic(arn: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a topic to create. Raises AwsServiceError."""
    form = _FIFO if attributes.get("FifoTopic") == "true" else _NAME
    if not form.fullmatch(arn.split(":", 5)[5]):
        raise invalid("Topic Name")
    return {key: value for key, value in attributes.items() if (key, value) != _NO_FIFO}


def require_same(arn: str, known: Mapping[str, str], attributes: Mapping[str, str]) -> None:
    """Raises AwsServiceError for other attributes than those of the topic that is there."""
    if not attributes.items() <= shown(arn, known).items():
        raise invalid("Attributes Reason: Topic already exists with different attributes")


def require_arn(arn: str, name: str = "TopicArn") -> None:
    """Raises AwsServiceError for what is not an ARN. `name`: the parameter's."""
    if (parts := arn.count(":") + 1) < 6:
        raise invalid(f"{name} Reason: An ARN must have at least 6 elements, not {parts}")


def require_subscription(arn: str) -> None:
    """Raises AwsServiceError for what is not the ARN of a subscription: a topic's, and an id."""
    require_arn(arn, "SubscriptionArn")
    if arn.count(":") < 6:
        raise invalid("SubscriptionId")


def require_settable(name: str) -> None:
    """Raises AwsServiceError for an attribute that SetTopicAttributes does not have."""
    if not _SETTABLE.fullmatch(name):
        raise invalid("AttributeName")


def tags_of(listed: Any) -> dict[str, str]:
    """The tags of a call. Raises AwsServiceError if one is twice there."""
    found = {str(tag["Key"]): str(tag["Value"]) for tag in listed or ()}
    if len(found) != len(listed or ()):
        raise invalid("Duplicated keys are not allowed.")
    return found


def require_endpoint(topic: str, protocol: str, endpoint: str) -> None:
    """Raises AwsServiceError for an endpoint that the protocol does not have."""
    form, said = _ENDPOINTS.get(protocol, (re.compile(""), ""))
    if said and not form.fullmatch(endpoint):
        raise invalid(said)
    if protocol == "sqs" and endpoint.endswith(".fifo") and not topic.endswith(".fifo"):
        why = "FIFO SQS Queues can not be subscribed to standard SNS topics"
        raise invalid(f"Invalid parameter: Endpoint Reason: {why}")


def shown(arn: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a topic as GetTopicAttributes has them."""
    usual = {
        "DisplayName": "", "Policy": default_policy(arn),
        "EffectiveDeliveryPolicy": _effective(attributes.get("DeliveryPolicy", "")),
    }  # fmt: skip
    if arn.endswith(".fifo"):
        usual |= {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
    return {
        **usual,
        **{name: value for name, value in attributes.items() if value or name != "Policy"},
    }


def json_fault(error: Exception) -> str:
    """What Jackson, the JSON parser of AWS, says of the most frequent ones; else empty."""
    if not isinstance(error, json.JSONDecodeError) or error.pos >= len(error.doc):
        return ""
    letter = error.doc[error.pos]
    word = re.match(r"\w*", error.doc[error.pos :])
    if error.msg.startswith("Expecting property name"):
        said = (
            f"Unexpected character ('{letter}' (code {ord(letter)})): was expecting double-quote to"
            " start field name"
        )
        end = error.pos + 1
    elif error.msg == "Expecting value" and word and word[0]:
        said = (
            f"Unrecognized token '{word[0]}': was expecting (JSON String, Number, Array, Object or"
            " token 'null', 'true' or 'false')"
        )
        end = error.pos + len(word[0]) + 1
    else:
        return ""
    line = error.doc.count("\n", 0, error.pos) + 1
    column = end - (error.doc.rfind("\n", 0, error.pos) + 1)
    source = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
    return f" {said}\n at [Source: {source}; line: {line}, column: {column}]"


def _effective(own: str) -> str:
    try:
        given = json.loads(own or "{}").get("http", {})
        return json.dumps({"http": {**_DELIVERY, **given}}, separators=(",", ":"))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return json.dumps({"http": _DELIVERY}, separators=(",", ":"))

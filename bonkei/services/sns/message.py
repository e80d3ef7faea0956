"""A message, and the documents that SNS delivers.

Sources: "HTTP/HTTPS notification JSON format", "Raw message delivery" and "Fanout to Lambda
functions" in the Amazon SNS Developer Guide; "Invoking Lambda functions with Amazon SNS
notifications" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.clocks import stamp

_UNSIGNED = "bm90IHNpZ25lZCBieSBBV1M="
"""Bonkei cannot sign with AWS's key. The field says so, in Base64."""
_CERTIFICATE = "SimpleNotificationService-none.pem"
"""Clients check the form of the name."""


@dataclass(frozen=True, slots=True)
class Message:
    """A published message. `attributes`: DataType and StringValue (or BinaryValue as Base64) by
    name. `structure`: the text for each protocol instead of the body. `at`: Unix seconds.
    `sequence`: the number that a FIFO topic gives it. `trace`: X-Ray's header of the call."""

    id: str
    topic: str
    body: str
    at: float
    subject: str = ""
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    structure: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    deduplication: str = ""
    sequence: str = ""
    trace: str = ""

    @property
    def is_of_fifo(self) -> bool:
        return self.topic.endswith(".fifo")

    def body_for(self, protocol: str) -> str:
        return self.structure.get(protocol, self.structure.get("default", self.body))


def envelope(message: Message, protocol: str, subscription: str) -> dict[str, Any]:
    """The notification that a queue, a server or a mailbox receives."""
    document: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": message.id,
        "TopicArn": message.topic,
    }
    if message.sequence:
        document["SequenceNumber"] = message.sequence
    if message.subject:
        document["Subject"] = message.subject
    document |= {
        "Message": message.body_for(protocol),
        "Timestamp": stamp(message.at),
    }
    if not message.is_of_fifo:  # whose messages AWS does not sign
        document |= {
            "SignatureVersion": "1",
            "Signature": _UNSIGNED,
            "SigningCertURL": f"https://sns.{_region(message.topic)}.amazonaws.com/{_CERTIFICATE}",
        }
    document["UnsubscribeURL"] = _unsubscribe(subscription)
    if message.attributes:
        document["MessageAttributes"] = _attributes(message)
    return document


def lambda_event(message: Message, subscription: str) -> bytes:
    """The event of a call of a function."""
    sns = envelope(message, "lambda", subscription)
    if "SigningCertURL" in sns:
        sns["SigningCertUrl"] = sns.pop("SigningCertURL")
    sns["UnsubscribeUrl"] = sns.pop("UnsubscribeURL")
    sns.setdefault("Subject", None)
    sns.setdefault("MessageAttributes", {})
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": sns,
    }
    return json.dumps({"Records": [record]}).encode()


def _attributes(message: Message) -> dict[str, dict[str, str]]:
    return {
        name: {
            "Type": attribute.get("DataType", "String"),
            "Value": attribute.get("StringValue", attribute.get("BinaryValue", "")),
        }
        for name, attribute in message.attributes.items()
    }


def _region(arn: str) -> str:
    return Arn.of(arn).region


def _unsubscribe(subscription: str) -> str:
    host = f"https://sns.{_region(subscription)}.amazonaws.com/"
    return f"{host}?Action=Unsubscribe&SubscriptionArn={subscription}"

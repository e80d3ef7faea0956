"""A bucket's notifications, without those to receivers that do not admit S3.

"Granting permissions to publish event notification messages to a destination" (Amazon S3 User
Guide): S3 refuses the whole configuration with "Unable to validate the following destination
configurations". Here only the refused destinations are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bonkei.blueprint.s3 import Bucket, BucketSetting

_KINDS = (
    ("TopicConfiguration", "Topic", "sns:Publish"),
    ("QueueConfiguration", "Queue", "sqs:SendMessage"),
    ("CloudFunctionConfiguration", "CloudFunction", "lambda:InvokeFunction"),
)
Ask = Callable[[str, str, str, str], str]
"""Service, action, resource, source -> the denial, or an empty text."""


def permitted(bucket: Bucket, ask: Ask) -> tuple[Bucket, tuple[str, ...]]:
    """The bucket without notifications to receivers that do not admit S3; and the omitted
    notifications."""
    notes: list[str] = []
    settings = tuple(_permitted(bucket, each, ask, notes) for each in bucket.settings)
    return (replace(bucket, settings=settings) if notes else bucket), tuple(notes)


def _permitted(bucket: Bucket, setting: BucketSetting, ask: Ask, notes: list[str]) -> BucketSetting:
    if setting.name != "notification":
        return setting
    document: dict[str, Any] = dict(setting.document)
    for element, target, action in _KINDS:
        kept = []
        for each in document.get(element) or ():
            denial = ask("s3.amazonaws.com", action, each[target], bucket.arn)
            if denial:
                notes.append(
                    f"{bucket.address}: Unable to validate the following destination "
                    f"configurations: {each[target]}: {denial}"
                )
            else:
                kept.append(each)
        document[element] = kept
    if document.get("EventBridgeConfiguration") is not None:
        notes.append(f"{bucket.address}: its events for EventBridge are not delivered")
    return replace(setting, document=document)

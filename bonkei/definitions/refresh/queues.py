"""Queues of SQS, and the policies of queues, topics and buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.definitions.refresh.values import Ask, Changed, Json, Reader, answered, compared

_NO_QUEUE = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
_NO_BUCKET_POLICY = ("NoSuchBucket", "NoSuchBucketPolicy")
_OF_ANOTHER_REGION = "InvalidParameter"
"""SNS's answer for a topic's ARN. An asker asks in one region; such a topic is not read."""
_SECONDS = {
    "delay_seconds": "DelaySeconds",
    "message_retention_seconds": "MessageRetentionPeriod",
    "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    "visibility_timeout_seconds": "VisibilityTimeout",
}


def _queues(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        found = _attributes(before["url"], ask)
        yield from compared(before, None if found is None else _queue(found))


def _queue(attributes: Json) -> dict[str, Any]:
    seconds = {name: int(attributes[a]) for name, a in _SECONDS.items() if a in attributes}
    return {**seconds, "redrive_policy": attributes.get("RedrivePolicy", "")}


def _queue_policies(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        policy = (_attributes(before["queue_url"], ask) or {}).get("Policy")
        yield from compared(before, {"policy": policy} if policy else None)


def _attributes(url: str, ask: Ask) -> Json | None:
    given = {"QueueUrl": url, "AttributeNames": ["All"]}
    answer = answered(ask, "sqs", "GetQueueAttributes", given, *_NO_QUEUE)
    return None if answer is None else answer.get("Attributes") or {}


def _topic_policies(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        given = {"TopicArn": before["arn"]}
        try:
            answer = answered(ask, "sns", "GetTopicAttributes", given, "NotFound")
        except AwsServiceError as error:
            if error.code != _OF_ANOTHER_REGION:
                raise
            continue
        now = None if answer is None else {"policy": answer["Attributes"].get("Policy", "")}
        yield from compared(before, now)


def _bucket_policies(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        given = {"Bucket": before["bucket"]}
        answer = answered(ask, "s3", "GetBucketPolicy", given, *_NO_BUCKET_POLICY)
        yield from compared(before, None if answer is None else {"policy": answer["Policy"]})


OF_THE_STORE: Mapping[str, Reader] = {
    "aws_sqs_queue": _queues,
    "aws_sqs_queue_policy": _queue_policies,
    "aws_s3_bucket_policy": _bucket_policies,
}
READERS: Mapping[str, Reader] = {"aws_sns_topic_policy": _topic_policies, **OF_THE_STORE}

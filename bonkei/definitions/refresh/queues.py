"""Queues of SQS, and their policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bonkei.base.aws_service import AwsServiceError
from bonkei.definitions.refresh.values import Ask, Changed, Json, Reader, differences

_GONE = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
_SECONDS = {
    "delay_seconds": "DelaySeconds",
    "message_retention_seconds": "MessageRetentionPeriod",
    "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    "visibility_timeout_seconds": "VisibilityTimeout",
}


def _queues(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        found = _attributes(before["url"], ask)
        if found is None:
            yield before["id"], None
            continue
        now = {name: int(found[member]) for name, member in _SECONDS.items() if member in found}
        now |= {"redrive_policy": found.get("RedrivePolicy", "")}
        if changed := differences(before, now):
            yield before["id"], changed


def _policies(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        found = _attributes(before["queue_url"], ask)
        if not (policy := (found or {}).get("Policy", "")):
            yield before["id"], None
        elif changed := differences(before, {"policy": policy}):
            yield before["id"], changed


def _attributes(url: str, ask: Ask) -> Json | None:
    try:
        answer = ask("sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["All"]})
    except AwsServiceError as error:
        if error.code.rpartition("#")[2] in _GONE:
            return None
        raise
    found: Json = answer.get("Attributes") or {}
    return found


READERS: Mapping[str, Reader] = {"aws_sqs_queue": _queues, "aws_sqs_queue_policy": _policies}

"""Notifications of the dead-letter queue, which are posted when Slack takes messages again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alarm.details import Call

SECONDS = 5.0
"""A post begins within these, as it may take 24 s and the function's time-out is 30 s."""
_HIDDEN = 60  # seconds in which no other call takes the same ones
_MOST = 50  # of a call; the next one takes the others
_PAGE = 10  # SQS's own bound

Report = Callable[[Mapping[str, Any], str], None]
"""`report(notification, sent_at)` raises unless Slack takes the notification."""


@dataclass(frozen=True, slots=True)
class _Letter:
    receipt: str
    sent_at: str
    notifications: tuple[Mapping[str, Any], ...]


def post_again(call: Call, report: Report, until: float) -> None:
    """Post what waits, oldest first. What Slack does not take stays in the queue."""
    if not (queue := os.environ.get("DEAD_LETTER_QUEUE_URL", "")):
        return
    for letter in sorted(_waiting(call, queue), key=lambda each: each.sent_at):
        if time.monotonic() > until:
            return
        for notification in letter.notifications:
            report(notification, letter.sent_at)
        call("sqs", "delete_message", "", QueueUrl=queue, ReceiptHandle=letter.receipt)


def _waiting(call: Call, queue: str) -> list[_Letter]:
    """Several calls: one call may find few of a queue's messages."""
    found: list[_Letter] = []
    while len(found) < _MOST:
        answer = call(
            "sqs", "receive_message", "", QueueUrl=queue, MaxNumberOfMessages=_PAGE,
            VisibilityTimeout=_HIDDEN, MessageSystemAttributeNames=["SentTimestamp"],
        )  # fmt: skip
        if not (messages := answer.get("Messages") or ()):
            break
        found += map(_letter, messages)
    return found


def _letter(message: Mapping[str, Any]) -> _Letter:
    """SNS leaves the notification itself when it cannot call the function, and Lambda the event of
    the call ("Amazon SNS dead-letter queues"; "Capturing records of Lambda asynchronous
    invocations"). Anything else is posted as it is, since a person has put it there."""
    body = str(message["Body"])
    milliseconds = int(message["Attributes"]["SentTimestamp"])
    arrived = f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%S.%f}"
    try:
        document = json.loads(body)
        records = [one["Sns"] for one in document["Records"]] if "Records" in document else ()
        found = tuple(records or [document])
        sent_at = [str(one.get("Timestamp") or arrived) for one in found if one["Message"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        found, sent_at = ({"Message": body},), []
    return _Letter(str(message["ReceiptHandle"]), min(sent_at, default=arrived), found)

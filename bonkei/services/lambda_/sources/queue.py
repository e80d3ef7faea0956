"""A queue as a function's event source: pure documents and decisions, and the loop that polls.

Sources: "Using Lambda with Amazon SQS", "Handling errors for an SQS event source" (partial
batch responses) in the AWS Lambda Developer Guide. A batch that fails stays in the queue until its
visibility time-out; the queue's own redrive policy ends it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from bonkei.base.arn import Arn
from bonkei.base.aws_service import Aws, RoleSession, queue_url
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.lambda_.event_source import EventSource
from bonkei.services.lambda_.outcome import LARGEST, Outcome
from bonkei.services.lambda_.sources.filtering import is_wanted
from bonkei.services.lambda_.sources.poller import Poller

SESSION = "lambda"
"""The name of a role's session, when Lambda itself calls."""
_WAIT = 20  # seconds of a long poll: an idle queue costs one request in that time
_AWAY = 5.0  # seconds until the next poll if the queue does not answer
_MOST = 10  # messages of one call of SQS's


class Invoke(Protocol):
    async def __call__(self, arn: str, payload: bytes) -> Outcome: ...


def event(messages: Sequence[Mapping[str, Any]], source: str) -> bytes:
    """The event of a call of the function."""
    region = Arn.of(source).region
    return json.dumps({"Records": [_record(each, source, region) for each in messages]}).encode()


def calls_of(
    messages: Sequence[Mapping[str, Any]], source: str
) -> Iterator[tuple[list[Mapping[str, Any]], bytes]]:
    """The messages of each call, and its event: a batch ends where its event would be larger than
    Lambda accepts ("Batching behavior": "the payload size reaches 6 MB")."""
    batch: list[Mapping[str, Any]] = []
    size = 0
    if messages and len(whole := event(messages, source)) <= LARGEST:
        yield list(messages), whole
        return
    for message in messages:
        more = len(event([message], source))
        if batch and size + more > LARGEST:
            yield batch, event(batch, source)
            batch, size = [], 0
        batch.append(message)
        size += more
    if batch:
        yield batch, event(batch, source)


def wanted_of(
    messages: Sequence[Mapping[str, Any]], source: EventSource
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Messages for the function, and the others: "Lambda automatically removes messages from the
    queue that don't match the filter criteria"."""
    region = Arn.of(source.source).region
    wanted: list[Mapping[str, Any]] = []
    others: list[Mapping[str, Any]] = []
    for message in messages:
        record = _record(message, source.source, region)
        (wanted if is_wanted(record, source.filters) else others).append(message)
    return wanted, others


def _record(message: Mapping[str, Any], source: str, region: str) -> dict[str, Any]:
    attributes = message.get("MessageAttributes") or {}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes") or {},
        "messageAttributes": {name: _attribute(each) for name, each in attributes.items()},
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": region,
    }


def _attribute(given: Mapping[str, Any]) -> dict[str, Any]:
    kept = {"stringListValues": [], "binaryListValues": [], "dataType": given.get("DataType", "")}
    names = (("StringValue", "stringValue"), ("BinaryValue", "binaryValue"))
    return kept | {ours: given[theirs] for theirs, ours in names if theirs in given}


def done(
    messages: Sequence[Mapping[str, Any]], outcome: Outcome, *, reports_failures: bool
) -> list[Mapping[str, Any]]:
    """The messages that the function has finished. The others come again."""
    if outcome.is_error:
        return []
    if not reports_failures:
        return list(messages)
    failed = failed_items(outcome.payload)
    known = {message["MessageId"] for message in messages}
    if failed is None or not failed <= known:  # a wrong answer fails the batch
        return []
    return [message for message in messages if message["MessageId"] not in failed]


def failed_items(payload: bytes) -> set[str] | None:
    """The items that the function reports as failed; None if the answer has the wrong form."""
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not answer:
        return set()
    if not isinstance(answer, Mapping):
        return None
    items = answer.get("batchItemFailures") or []
    try:
        names = {item["itemIdentifier"] for item in items}
    except (TypeError, KeyError):
        return None
    return names if all(names) else None


class QueuePoller(Poller):
    """A batch at a time."""

    def __init__(
        self, source: EventSource, role_arn: str, aws: Aws, invoke: Invoke,
        report: Callable[[str], None],
    ) -> None:  # fmt: skip
        super().__init__(source, role_arn, report)
        self._aws = aws
        self._invoke = invoke

    async def _poll(self) -> None:
        while True:
            try:
                await self._handle(await self._receive())
                self._went_well()
            except BonkeiError as error:
                self._complain(error)
                await asyncio.sleep(_AWAY)

    async def _receive(self) -> list[Mapping[str, Any]]:
        """A batch: the messages that wait now, and those that arrive before the window ends."""
        size, window = self.source.batch_size, self.source.batching_window
        messages = await self._ask(min(size, _MOST), _WAIT)
        end = time.monotonic() + window
        while messages and len(messages) < size:
            left = end - time.monotonic()
            more = await self._ask(min(size - len(messages), _MOST), max(0, int(left)))
            messages += more
            if not more and left <= 0:
                break
        return messages

    async def _ask(self, count: int, wait: int) -> list[Mapping[str, Any]]:
        answer = await self._queue(
            "ReceiveMessage",
            MaxNumberOfMessages=count,
            WaitTimeSeconds=wait,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages") or ())

    async def _handle(self, messages: list[Mapping[str, Any]]) -> None:
        wanted, through = wanted_of(messages, self.source)
        await self._remove(through)
        reports_failures = self.source.reports_failures
        for batch, payload in calls_of(wanted, self.source.source):
            outcome = await self._invoke(self.source.function, payload)
            await self._remove(done(batch, outcome, reports_failures=reports_failures))

    async def _remove(self, through: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(through), _MOST):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(through[start : start + _MOST])
            ]
            await self._queue("DeleteMessageBatch", Entries=entries)

    async def _queue(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        queue = self.source.source
        given = {"QueueUrl": queue_url(queue), **parameters}
        role = RoleSession(self.role_arn, SESSION)
        return await self._aws.call(role, "sqs", operation, given, Arn.of(queue).region)

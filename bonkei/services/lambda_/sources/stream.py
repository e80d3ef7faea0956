"""A table's stream as a function's event source: pure decisions, and the loop that reads.

Sources: "Using AWS Lambda with Amazon DynamoDB" (polling and batching streams, retries, bisecting,
partial batch responses, on-failure destinations) in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from bonkei.base import kept
from bonkei.base.arn import Arn
from bonkei.base.aws_service import Aws, AwsServiceError, RoleSession
from bonkei.base.clocks import stamp
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.lambda_.event_source import EventSource
from bonkei.services.lambda_.outcome import LARGEST, Outcome
from bonkei.services.lambda_.sources.filtering import is_wanted
from bonkei.services.lambda_.sources.poller import Poller
from bonkei.services.lambda_.sources.queue import SESSION, Invoke, failed_items

_LOOK = 1.0  # seconds between two checks of an idle shard; Lambda checks four times a second
_AWAY = 5.0
_MOST = 1000  # records of one call
_LONGEST = 60.0  # seconds between two tries of a batch
_GONE = frozenset({"TrimmedDataAccessException", "ExpiredIteratorException"})

Record = Mapping[str, Any]


class SendDiscarded(Protocol):
    """(role's ARN, destination, document). Raises BonkeiError."""

    async def __call__(
        self, role_arn: str, target: str, body: Any, attributes: Mapping[str, str]
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of a shard in order, and how often the function has failed for them."""

    records: tuple[Record, ...]
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class After:
    """The consequence of a call: the next batches to try, in order; and the reason if the batch is
    discarded."""

    next: tuple[Batch, ...] = ()
    discarded: Literal["", "RetryAttemptsExhausted", "RecordAgeExceeded"] = ""
    waits: bool = False


def sequence(record: Record) -> str:
    """Its place in the shard."""
    return str(record["dynamodb"]["SequenceNumber"])


def event(records: Sequence[Record], source: str) -> bytes:
    """The event of a call of the function."""
    return json.dumps({"Records": [{**one, "eventSourceARN": source} for one in records]}).encode()


def after(batch: Batch, outcome: Outcome, source: EventSource, now: float) -> After:
    """The consequence for a batch after a call. Records before the first failed one are done. A
    bisected batch keeps its number of attempts, as on AWS.
    """
    start = _first_failed(batch, outcome, reports_failures=source.reports_failures)
    if start is None:
        return After()
    rest = batch.records[start:]
    if len(rest) > 1 and source.bisects:
        middle = (len(rest) + 1) // 2 if start == 0 else 1
        return After(_parts(rest, middle, batch.attempts), waits=False)
    attempts = batch.attempts + 1
    if 0 <= source.retries < attempts:
        return After(discarded="RetryAttemptsExhausted")
    if is_too_old(rest[0], source, now):
        return After(discarded="RecordAgeExceeded")
    return After((Batch(rest, attempts),), waits=True)


def halves(batch: Batch) -> tuple[Batch, Batch]:
    """The halves of a batch that is too large for a call."""
    return _parts(batch.records, (len(batch.records) + 1) // 2, batch.attempts)


def _parts(records: tuple[Record, ...], middle: int, attempts: int) -> tuple[Batch, Batch]:
    return Batch(records[:middle], attempts), Batch(records[middle:], 0)


def is_too_old(record: Record, source: EventSource, now: float) -> bool:
    """Whether it has waited longer than MaximumRecordAgeInSeconds."""
    made = float(record["dynamodb"].get("ApproximateCreationDateTime", now))
    return 0 <= source.record_age < now - made


def _first_failed(batch: Batch, outcome: Outcome, *, reports_failures: bool) -> int | None:
    if outcome.is_error:
        return 0
    if not reports_failures:
        return None
    failed = failed_items(outcome.payload)
    if failed is None:
        return 0
    places = {sequence(record): place for place, record in enumerate(batch.records)}
    if not failed:
        return None
    return min((places.get(name, 0) for name in failed), default=None)


def discarded(batch: Batch, source: EventSource, why: str, now: float) -> dict[str, Any]:
    """The document for an on-failure destination. It has the records' places, but not the
    records."""
    first, last = batch.records[0], batch.records[-1]
    return {
        "requestContext": {
            "functionArn": source.function,
            "condition": why,
            "approximateInvokeCount": batch.attempts + 1,
        },
        "version": "1.0",
        "timestamp": stamp(now),
        "DDBStreamBatchInfo": {
            "startSequenceNumber": sequence(first),
            "endSequenceNumber": sequence(last),
            "approximateArrivalOfFirstRecord": _made(first),
            "approximateArrivalOfLastRecord": _made(last),
            "batchSize": len(batch.records),
            "streamArn": source.source,
        },
    }


def _made(record: Record) -> str:
    return stamp(float(record["dynamodb"].get("ApproximateCreationDateTime", 0)))


class StreamPoller(Poller):
    """Reads one stream's shard between `start` and `stop`. `place`: the file with its position. The
    file survives the end of the process. A batch in progress is called again, and none is left
    out."""

    def __init__(
        self, source: EventSource, role_arn: str, aws: Aws, invoke: Invoke,
        send: SendDiscarded, report: Callable[[str], None], place: Path, pace: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(source, role_arn, report)
        self._aws = aws
        self._invoke = invoke
        self._send = send
        self._place = place
        self._pace = pace

    async def _poll(self) -> None:
        iterator = ""
        while True:
            try:
                iterator = await self._once(iterator)
                self._went_well()
            except BonkeiError as error:
                iterator = ""
                if isinstance(error, AwsServiceError) and error.code in _GONE:
                    self._place.unlink(missing_ok=True)
                    continue
                self._complain(error)
                await asyncio.sleep(_AWAY / self._pace)

    async def _once(self, iterator: str) -> str:
        """The next iterator, after the records of this one."""
        iterator = iterator or await self._iterator()
        size = min(self.source.batch_size, _MOST)
        answer = await self._streams("GetRecords", ShardIterator=iterator, Limit=size)
        records = list(answer.get("Records") or ())
        if records:
            await self._handle(records)
            self._keep(sequence(records[-1]))
        else:
            await asyncio.sleep(_LOOK / self._pace)
        return str(answer.get("NextShardIterator") or "")

    async def _iterator(self) -> str:
        found = await self._streams("DescribeStream", StreamArn=self.source.source)
        shard = found["StreamDescription"]["Shards"][0]["ShardId"]
        place = self._kept()
        where: dict[str, str] = {"ShardIteratorType": self.source.starting_position or "LATEST"}
        if place:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": place}
        given = {"StreamArn": self.source.source, "ShardId": shard}
        answer = await self._streams("GetShardIterator", **given, **where)
        if not place and where["ShardIteratorType"] == "LATEST":
            self._keep("")  # from now on nothing is left out
        return str(answer["ShardIterator"])

    async def _handle(self, records: Sequence[Record]) -> None:
        wanted = tuple(one for one in records if is_wanted(one, self.source.filters))
        waiting = [Batch(wanted)] if wanted else []
        while waiting:
            batch = waiting.pop(0)
            if not batch.records:
                continue
            payload = event(batch.records, self.source.source)
            if len(payload) > LARGEST and len(batch.records) > 1:  # "Batching behavior": 6 MB
                waiting = [*halves(batch), *waiting]
                continue
            outcome = await self._invoke(self.source.function, payload)
            follows = after(batch, outcome, self.source, time.time())
            if follows.discarded:
                await self._discard(batch, follows.discarded)
            waiting = [*follows.next, *waiting]
            if follows.waits:
                wait = min(_LONGEST, 2.0 ** min(6, follows.next[0].attempts - 1))
                await asyncio.sleep(wait / self._pace)

    async def _discard(self, batch: Batch, why: str) -> None:
        target = self.source.on_failure
        said = f"{self.source.address}: {len(batch.records)} records are given up ({why})"
        if not target:
            self._report(f"{said}; there is no on-failure destination, so they are lost, as on AWS")
            return
        try:
            body = discarded(batch, self.source, why, time.time())
            await self._send(self.role_arn, target, body, {})
        except BonkeiError as error:
            self._report(f"{said}; {target} refuses them, too: {error.message}")

    async def _streams(self, operation: str, **given: Any) -> Mapping[str, Any]:
        region = Arn.of(self.source.source).region
        role = RoleSession(self.role_arn, SESSION)
        return await self._aws.call(role, "dynamodbstreams", operation, given, region)

    def _kept(self) -> str:
        try:
            return self._place.read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def _keep(self, place: str) -> None:
        with suppress(OSError):  # a full disk: after a restart, the batch may be called twice
            self._place.parent.mkdir(parents=True, exist_ok=True)
            kept.write(self._place, place, synced=False)

"""Output `cloudwatch_logs`. Source: pipeline/outputs/cloudwatch, and "PutLogEvents" (Amazon
CloudWatch Logs API Reference) for the limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bonkei.services.logs.router.aws import AwsClient
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.outputs import Result
from bonkei.services.logs.router.outputs.encoding import encode
from bonkei.services.logs.router.records import Event

_MAX_EVENTS = 10_000
_MAX_BYTES = 1_048_576
_PER_EVENT = 26
_MAX_EVENT = 1_000_000  # bytes; the plugin cuts a longer one
_MAX_SPAN = 24 * 3600 * 1000  # milliseconds
_TARGET = "Logs_20140328."

Report = Callable[[str, str], None]


@dataclass(slots=True)
class CloudWatchOutput:
    client: AwsClient
    group: str
    stream: str
    report: Report
    _is_there: bool = False  # the stream

    @classmethod
    def make(cls, section: Section, client: AwsClient, report: Report) -> CloudWatchOutput:
        group, stream = section.text("log_group_name"), section.text("log_stream_name")
        return cls(client, group, stream, report)

    async def deliver(self, _tag: str, events: Sequence[Event]) -> Result:
        try:
            for batch in batches(self._entries(events)):
                result = await self._put(batch)
                if result is not Result.OK:
                    return result
        except OSError as error:
            self.report("error", f"[output:cloudwatch_logs] {error or type(error).__name__}")
            return Result.RETRY
        return Result.OK

    async def finish(self) -> bool:
        """It holds no records."""
        return True

    def _entries(self, events: Sequence[Event]) -> Iterator[tuple[int, str, int]]:
        for moment, record in events:
            text = encode(record)
            size = len(text.encode("utf-8", "replace"))
            if size > _MAX_EVENT:
                self.report("warn", f"cloudwatch_logs: a record of {size} bytes is cut")
                text = text.encode("utf-8", "replace")[:_MAX_EVENT].decode("utf-8", "ignore")
                size = len(text.encode())
            if text and text != "{}":
                yield moment // 1_000_000, text, size

    async def _put(self, batch: Sequence[tuple[int, str]]) -> Result:
        if not self._is_there and not await self._create():
            return Result.RETRY
        events = [{"timestamp": moment, "message": text} for moment, text in batch]
        status, code, answer = await self._call("PutLogEvents", {"logEvents": events})
        if status == 200:
            if rejected := answer.get("rejectedLogEventsInfo"):
                self._complain(f"rejected: {rejected}")
            return Result.OK
        if code == "DataAlreadyAcceptedException":
            return Result.OK
        self._is_there = False
        self._complain(f"{status} {code} {_said(answer)}")
        return Result.RETRY

    async def _create(self) -> bool:
        """Create the stream in its group. True when it exists now."""
        status, code, answer = await self._call("CreateLogStream", {})
        self._is_there = status == 200 or code == "ResourceAlreadyExistsException"
        if not self._is_there:
            self._complain(f"{status} {code} {_said(answer)}")
        return self._is_there

    def _complain(self, text: str) -> None:
        self.report("error", f"[output:cloudwatch_logs] {self.group}: {text}")

    async def _call(self, operation: str, more: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
        body = {"logGroupName": self.group, "logStreamName": self.stream, **more}
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{_TARGET}{operation}",
        }
        answer = await self.client.request("POST", "/", headers, json.dumps(body).encode())
        try:
            found = json.loads(answer.body or b"{}")
        except ValueError:
            found = {}
        if not isinstance(found, dict):
            found = {}
        code = str(found.get("__type", "")).rpartition("#")[2]
        return answer.status, code, found


def batches(entries: Iterator[tuple[int, str, int]]) -> Iterator[list[tuple[int, str]]]:
    """Batches in order of time, within PutLogEvents' limits of number, size and time."""
    batch: list[tuple[int, str]] = []
    total = 0
    for moment, text, size in sorted(entries, key=lambda entry: entry[0]):
        cost = size + _PER_EVENT
        if batch and (
            len(batch) >= _MAX_EVENTS
            or total + cost > _MAX_BYTES
            or moment - batch[0][0] >= _MAX_SPAN
        ):
            yield batch
            batch, total = [], 0
        batch.append((moment, text))
        total += cost
    if batch:
        yield batch


def _said(answer: dict[str, Any]) -> str:
    return str(answer.get("message", answer.get("Message", "")))[:300]

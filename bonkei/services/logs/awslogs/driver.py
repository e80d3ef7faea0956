"""One container's driver: lines wait a moment for more lines, and go to the stream together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from bonkei.services.logs.awslogs.batches import batches
from bonkei.services.logs.awslogs.multiline import Joiner
from bonkei.services.logs.awslogs.options import AwsLogsOptions, LogDriverError
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.store.limits import InputEvent

FLUSH_SECONDS = 0.2
"""The driver on AWS waits for 5 seconds. On a laptop, people do not want to wait that long."""

HOLD_SECONDS = 1.0
"""How long an event of many lines waits for one more."""

RETRY_SECONDS = 1.0
_CLOSING_TRIES = 3


class Writer(Protocol):
    """CloudWatch Logs with the permissions of a container's execution role. Each method raises
    LogsError, with AccessDeniedException if the role lacks the permission."""

    def create_group(self, group: str) -> None: ...
    def create_stream(self, group: str, stream: str) -> None: ...
    def put(self, group: str, stream: str, events: Sequence[InputEvent]) -> None: ...


class AwsLogsDriver:
    """`write` takes lines. A blocking writer awaits `writable`. `close` sends the rest."""

    def __init__(
        self,
        options: AwsLogsOptions,
        stream: str,
        writer: Writer,
        report: Callable[[str], None],
    ) -> None:
        self._options = options
        self._stream = stream
        self._writer = writer
        self._report = report
        self._joiner = Joiner(options.begins)
        self._waiting: deque[InputEvent] = deque()
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._last_line = 0.0
        self._has_space = asyncio.Event()
        self._has_space.set()
        self._failing = ""
        self.lost = 0
        """Events for which the buffer had no space, or that CloudWatch Logs refused."""

    def open(self) -> None:
        """Make the stream, and the group if the option for this is set. Raises LogDriverError in
        ECS's words."""
        group = self._options.group
        try:
            self._open(group)
        except LogsError as error:
            raise LogDriverError(
                "failed to initialize logging driver: failed to create Cloudwatch log stream: "
                f"{error.code}: {error.message} (group {group}, stream {self._stream})"
            ) from None

    def _open(self, group: str) -> None:
        """Like the driver of Docker Engine, create a group only after its stream has failed."""
        try:
            _unless_there(lambda: self._writer.create_stream(group, self._stream))
        except LogsError as error:
            if error.code != "ResourceNotFoundException" or not self._options.create_group:
                raise
            _unless_there(lambda: self._writer.create_group(group))
            _unless_there(lambda: self._writer.create_stream(group, self._stream))

    def write(self, _stream: str, time: float, lines: Sequence[str]) -> None:
        """`time` in Unix seconds. stdout and stderr go to the same log stream."""
        timestamp = int(time * 1000)
        for line in lines:
            for event in self._joiner.feed(timestamp, line):
                self._add(event)
        loop = asyncio.get_running_loop()
        self._last_line = loop.time()
        if self._timer is None and (self._waiting or self._joiner.is_holding):
            self._timer = loop.call_later(FLUSH_SECONDS, self._flush)

    async def writable(self) -> None:
        """In blocking mode: wait until the buffer has space."""
        await self._has_space.wait()

    async def close(self) -> None:
        """Send the waiting events. After a few failed tries they are lost, and the loss is
        reported."""
        if self._timer is not None:
            self._timer.cancel()
        for event in self._joiner.finish():
            self._add(event)
        for attempt in range(_CLOSING_TRIES):
            if self._send():
                break
            if attempt + 1 < _CLOSING_TRIES:
                await asyncio.sleep(RETRY_SECONDS)
        if self._waiting:
            self.lost += len(self._waiting)
            self._report(
                f"{len(self._waiting)} log events of {self._stream} are lost: {self._failing}"
            )
        self._waiting.clear()
        self._has_space.set()

    def _add(self, event: InputEvent) -> None:
        size = len(event[1])
        if not self._options.blocking and self._bytes + size > self._options.buffer:
            self.lost += 1  # as in non-blocking mode: the newest is dropped
            return
        self._waiting.append(event)
        self._bytes += size
        if self._bytes > self._options.buffer:
            self._has_space.clear()

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        if self._joiner.is_holding and loop.time() - self._last_line >= HOLD_SECONDS:
            for event in self._joiner.finish():
                self._add(event)
        sent = self._send()
        if not sent or self._joiner.is_holding:
            delay = FLUSH_SECONDS if sent else RETRY_SECONDS
            self._timer = loop.call_later(delay, self._flush)

    def _send(self) -> bool:
        """Whether no event is waiting."""
        waiting, self._waiting, self._bytes = self._waiting, deque(), 0
        rest = list(batches(waiting))
        while rest:
            try:
                self._writer.put(self._options.group, self._stream, rest[0])
            except LogsError as error:
                if error.code == "InvalidParameterException":  # it would never be taken
                    self.lost += len(rest[0])
                    self._say(error)
                    rest.pop(0)
                    continue
                self._keep(rest)
                self._say(error)
                return False
            rest.pop(0)
            self._failing = ""
        self._has_space.set()
        return True

    def _keep(self, rest: Sequence[Sequence[InputEvent]]) -> None:
        self._waiting = deque(event for batch in rest for event in batch)
        self._bytes = sum(len(message) for _, message in self._waiting)

    def _say(self, error: LogsError) -> None:
        """Report the failure once, until it works again."""
        if error.message != self._failing:
            self._failing = error.message
            self._report(f"log events of {self._stream} are refused: {error.code}: {error.message}")


def _unless_there(create: Callable[[], None]) -> None:
    try:
        create()
    except LogsError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise

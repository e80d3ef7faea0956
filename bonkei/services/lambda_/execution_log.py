"""The log of one execution environment, written with the permissions of the function's role."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from bonkei.blueprint.lambda_.function import Function

_TAIL = 4096  # bytes of the log that a caller may request


class LogWriter(Protocol):
    """CloudWatch Logs, with the role's permissions. Events are (Unix milliseconds, text)."""

    def write(self, function: Function, stream: str, events: Sequence[tuple[int, str]]) -> None: ...


class ExecutionLog:
    """The log events of one execution environment, written together."""

    def __init__(self, writer: LogWriter, function: Function, stream: str) -> None:
        self._writer = writer
        self._function = function
        self._stream = stream
        self._waiting: list[tuple[int, str]] = []
        self._tail = ""

    def begin(self) -> None:
        """Begin an invocation. The log for its caller starts anew."""
        self._tail = ""

    def add(self, at: float, text: str) -> None:
        if not self._waiting:
            with suppress(RuntimeError):
                asyncio.get_running_loop().call_later(0.1, self.flush)
        self._waiting.append((int(at * 1000), text))
        self._tail = f"{self._tail}{text}\n"[-_TAIL:]

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            waiting.sort(key=lambda event: event[0])
            self._writer.write(self._function, self._stream, waiting)

    def tail(self) -> bytes:
        return self._tail.encode()[-_TAIL:]

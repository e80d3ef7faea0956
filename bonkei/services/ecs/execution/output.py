"""A container's output: it goes to the sink, which stores it, and to the driver, which sends it
on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bonkei.base.tracebacks import raised
from bonkei.services.ecs.images.local import LocalTask
from bonkei.services.ecs.logs import LogDriver, LogLine, LogSink, OpenLogDriver

_LAST = 100  # lines that may have a traceback
_BY_SIGNAL = 128  # exit codes above: a signal has ended it


@dataclass(frozen=True, slots=True)
class LogSource:
    """The origin of lines, in the terms of `LogLine`."""

    group: str
    container: str
    task_id: str


class ContainerOutput:
    """`write` takes each piece of output. `complain` is called if the disk refuses it."""

    def __init__(
        self, source: LogSource, sink: LogSink, complain: Callable[[str, BaseException], None]
    ) -> None:
        self._source = source
        self._sink = sink
        self._complain = complain
        self._driver: LogDriver | None = None
        self._last: deque[str] = deque(maxlen=_LAST)

    async def open(self, open_driver: OpenLogDriver, local: LocalTask) -> None:
        """Raises BonkeiError if the container's log driver cannot be started."""
        container = local.container(self._source.container).container
        self._driver = await open_driver(local.definition, container, self._source.task_id)

    def write(self, stream: str, time: float, lines: list[str]) -> None:
        source = self._source
        self._last.extend(lines)
        if self._driver is not None:
            self._driver.write(stream, time, lines)
        try:
            self._sink.write(
                [
                    LogLine(source.group, source.container, source.task_id, stream, time, text)
                    for text in lines
                ]
            )
        except OSError as error:  # a full disk: the process must be able to continue writing
            self._complain("log lines are lost", error)

    def error_of(self, exit_code: int) -> str:
        """The exception of which the program has ended, with file and line; empty if its last lines
        have none."""
        return raised(self._last) if 0 < exit_code < _BY_SIGNAL else ""

    async def writable(self) -> None:
        if self._driver is not None:
            await self._driver.writable()

    async def close(self) -> None:
        """Close the driver after the last line."""
        if self._driver is not None:
            await self._driver.close()

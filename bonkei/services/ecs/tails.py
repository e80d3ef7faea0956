"""The last lines of tasks whose caller waits for the result."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from bonkei.services.ecs.logs import LogLine, LogSink

_KEPT = 200  # lines of a task


class Tails:
    """A sink that also keeps the last lines of the tasks that are followed."""

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink
        self._tails: dict[str, deque[str]] = {}

    def follow(self, task_id: str) -> None:
        self._tails[task_id] = deque(maxlen=_KEPT)

    def unfollow(self, task_id: str) -> tuple[str, ...]:
        return tuple(self._tails.pop(task_id, ()))

    def write(self, lines: Sequence[LogLine]) -> None:
        if self._tails:
            for line in lines:
                if (tail := self._tails.get(line.task_id)) is not None:
                    tail.append(line.text)
        self._sink.write(lines)

    def close(self) -> None:
        self._sink.close()

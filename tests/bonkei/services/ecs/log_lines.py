"""A log sink in memory, in place of files."""

from __future__ import annotations

from collections.abc import Sequence

from bonkei.services.ecs import LogLine


class MemoryLogSink:
    """Keeps every line."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []

    def write(self, lines: Sequence[LogLine]) -> None:
        self.lines.extend(lines)

    def close(self) -> None:
        """There is nothing to close."""

    def texts(self, container: str) -> list[str]:
        return [line.text for line in self.lines if line.container == container]

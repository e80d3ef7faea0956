"""The output of functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from bonkei.base.arn import Arn
from bonkei.blueprint.lambda_.function import Function
from bonkei.services.ecs.logs import FileLogSink, LogLine
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.logs import RoleWriter


class FunctionLogs:
    """The output of functions: into their log groups, if their roles allow it, and for `bonkei
    logs`."""

    def __init__(
        self,
        writer: Callable[[str, str], RoleWriter],
        files: FileLogSink,
        report: Callable[[str], None],
    ) -> None:
        self._writer = writer
        self._files = files
        self._report = report
        self._reported: set[tuple[str, str]] = set()

    def write(self, function: Function, stream: str, events: Sequence[tuple[int, str]]) -> None:
        execution = stream.rpartition("]")[2]
        self._files.write(
            [
                LogLine(function.name, "function", execution, "stdout", at / 1000, line)
                for at, text in events
                for line in text.split("\n")
            ]
        )
        try:
            self._put(function, stream, events)
        except LogsError as error:
            if (function.arn, error.code) not in self._reported:
                self._reported.add((function.arn, error.code))
                self._report(f"{function.name}: its log is not written: {error.message}")

    def _put(self, function: Function, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """Lambda creates the stream. It also creates a missing group, if the role allows it."""
        group, region = function.log_group, Arn.of(function.arn).region
        writer = self._writer(function.role_arn, region)
        try:
            writer.put_all(group, stream, events)
        except LogsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            try:
                writer.create_stream(group, stream)
            except LogsError as missing:
                if missing.code != "ResourceNotFoundException":
                    raise
                with suppress(LogsError):
                    writer.create_group(group)
                writer.create_stream(group, stream)
            writer.put_all(group, stream, events)

"""Reads the driver's options from a container's `logConfiguration`. Pure.

Source: "Send Amazon ECS logs to CloudWatch" (docs.aws.amazon.com/AmazonECS/latest/developerguide/
using_awslogs.html) and the driver's own options (docs.docker.com/engine/logging/drivers/awslogs).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bonkei.services.logs.awslogs.multiline import from_datetime_format
from bonkei.services.logs.errors import LogsError

_KNOWN = {
    "awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group",
    "awslogs-datetime-format", "awslogs-multiline-pattern", "mode", "max-buffer-size",
}  # fmt: skip
_UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SIZE = re.compile(r"(\d+)\s*([bkmg]?)b?", re.IGNORECASE)
DEFAULT_BUFFER = 10 * 1024 * 1024  # ECS's, since its default mode is non-blocking


class LogDriverError(LogsError):
    """The driver cannot be started. The message is in ECS's words."""

    def __init__(self, message: str) -> None:
        super().__init__("ResourceInitializationError", message)


@dataclass(frozen=True, slots=True)
class AwsLogsOptions:
    """`begins`: the pattern of an event's first line; None: each line is an event. `buffer` is in
    bytes. `blocking`: a program waits for space in the buffer; otherwise lines are lost."""

    group: str
    region: str
    stream_prefix: str
    create_group: bool = False
    begins: re.Pattern[str] | None = None
    blocking: bool = False
    buffer: int = DEFAULT_BUFFER

    def stream(self, container: str, task_id: str) -> str:
        return f"{self.stream_prefix}/{container}/{task_id}"


def parse_options(options: Mapping[str, str]) -> AwsLogsOptions:
    """Raises LogDriverError for a missing, unknown or wrong option."""
    for name in sorted(options):
        if name not in _KNOWN:
            raise LogDriverError(f"unknown log opt '{name}' for awslogs log driver")
    for name in ("awslogs-group", "awslogs-stream-prefix", "awslogs-region"):
        if not options.get(name):
            raise LogDriverError(f"log driver awslogs requires option '{name}' on Fargate")
    mode = options.get("mode", "non-blocking")
    if mode not in ("blocking", "non-blocking"):
        raise LogDriverError(f"mode: {mode!r} is neither blocking nor non-blocking")
    return AwsLogsOptions(
        group=options["awslogs-group"],
        region=options["awslogs-region"],
        stream_prefix=options["awslogs-stream-prefix"],
        create_group=_flag(options.get("awslogs-create-group", "false")),
        begins=_begins(options),
        blocking=mode == "blocking",
        buffer=_size(options.get("max-buffer-size", "10m")),
    )


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise LogDriverError(f"awslogs-create-group: {text!r} is neither true nor false")
    return text.lower() == "true"


def _begins(options: Mapping[str, str]) -> re.Pattern[str] | None:
    pattern = options.get("awslogs-multiline-pattern", "")
    datetime_format = options.get("awslogs-datetime-format", "")
    if pattern and datetime_format:
        raise LogDriverError(
            "you cannot configure log opt 'awslogs-datetime-format' and "
            "'awslogs-multiline-pattern' at the same time"
        )
    name = "awslogs-multiline-pattern" if pattern else "awslogs-datetime-format"
    text = pattern or (from_datetime_format(datetime_format) if datetime_format else "")
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise LogDriverError(f"{name}: {text!r} is not a regular expression: {error}") from None


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise LogDriverError(f"max-buffer-size: {text!r} is not a size such as 4m")
    return int(found[1]) * _UNITS[found[2].lower()]

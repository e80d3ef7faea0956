"""PostgreSQL's lines as events. Pure.

A record begins with the time of the prefix `%t:%r:%u@%d:[%p]:`, and continues in lines that begin
with a tab. Source: "Publishing Aurora PostgreSQL logs to Amazon CloudWatch Logs"
(docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from bonkei.services.logs.store.limits import InputEvent

_BEGINS = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC:")


def events(lines: Iterable[str], now: int) -> list[InputEvent]:
    """In the order of the file, which is nearly the order of time. `now` (milliseconds) is the time
    of lines without a time. A crashing process writes such lines."""
    found: list[InputEvent] = []
    for line in lines:
        begins = _BEGINS.match(line)
        if begins is not None:
            found.append((_milliseconds(begins[1]), line))
        elif line.startswith("\t") and found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}")
        elif line:
            found.append((found[-1][0] if found else now, line))
    return found


def _milliseconds(text: str) -> int:
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000

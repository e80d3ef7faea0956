"""The records that a page wants: the log, and the filters; and what a search has found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bonkei.grammar.filter_pattern import FilterPattern, parse
from bonkei.miniature.console.moments import moment
from bonkei.miniature.log_files.record import LEVELS, Record
from bonkei.services.console import ConsoleError

PATIENCE = 10.0
"""Seconds of a search. Nothing else ends it early."""
_LONGEST = 2_000  # characters of a filter pattern


@dataclass(frozen=True, slots=True)
class Numbered:
    """A record with its own number, in the order of arrival. `stream`: that of a log group."""

    number: int
    record: Record
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """`records`: the newest in order of time. `more`: there are older ones. `looked_at`: how many
    were compared. `back_to`: where the search ran out of patience; empty: nothing that is kept, or
    in the wanted time, was left out."""

    records: list[Numbered]
    more: bool
    looked_at: int
    back_to: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """`group`: a log group; or `bucket`; without them `log`: a log of this machine, or all of them.
    `stream` and `task`: the beginning of its name or id. `level` and worse. `request`: a part of
    its id, or of the text. `since`, `until`: as `Record.time`."""

    group: str = ""
    bucket: str = ""
    log: str = ""
    stream: str = ""
    task: str = ""
    level: str = ""
    request: str = ""
    pattern: FilterPattern | None = None
    since: str = ""
    until: str = ""

    def __call__(self, found: Numbered) -> bool:
        record = found.record
        return (
            (not self.log or record.label == self.log)
            and found.stream.startswith(self.stream)
            and record.task.startswith(self.task)
            and record.time >= self.since
            and (not self.until or record.time < self.until)
            and (not self.level or record.is_at_least(self.level))
            and (self.request in record.request_id or self.request in record.text)
            and (self.pattern is None or self.pattern.matches(record.text))
        )


def read_wish(query: Mapping[str, str], now: datetime) -> Wish:
    """From a page's query. A BonkeiError names the place of a mistake in the pattern, and the
    possible forms of a time."""
    level, pattern = query.get("level", "").upper(), query.get("filter", "").strip()
    if level and level not in LEVELS:
        raise ConsoleError(f"{level} is not a level", remedy=f"one of {', '.join(LEVELS)}")
    if len(pattern) > _LONGEST:
        raise ConsoleError(f"a filter pattern has {_LONGEST} characters at most")
    return Wish(
        query.get("group", ""),
        query.get("bucket", ""),
        query.get("log", ""),
        query.get("stream", ""),
        query.get("task", ""),
        level,
        query.get("request", ""),
        parse(pattern) if pattern else None,
        moment(query.get("since", ""), now),
        moment(query.get("until", ""), now),
    )

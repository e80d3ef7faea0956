"""Runs a query over the events of log groups, as they are on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bonkei.grammar.insights import MOST_ROWS, LogRecord, Result, parse, run
from bonkei.services.logs.reader import latest, open_groups
from bonkei.services.logs.store.position import to_token
from bonkei.services.logs.store.reading import Window


@dataclass(frozen=True, slots=True)
class Search:
    """`directory`: the store's. `start` and `end`: milliseconds, the latter exclusive. `limit`:
    rows at most."""

    directory: str
    groups: tuple[str, ...]
    query: str
    account: str
    start: int = 0
    end: int = 2**62
    limit: int = MOST_ROWS


def search(wanted: Search) -> Result:
    """Raises QueryError."""
    return run(parse(wanted.query), _records(wanted), wanted.limit)


def _records(wanted: Search) -> Iterator[LogRecord]:
    groups = [each for each in open_groups(Path(wanted.directory)) if each.name in wanted.groups]
    for group, event in latest(groups, Window(wanted.start, wanted.end), lambda _: True):
        yield LogRecord(
            event.timestamp,
            event.message,
            f"{wanted.account}:{group}",
            event.position.stream,
            event.ingestion,
            to_token(group, *event.position),
        )

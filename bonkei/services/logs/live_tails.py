"""Live Tail's sessions: the request of each, and its events since the last update.

Source: "StartLiveTail" (docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference): at most 500
events in an update, and `sampled` where more have matched; 15 sessions at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bonkei.base.events import LogEvent
from bonkei.grammar.filter_pattern import FilterPattern
from bonkei.services.logs.errors import LogsError

MOST_SESSIONS = 15
MOST_EVENTS = 500
MOST_CHARACTERS = 4 * 1024 * 1024
"""Of the messages of an update: the events of a second may have 500 MB."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wish:
    """A session's selection: groups (their ARNs by name), and streams by names or beginnings."""

    groups: Mapping[str, str]
    pattern: FilterPattern
    streams: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()

    def wants(self, group: str, stream: str) -> bool:
        if group not in self.groups:
            return False
        if not self.streams and not self.beginnings:
            return True
        return stream in self.streams or stream.startswith(self.beginnings or ("\0",))


@dataclass(slots=True)
class Session:
    """The matching events since the last update. Their number is limited."""

    wish: Wish
    found: list[dict[str, Any]] = field(default_factory=list)
    sampled: bool = False
    _size: int = 0

    def take(self, group: str, stream: str, events: Iterable[LogEvent]) -> None:
        """The events that have arrived."""
        if not self.wish.wants(group, stream):
            return
        for event in events:
            if not self.wish.pattern.matches(event.message):
                continue
            self._size += len(event.message)
            if len(self.found) >= MOST_EVENTS or self._size > MOST_CHARACTERS:
                self.sampled = True
                return
            self.found.append(
                {
                    "logGroupIdentifier": self.wish.groups[group],
                    "logStreamName": stream,
                    "message": event.message,
                    "timestamp": event.timestamp,
                    "ingestionTime": event.ingestion_time,
                }
            )

    def update(self) -> dict[str, Any]:
        """The next update. Later events start a new one."""
        found, self.found, self._size = self.found, [], 0
        sampled, self.sampled = self.sampled, False
        return {"sessionMetadata": {"sampled": sampled}, "sessionResults": found}


class LiveTails:
    """The sessions. `arrived` is called with every accepted event."""

    def __init__(self, sleep: Sleep = asyncio.sleep) -> None:
        self.sleep = sleep
        self._sessions: list[Session] = []

    def arrived(self, group: str, stream: str, events: Sequence[LogEvent]) -> None:
        for session in self._sessions:
            session.take(group, stream, events)

    def require_room(self) -> None:
        """Raises LogsError (LimitExceededException)."""
        if len(self._sessions) >= MOST_SESSIONS:
            raise LogsError(
                "LimitExceededException",
                f"The account has {MOST_SESSIONS} concurrent Live Tail sessions already.",
            )

    def begin(self, wish: Wish) -> Session:
        self._sessions.append(session := Session(wish))
        return session

    def end(self, session: Session) -> None:
        with suppress(ValueError):
            self._sessions.remove(session)

"""The topics `logs`, live, and `logs.search` and `logs.query`, once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.clocks import has_passed
from bonkei.base.events import Bus
from bonkei.blueprint.logs.log_group import QueryDefinition
from bonkei.miniature.console.estate import hidden_texts
from bonkei.miniature.console.logs import buckets, groups, history, local
from bonkei.miniature.console.logs.question import answer_of, read_search, saved_queries
from bonkei.miniature.console.logs.rows import rows
from bonkei.miniature.console.logs.wish import Found, Wish, read_wish
from bonkei.services.console import Console, ConsoleError, Json
from bonkei.services.endpoint.looking import Looking
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.queries.queries import Queries
from bonkei.services.logs.store.log_store import LogStore

_MOST_STREAMS = 200
_AGAIN = 5.0  # seconds until the secrets are read again
_RECENT = timedelta(minutes=5)
_UNUSED = 30.0  # seconds without a look after which nothing is kept


@dataclass(frozen=True, slots=True)
class LogSources:
    """`directory`: that of this machine's log files. `store`: that of log groups. `bus`: has the
    events. `looking`: reads the `buckets`. `secrets`: values that no row may show. `queries`: run
    over the store. `saved`: the queries of the definitions."""

    directory: Path
    store: Callable[[], LogStore]
    bus: Bus
    looking: Callable[[], Looking]
    buckets: Callable[[], Sequence[str]] = tuple
    secrets: Callable[[], Sequence[str]] = tuple
    queries: Callable[[], Queries] = Queries
    saved: Callable[[], Sequence[QueryDefinition]] = tuple


def offer_logs(console: Console, sources: LogSources) -> Desk:
    """Give the topics to the console."""
    desk = Desk(sources)
    console.topics({"logs": desk.tail, "logs.search": desk.search, "logs.query": desk.query})
    return desk


class Desk:
    """Keeps the last records while a page shows them, and for a moment after that."""

    def __init__(self, sources: LogSources) -> None:
        self._sources = sources
        self._local = local.LocalTails(sources.directory)
        self._groups = groups.GroupTails(sources.store, sources.bus)
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._tailed = 0.0  # when a page last showed lines
        self._hidden: tuple[float, frozenset[str]] = (0.0, frozenset())

    async def tail(self, query: Mapping[str, str]) -> Json:
        """The newest wanted records of the recent ones."""
        wish = read_wish(query, datetime.now(UTC))
        self._tailed = time.monotonic()
        self._keep_a_while()
        async with self._lock:
            labels, found = await asyncio.to_thread(self._local.look)
        if wish.group:
            found = self._of_group(wish)
        elif wish.bucket:  # objects come minutes later: they are searched, not followed
            found = []
        return self._sources_now(labels, wish) | {"records": rows(found, wish, self._secrets())}

    async def search(self, query: Mapping[str, str]) -> Json:
        """Search everything that is kept of the wanted time."""
        wish = read_wish(query, datetime.now(UTC))
        found = await self._found(wish)
        return {
            "records": rows(found.records, wish, self._secrets()),
            "more": found.more,
            "looked_at": found.looked_at,
            "back_to": found.back_to,
        }

    async def _found(self, wish: Wish) -> Found:
        try:
            if wish.bucket:
                return await buckets.search(self._sources.looking(), wish)
            if wish.group:
                return await groups.search(self._store(), wish)
        except (AwsServiceError, LogsError) as error:
            raise ConsoleError(f"{wish.bucket or wish.group}: {error.message}") from None
        return await asyncio.to_thread(history.search, self._sources.directory, wish)

    async def badge(self) -> Json:
        """How many errors the logs of this machine had in the last five minutes."""
        self._keep_a_while()
        if has_passed(_UNUSED, self._tailed, time.monotonic()):  # another page is open
            self._groups.forget()
        since = (datetime.now(UTC) - _RECENT).isoformat()[:23]
        async with self._lock:
            count = await asyncio.to_thread(self._local.errors, since)
        return {"text": str(count), "kind": "bad"} if count else None

    async def query(self, query: Mapping[str, str]) -> Json:
        """The rows of a query of Logs Insights over one group, or over all of them."""
        store = self._store()
        wanted = read_search(query, store.directory, tuple(store.groups), "")
        started = await self._sources.queries().answer(wanted, store.now)
        return answer_of(started, self._secrets())

    def _secrets(self) -> frozenset[str]:
        """Read from the disk from time to time, because they may change."""
        now = time.monotonic()
        if now >= self._hidden[0]:
            self._hidden = now + _AGAIN, hidden_texts(self._sources.secrets())
        return self._hidden[1]

    def _of_group(self, wish: Wish) -> Any:
        self._store()
        try:
            return self._groups.look(wish.group)
        except LogsError as error:
            raise ConsoleError(f"{wish.group}: {error.message}") from None

    def _sources_now(self, labels: list[str], wish: Wish) -> dict[str, Any]:
        store = self._sources.store()
        names = sorted(store.groups) if store.is_open else []
        streams: list[str] = []
        if wish.group in names:
            known = store.group(wish.group).streams.values()
            newest = sorted(known, key=lambda one: one.ingested, reverse=True)
            streams = [one.name for one in newest[:_MOST_STREAMS]]
        saved = saved_queries(self._sources.saved())
        buckets = sorted(self._sources.buckets())
        return {
            "logs": labels, "groups": names, "buckets": buckets, "streams": streams, "saved": saved,
        }  # fmt: skip

    def _store(self) -> LogStore:
        store = self._sources.store()
        if not store.is_open:
            raise ConsoleError("there are no log groups yet", remedy="the miniature starts")
        return store

    def _keep_a_while(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_UNUSED, self._forget)

    def _forget(self) -> None:
        self._timer = None
        self._local.forget()
        self._groups.forget()

"""Collects finished requests, and writes their logs to buckets and log groups. Requests become
entries in groups, on the event loop: a thread would take as long, and would block the loop
meanwhile. Once a second entries for log groups are written; entries for buckets wait for their
object. A failed write is repeated, up to a bound. SIGKILL loses the waiting entries; AWS delivers
them "on a best-effort basis" too."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from bonkei.base.clocks import has_passed
from bonkei.blueprint import Blueprint
from bonkei.services.logs.awslogs.batches import batches
from bonkei.services.logs.delivery.requests.request import Finished, Row, Together
from bonkei.services.logs.delivery.requests.routes import Routes, find_routes
from bonkei.services.logs.delivery.requests.sorting import Entries, Entry, sort
from bonkei.services.logs.delivery.requests.target import FIVE_MINUTES, Deliverer, Target
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.store.limits import InputEvent

LOOK_SECONDS = 1.0
SHOWN = 200
_OBJECT = 50_000  # entries of an object at most
_MOST = 200_000  # entries of a log that wait at most
_MOST_BYTES = 64 * 1024 * 1024  # of these entries
_CONNECTIONS = 100_000  # that a connection log remembers
_TOGETHER = 64  # requests that become entries together, which takes less than a millisecond
_AT_ONCE = 0.001  # seconds; the edge's clock counts them: requests within one have one time
_GZIP = 31  # zlib's number for gzip with the largest window
_LEVEL = 1  # isal's, from 0 to 3: denser than zlib's 1 on these lines, in a fifth of the time
_PIECE = 1_000_000  # bytes that are compressed at once

PutObject = Callable[[str, str, bytes, Deliverer], Awaitable[str]]
"""Bucket, key, content and writer -> the error, or an empty text."""

PutEvents = Callable[[str, str, Sequence[InputEvent]], None]
"""Log group, stream, events. Raises LogsError."""


@dataclass(frozen=True, slots=True)
class Means:
    """`endpoints`: where each task listens. `local` is called with the first requests of each
    second (`SHOWN`), and with the number of the others. `factor`: how many of AWS's minutes pass in
    one minute."""

    put_object: PutObject
    put_events: PutEvents
    endpoints: dict[str, str]
    local: Callable[[Sequence[Finished], int], None]
    report: Callable[[str], None]
    factor: int = 1


@dataclass(slots=True)
class _Waiting:
    """The entries of one log that wait for their object, in pieces: how many, and their text."""

    pieces: deque[tuple[int, bytes]] = field(default_factory=deque)
    number: int = 0
    size: int = 0
    since: float = 0.0

    def add(self, entries: Sequence[str]) -> None:
        text = "\n".join((*entries, "")).encode("utf-8", "surrogateescape")
        self.pieces.append((len(entries), text))
        self.number += len(entries)
        self.size += len(text)

    def first(self) -> list[tuple[int, bytes]]:
        """The pieces of the next object: at least one."""
        found: list[tuple[int, bytes]] = []
        number = 0
        for piece in self.pieces:
            number += piece[0]
            if found and number > _OBJECT:
                break
            found.append(piece)
        return found

    def drop(self, pieces: int) -> None:
        for _ in range(pieces):
            number, text = self.pieces.popleft()
            self.number -= number
            self.size -= len(text)


class RequestDeliveries:
    """`seen_together` is the edge's hook. Call `follow` with each blueprint, and `open` once its
    buckets exist. `stop` writes the waiting entries."""

    def __init__(self, account: str, means: Means) -> None:
        self._account = account
        self._means = means
        self._routes = Routes()
        self._targets: dict[str, Target] = {}
        self._new: list[tuple[float, list[Row]]] = []  # those that came together
        self._number = 0  # of the requests among them
        self._shown: list[Finished] = []
        self._seen = 0  # since the last look
        self._events: dict[str, list[Entry]] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._connections: dict[str, set[int]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._woken = asyncio.Event()
        self._delivering = asyncio.Lock()
        self._is_open = self._has_been_open = False
        self._tested: set[tuple[str, str]] = set()
        self._said: set[str] = set()
        self.lost = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """The declared logs that are not simulated."""
        return self._routes.notes

    def seen_together(self, requests: Sequence[Row]) -> None:
        """Called on the event loop with finished requests."""
        now = time.time()
        new = self._new
        if new and 0 <= now - new[-1][0] < _AT_ONCE:
            new[-1][1].extend(requests)
        else:
            new.append((now, [*requests]))
        self._number += len(requests)
        self._woken.set()
        if self._number >= _TOGETHER:
            self._take(now)

    def follow(self, blueprint: Blueprint) -> None:
        """Deliver the logs of this blueprint from now on. Objects wait until `open`."""
        self._is_open = False
        self._routes = find_routes(blueprint, self._account, self._means.endpoints)
        self._targets = {target.id: target for target in self._routes.targets}
        self._woken.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def open(self) -> None:
        """The declared buckets exist."""
        self._is_open = self._has_been_open = True
        self._woken.set()

    async def stop(self) -> None:
        """Write the waiting entries. Call it while the buckets and log groups are still there."""
        task, self._task = self._task, None
        if task is not None:
            self._ending.set()  # records that are being sorted at this moment are not lost
            self._woken.set()
            await task
            await self._deliver(last=True)

    async def _run(self) -> None:
        """Looks once a second while requests come or entries wait, and sleeps otherwise."""
        while not self._ending.is_set():
            self._woken.clear()
            await self._deliver()
            if not self._new and not any(each.number for each in self._waiting.values()):
                await self._woken.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._ending.wait()

    async def _deliver(self, *, last: bool = False) -> None:
        try:
            await self.deliver(time.time(), last=last)
        except Exception as error:
            self._say(f"logs of requests are not delivered: {type(error).__name__}: {error}")

    async def deliver(self, now: float, *, last: bool = False) -> None:
        """Make entries of the new requests, and write each object that is due."""
        async with self._delivering:  # an entry is written by one of two calls
            await self._deliver_all(now, last=last)

    async def _deliver_all(self, now: float, *, last: bool) -> None:
        self._take(now)
        if seen := self._seen:
            shown, self._shown, self._seen = self._shown, [], 0
            self._means.local(shown, seen - len(shown))
        self._put_events()
        if not (self._is_open or (last and self._has_been_open)):
            return
        await self._write_test_files()
        interval = FIVE_MINUTES / self._means.factor
        for name, waiting in self._waiting.items():
            while waiting.number and (
                last or waiting.number >= _OBJECT or has_passed(interval, waiting.since, now)
            ):
                if not await self._write(name, waiting, now):
                    break

    def _take(self, now: float) -> None:
        """Turn the new requests into entries."""
        new, self._new = self._new, []
        self._seen += self._number
        self._number = 0
        if (free := SHOWN - len(self._shown)) > 0:
            every = (
                Finished(moment, row[0].record(row)) for moment, together in new for row in together
            )
            self._shown += islice(every, free)
        if not new or not self._routes.of:
            return
        for known in self._connections.values():
            if len(known) > _CONNECTIONS:
                known.clear()
        try:
            self._enter(sort(self._routes, new, self._connections), now)
        except Exception:
            self._take_each(new, now)

    def _take_each(self, new: Together, now: float) -> None:
        """Enter the requests one by one, because one of them cannot be written."""
        for moment, each in ((moment, each) for moment, together in new for each in together):
            try:
                self._enter(sort(self._routes, ((moment, (each,)),), self._connections), now)
            except Exception as error:
                self.lost += 1
                self._say(f"logs of a request are not delivered: {type(error).__name__}: {error}")

    def _enter(self, found: Entries, now: float) -> None:
        for name, lines in found.lines.items():
            waiting = self._waiting.setdefault(name, _Waiting())
            if not waiting.number:
                waiting.since = now
            free = _MOST - waiting.number if waiting.size < _MOST_BYTES else 0
            self.lost += max(0, len(lines) - free)
            if free > 0:
                waiting.add(lines[:free])
        for name, events in found.events.items():
            self._events.setdefault(name, []).extend(events)

    def _put_events(self) -> None:
        found, self._events = self._events, {}
        for name, events in found.items():
            if (target := self._targets.get(name)) is None:
                continue
            try:
                for batch in batches(events):
                    self._means.put_events(target.group, target.stream, batch)
            except LogsError as error:
                self.lost += len(events)
                self._say(f"{target.title} is not written to {target.group}: {error.message}")

    async def _write(self, name: str, waiting: _Waiting, now: float) -> bool:
        """Write one object. If it is refused, its entries wait for the next interval."""
        target = self._targets.get(name)
        if target is None:  # the definitions no longer want this log
            waiting.drop(len(waiting.pieces))
            return False
        pieces = waiting.first()
        key = target.key(now, secrets.token_hex(4))
        content = await asyncio.to_thread(_compressed, target.head, pieces)
        error = await self._means.put_object(target.bucket, key, content, target.by)
        waiting.since = now
        if error:
            self._say(f"{target.title} is not written to {target.bucket}: {error}")
            return False
        waiting.drop(len(pieces))
        return True

    async def _write_test_files(self) -> None:
        """A load balancer writes a test object when its log is turned on."""
        for target in self._routes.targets:
            key, text = target.test
            if not key or (target.bucket, key) in self._tested:
                continue
            self._tested.add((target.bucket, key))
            error = await self._means.put_object(target.bucket, key, text.encode(), target.by)
            if error:
                self._say(f"{target.title} cannot go to {target.bucket}: {error}")

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._means.report(text)


def _compressed(head: str, pieces: Sequence[tuple[int, bytes]]) -> bytes:
    """The content as gzip. Python's lock is free while a piece is compressed, so large ones are
    made first."""
    from isal import isal_zlib  # noqa: PLC0415 - an idle miniature compresses nothing

    compressor = isal_zlib.compressobj(_LEVEL, wbits=_GZIP)
    found, together, size = [], [head.encode()], len(head)
    for _, text in pieces:
        together.append(text)
        size += len(text)
        if size >= _PIECE:
            found.append(compressor.compress(b"".join(together)))
            together, size = [], 0
    found.append(compressor.compress(b"".join(together)))
    found.append(compressor.flush())
    return b"".join(found)

"""Collects finished requests, and writes their logs to buckets and log groups. A request costs one
append. The other work is done once a second while requests come: entries for log groups are
written, entries for buckets wait for their object. A failed write is repeated, up to a bound.
SIGKILL loses the waiting entries; AWS delivers them "on a best-effort basis" too.
"""

from __future__ import annotations

import asyncio
import gzip
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bonkei.blueprint import Blueprint
from bonkei.logs.awslogs.batches import batches
from bonkei.logs.delivery.requests.request import Access, Finished
from bonkei.logs.delivery.requests.routes import Entry, Routes, find_routes, sort
from bonkei.logs.delivery.requests.target import FIVE_MINUTES, Deliverer, Target
from bonkei.logs.errors import LogsError
from bonkei.logs.store.limits import InputEvent

LOOK_SECONDS = 1.0
_OBJECT = 50_000  # entries of an object at most
_MOST = 200_000  # entries of a log that wait at most
_CONNECTIONS = 100_000  # that a connection log remembers
_INLINE = 50  # requests that are not worth a thread

PutObject = Callable[[str, str, bytes, Deliverer], Awaitable[str]]
"""Bucket, key, content and writer -> the error, or an empty text."""

PutEvents = Callable[[str, str, Sequence[InputEvent]], None]
"""Log group, stream, events. LogsError."""


@dataclass(frozen=True, slots=True)
class Means:
    """`endpoints`: where each task listens. `local` is called with each second's requests.
    `factor`: how many of AWS's minutes pass in one minute."""

    put_object: PutObject
    put_events: PutEvents
    endpoints: dict[str, str]
    local: Callable[[Sequence[Finished]], None]
    report: Callable[[str], None]
    factor: int = 1


@dataclass(slots=True)
class _Waiting:
    """The entries of one log that wait for their object."""

    entries: list[str] = field(default_factory=list)
    since: float = 0.0


class RequestDeliveries:
    """`seen` is the edge's hook. Call `follow` with each blueprint, and `open` once its buckets
    exist. `stop` writes the waiting entries."""

    def __init__(self, account: str, means: Means) -> None:
        self._account = account
        self._means = means
        self._routes = Routes()
        self._targets: dict[str, Target] = {}
        self._new: list[Finished] = []
        self._waiting: dict[str, _Waiting] = {}
        self._connections: dict[str, set[int]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._is_open = self._has_been_open = False
        self._tested: set[tuple[str, str]] = set()
        self._said: set[str] = set()
        self.lost = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """The declared logs that are not simulated."""
        return self._routes.notes

    def seen(self, access: Access) -> None:
        """Called on the event loop for each finished request."""
        self._new.append(Finished(time.time(), access))

    def follow(self, blueprint: Blueprint) -> None:
        """Deliver the logs of this blueprint from now on. Objects wait until `open`."""
        self._is_open = False
        self._routes = find_routes(blueprint, self._account, self._means.endpoints)
        self._targets = {target.id: target for target in self._routes.targets}
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def open(self) -> None:
        """The declared buckets exist."""
        self._is_open = self._has_been_open = True

    async def stop(self) -> None:
        """Write the waiting entries. Call it while the buckets and log groups are still there."""
        task, self._task = self._task, None
        if task is not None:
            self._ending.set()  # records that are being sorted at this moment are not lost
            await task
            await self._deliver(last=True)

    async def _run(self) -> None:
        while not self._ending.is_set():
            await self._deliver()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), LOOK_SECONDS)

    async def _deliver(self, *, last: bool = False) -> None:
        try:
            await self.deliver(time.time(), last=last)
        except Exception as error:
            self._say(f"logs of requests are not delivered: {type(error).__name__}: {error}")

    async def deliver(self, now: float, *, last: bool = False) -> None:
        """Sort the new requests, and write each object that is due."""
        new, self._new = self._new, []
        if new:
            self._means.local(new)
            await self._sort(new, now)
        if not (self._is_open or (last and self._has_been_open)):
            return
        await self._write_test_files()
        interval = FIVE_MINUTES / self._means.factor
        for name, waiting in self._waiting.items():
            while waiting.entries and (
                last or len(waiting.entries) >= _OBJECT or now - waiting.since >= interval
            ):
                if not await self._write(name, waiting, now):
                    break

    async def _sort(self, new: Sequence[Finished], now: float) -> None:
        routes = self._routes
        if not routes.of:
            return
        for known in self._connections.values():
            if len(known) > _CONNECTIONS:
                known.clear()
        if len(new) <= _INLINE:
            found = sort(routes, new, self._connections)
        else:  # an entry takes microseconds, and requests must not wait for many
            found = await asyncio.to_thread(sort, routes, new, self._connections)
        for name, entries in found.items():
            if (target := self._targets.get(name)) is None:
                continue
            if target.group:
                self._put_events(target, entries)
            else:
                self._add(name, entries, now)

    def _add(self, name: str, entries: Sequence[Entry], now: float) -> None:
        waiting = self._waiting.setdefault(name, _Waiting())
        if not waiting.entries:
            waiting.since = now
        room = _MOST - len(waiting.entries)
        self.lost += max(0, len(entries) - room)
        waiting.entries += [line for _, line in entries[:room]]

    def _put_events(self, target: Target, events: Sequence[Entry]) -> None:
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
            waiting.entries.clear()
            return False
        entries = waiting.entries[:_OBJECT]
        key = target.key(now, secrets.token_hex(4))
        content = await asyncio.to_thread(_compressed, target.head, entries)
        error = await self._means.put_object(target.bucket, key, content, target.by)
        waiting.since = now
        if error:
            self._say(f"{target.title} is not written to {target.bucket}: {error}")
            return False
        del waiting.entries[: len(entries)]
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


def _compressed(head: str, entries: Sequence[str]) -> bytes:
    text = "".join((head, *(f"{each}\n" for each in entries)))
    return gzip.compress(text.encode("utf-8", "surrogateescape"), 1, mtime=0)

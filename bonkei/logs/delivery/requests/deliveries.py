"""Collects finished requests, and brings their logs to buckets and log groups.

A request itself costs one append. The rest happens each second while requests come: WAF's records
go to their log group, entries of access logs wait for their object. A failed write is tried again,
up to a bound. SIGKILL loses the waiting entries. AWS, too, delivers them "on a best-effort basis".
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bonkei.blueprint import Blueprint
from bonkei.logs.awslogs.batches import batches
from bonkei.logs.delivery.requests import cloudfront, waf
from bonkei.logs.delivery.requests.load_balancer import INTERVAL, LoadBalancerLog
from bonkei.logs.delivery.requests.request import Access, Finished
from bonkei.logs.delivery.requests.routes import Routes, WafRoute, find_routes
from bonkei.logs.errors import LogsError
from bonkei.logs.store.limits import InputEvent

LOOK_SECONDS = 1.0
_OBJECT = 50_000  # entries of an object at most
_MOST = 200_000  # entries of a log that wait at most
_ADDRESS = "127.0.0.1"  # of the load balancer's node
_REGION = 3  # the part of an ARN that is its region

PutObject = Callable[[str, str, bytes], Awaitable[str]]
"""Bucket, key, content -> the error, or an empty text."""

PutEvents = Callable[[str, str, Sequence[InputEvent]], None]
"""Log group, stream, events. LogsError."""


@dataclass(frozen=True, slots=True)
class Means:
    """`endpoints`: where each task listens. `local` is shown each second's requests. `factor`: how
    many of AWS's minutes one is."""

    put_object: PutObject
    put_events: PutEvents
    endpoints: dict[str, str]
    local: Callable[[Sequence[Finished]], None]
    report: Callable[[str], None]
    factor: int = 1


@dataclass(slots=True)
class _Waiting:
    """Entries of one access log, until their object is due."""

    entries: list[Finished] = field(default_factory=list)
    since: float = 0.0


class RequestDeliveries:
    """`seen` as the edge's hook; `follow` with each blueprint; `stop` writes waiting entries."""

    def __init__(self, account: str, means: Means) -> None:
        self._account = account
        self._means = means
        self._blueprint = Blueprint()
        self._routes = Routes()
        self._new: list[Finished] = []
        self._waiting: dict[str, _Waiting] = {}
        self._task: asyncio.Task[None] | None = None
        self._tested: set[str] = set()
        self._said: set[str] = set()
        self.lost = 0

    def seen(self, access: Access) -> None:
        """On the event loop, for each finished request."""
        self._new.append(Finished(time.time(), access))

    def follow(self, blueprint: Blueprint) -> None:
        """The logs that are wanted from now on."""
        self._blueprint = blueprint
        self._routes = find_routes(blueprint)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Write the waiting entries. Call it while their receivers still run."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.deliver(time.time(), last=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.deliver(time.time())

    async def deliver(self, now: float, *, last: bool = False) -> None:
        """Sort the new requests, and write each object that is due."""
        new, self._new = self._new, []
        if new:
            self._means.local(new)
            self._sort(new, now)
        await self._write_test_files()
        interval = INTERVAL / self._means.factor
        for arn, waiting in self._waiting.items():
            while waiting.entries and (
                last or len(waiting.entries) >= _OBJECT or now - waiting.since >= interval
            ):
                if not await self._write(arn, waiting, now):
                    break

    def _sort(self, new: Sequence[Finished], now: float) -> None:
        routes = self._routes
        if routes.is_empty:
            return
        records: dict[str, tuple[WafRoute, list[InputEvent]]] = {}
        for each in new:
            way = routes.way(each.access)
            for arn in way.access_logs:
                self._add(arn, each, now)
            for route in way.waf:
                _, found = records.setdefault(route.source, (route, []))
                found.append((int(each.time * 1000), waf.record(each, route.acl, route.source)))
        for route, events in records.values():
            self._put_records(route, events)

    def _add(self, arn: str, request: Finished, now: float) -> None:
        waiting = self._waiting.setdefault(arn, _Waiting())
        if len(waiting.entries) >= _MOST:
            self.lost += 1
            return
        if not waiting.entries:
            waiting.since = now
        waiting.entries.append(request)

    def _put_records(self, route: WafRoute, events: Sequence[InputEvent]) -> None:
        for destination in route.log.destinations:
            if ":log-group:" not in destination:
                self._say(
                    f"{route.log.address}: {destination} gets no log here: it is no log group"
                )
                continue
            group = destination.split(":log-group:")[1].removesuffix(":*")
            stream = waf.stream_name(destination.split(":")[_REGION], route.acl)
            try:
                for batch in batches(events):
                    self._means.put_events(group, stream, batch)
            except LogsError as error:
                self.lost += len(events)
                self._say(f"AWS WAF's log is not written to {group}: {error.message}")

    async def _write(self, arn: str, waiting: _Waiting, now: float) -> bool:
        """One object. A refused one waits, and is tried again after another interval."""
        entries = waiting.entries[:_OBJECT]
        log = self._routes.access_logs.get(arn)
        if log is None:  # the definitions no longer want this log
            waiting.entries.clear()
            return False
        unique = secrets.token_hex(4)
        key, make = self._object(arn, log.prefix, now, unique, entries)
        error = await self._means.put_object(log.bucket, key, await asyncio.to_thread(make))
        waiting.since = now
        if error:
            self._say(f"the access log of {log.source} is not written to {log.bucket}: {error}")
            return False
        del waiting.entries[: len(entries)]
        return True

    def _object(
        self, arn: str, prefix: str, now: float, unique: str, entries: Sequence[Finished]
    ) -> tuple[str, Callable[[], bytes]]:
        distributions = {each.arn: each for each in self._routes.distributions.values()}
        if (found := distributions.get(arn)) is not None:
            key = cloudfront.key(prefix, found.id, now, unique)
            return key, lambda: cloudfront.body(entries, found.domain_name)
        log, endpoints = self._balancer_log(arn), dict(self._means.endpoints)
        key = log.key(prefix, now, _ADDRESS, unique)
        return key, lambda: log.body(entries, endpoints)

    def _balancer_log(self, arn: str) -> LoadBalancerLog:
        balancer = self._routes.balancers[arn]
        rules = {r.arn: r.priority for each in balancer.listeners for r in each.rules}
        return LoadBalancerLog(arn, self._account, arn.split(":")[_REGION], rules)

    async def _write_test_files(self) -> None:
        """A load balancer tries its bucket when its log is turned on."""
        for arn, log in self._routes.access_logs.items():
            wanted = f"{arn} {log.bucket} {log.prefix}"
            if wanted in self._tested or arn not in self._routes.balancers:
                continue
            self._tested.add(wanted)
            key = self._balancer_log(arn).test_key(log.prefix)
            text = f"Enable AWS ELB access logs for {arn}\n".encode()
            if error := await self._means.put_object(log.bucket, key, text):
                self._say(f"the access log of {log.source} cannot go to {log.bucket}: {error}")

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._means.report(text)

"""Reads the values for the public pages; each kind has its own cache time."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from frontend.api.client import BackendClient
from frontend.api.kept import Clock, Kept, Reading
from frontend.api.model import Incident, IncidentList, Maintenance, MaintenanceList, Status, Uptime

UPTIME_DAYS = 90
_FEED_LENGTH = 30
_RECENT = 5
_PAGE = 50  # the backend's largest page
_PAGES_A_MONTH = 20

K = TypeVar("K")
T = TypeVar("T")


class KeptByKey(Generic[K, T]):
    """A `Kept` for each of the latest keys. Visitors choose the keys, so their number is
    bounded."""

    def __init__(self, make: Callable[[K], Kept[T]], *, at_most: int) -> None:
        self._make = make
        self._at_most = at_most
        self._kept: OrderedDict[K, Kept[T]] = OrderedDict()

    async def read(self, key: K) -> Reading[T]:
        kept = self._kept.pop(key, None) or self._make(key)
        self._kept[key] = kept
        if len(self._kept) > self._at_most:
            self._kept.popitem(last=False)
        return await kept.read()

    def expire(self) -> None:
        for kept in self._kept.values():
            kept.expire()


@dataclass(frozen=True, slots=True)
class Front:
    """The values of the front page."""

    status: Reading[Status]
    uptime: Reading[Uptime] | None  # None: not known; the page has no bars
    recent: Reading[IncidentList] | None


class Reader:
    """Reads public values, never on behalf of one person."""

    def __init__(self, client: BackendClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._status = self._kept(lambda: client.get_public("/status", Status), seconds=1.0)
        self._uptime = self._kept(
            lambda: client.get_public("/uptime", Uptime, query={"days": UPTIME_DAYS}), seconds=20.0
        )
        self._recent = self._list("resolved", _RECENT)
        self._newest = self._list("all", _FEED_LENGTH)
        self._maintenances = self._kept(
            lambda: client.get_public("/maintenances", MaintenanceList), seconds=5.0
        )
        self._incidents: KeptByKey[UUID, Incident] = self._kept_by_id("incidents", Incident)
        self._each_maintenance: KeptByKey[UUID, Maintenance] = self._kept_by_id(
            "maintenances", Maintenance
        )
        self._months: KeptByKey[dt.date, tuple[Incident, ...]] = KeptByKey(
            lambda key: self._kept(lambda: self._incidents_of(key), seconds=5.0), at_most=48
        )

    async def front(self) -> Front:
        """Raises BackendError if not even an old status is known."""
        fresh = self._status.peek(), self._uptime.peek(), self._recent.peek()
        if fresh[0] and fresh[1] and fresh[2]:
            return Front(fresh[0], fresh[1], fresh[2])
        status, uptime, recent = await asyncio.gather(
            self._status.read(), self._uptime.read(), self._recent.read(), return_exceptions=True
        )
        if isinstance(status, BaseException):
            raise status
        return Front(
            status,
            None if isinstance(uptime, BaseException) else uptime,
            None if isinstance(recent, BaseException) else recent,
        )

    async def incident(self, identifier: UUID) -> Reading[Incident]:
        return await self._incidents.read(identifier)

    async def maintenance(self, identifier: UUID) -> Reading[Maintenance]:
        return await self._each_maintenance.read(identifier)

    async def newest(self) -> Reading[IncidentList]:
        return await self._newest.read()

    async def month(self, first_day: dt.date) -> Reading[tuple[Incident, ...]]:
        """The incidents that started in that month (UTC), newest first."""
        return await self._months.read(first_day)

    async def maintenances(self) -> Reading[MaintenanceList]:
        return await self._maintenances.read()

    def expire(self) -> None:
        """An administrator changed something: show it at once."""
        for kept in (self._status, self._uptime, self._recent, self._newest, self._maintenances):
            kept.expire()
        self._incidents.expire()
        self._each_maintenance.expire()
        self._months.expire()

    def _kept(self, fetch: Callable[[], Awaitable[T]], *, seconds: float) -> Kept[T]:
        return Kept(fetch, seconds=seconds, clock=self._clock)

    def _kept_by_id(self, kind: str, answer: type[T]) -> KeptByKey[UUID, T]:
        def make(key: UUID) -> Kept[T]:
            path = f"/{kind}/{key}"
            return self._kept(
                lambda: self._client.get_public(path, answer, may_be_gone=True), seconds=1.0
            )

        return KeptByKey(make, at_most=256)

    def _list(self, state: str, limit: int) -> Kept[IncidentList]:
        query: Mapping[str, str | int] = {"state": state, "limit": limit}
        return self._kept(
            lambda: self._client.get_public("/incidents", IncidentList, query=query), seconds=5.0
        )

    async def _incidents_of(self, first_day: dt.date) -> tuple[Incident, ...]:
        start = dt.datetime.combine(first_day, dt.time(), dt.UTC)
        before: str | None = next_month(first_day).isoformat() + "T00:00:00Z"
        found: list[Incident] = []
        for _ in range(_PAGES_A_MONTH):
            page = await self._client.get_public(
                "/incidents",
                IncidentList,
                query={"state": "all", "limit": _PAGE, "before": before or ""},
            )
            found += [incident for incident in page.incidents if incident.started_at >= start]
            before = page.next
            if before is None or page.incidents[-1].started_at < start:
                break
        return tuple(found)


def next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def previous_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) - dt.timedelta(days=1)).replace(day=1)

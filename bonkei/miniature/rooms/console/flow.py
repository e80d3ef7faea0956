"""Requests per second on each arrow of the picture, counted only while somebody looks.

`heard` counts by what tells requests apart, a few hundred nanoseconds each; `flows` says which
arrows they took.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bonkei.blueprint import Blueprint
from bonkei.blueprint.load_balancer import LoadBalancer
from bonkei.edge.client.access import AccessHook, AccessRecord
from bonkei.edge.snapshot import ListenerState

WINDOW = 5.0  # seconds that a rate is of
LINGER = 5.0  # seconds after the last look until nothing is counted any more
_FROM_CACHE = frozenset({"Hit"})

Hear = Callable[[AccessHook], Callable[[], None]]
Later = Callable[[float, Callable[[], None]], object]


class Way(NamedTuple):
    """What tells requests apart. `stopped`: answered by the cache or a firewall."""

    listener: str
    target_group: str
    stopped: str  # "" | cache | firewall
    is_error: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """A second's requests, and those of them that ended with 5xx."""

    requests: float
    errors: float


class Flow:
    """`hear` begins to hear finished requests, and returns the end of it."""

    def __init__(
        self, hear: Hear, later: Later, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._hear = hear
        self._later = later
        self._clock = clock
        self._counts: Counter[Way] = Counter()
        self._samples: deque[tuple[float, Counter[Way], Mapping[str, int]]] = deque()
        self._end: Callable[[], None] | None = None
        self._looked = 0.0

    @property
    def is_listening(self) -> bool:
        return self._end is not None

    def look(
        self, blueprint: Blueprint, listeners: tuple[ListenerState, ...]
    ) -> dict[tuple[str, str], Rate]:
        """The rates now, by the ends of each arrow. The first look begins to count."""
        now = self._looked = self._clock()
        if self._end is None:
            self._end = self._hear(self.heard)
            self._later(LINGER, self._rest)
        calls = {
            f"{one.address} {one.name}": one.requests
            for one in listeners
            if one.kind == "service_connect"
        }
        self._samples.append((now, self._counts.copy(), calls))
        while len(self._samples) > 2 and now - self._samples[0][0] > WINDOW:
            self._samples.popleft()
        before, counts, called = self._samples[0]
        seconds = now - before
        if seconds <= 0:
            return {}
        return _rates(
            blueprint,
            self._counts - counts,
            {key: n - called.get(key, n) for key, n in calls.items()},
            seconds,
        )

    def heard(self, record: AccessRecord) -> None:
        """A finished request."""
        stopped = ""
        if record.blocked_by:
            stopped = "firewall"
        elif record.cache_result in _FROM_CACHE:
            stopped = "cache"
        way = Way(record.listener, record.target_group_arn, stopped, record.status >= 500)
        self._counts[way] += 1

    def stop(self) -> None:
        """Hear nothing any more."""
        if self._end is not None:
            self._end()
            self._end = None
        self._samples.clear()
        self._counts.clear()

    def _rest(self) -> None:
        if self._end is None:
            return
        left = self._looked + LINGER - self._clock()
        if left > 0.01:
            self._later(left, self._rest)
        else:
            self.stop()


def _rates(
    blueprint: Blueprint, counts: Counter[Way], calls: Mapping[str, int], seconds: float
) -> dict[tuple[str, str], Rate]:
    totals: Counter[tuple[str, str]] = Counter()
    errors: Counter[tuple[str, str]] = Counter()
    failed: Counter[str] = Counter()
    for way, count in counts.items():
        failed[way.listener] += count if way.is_error else 0
        for arrow in ways(blueprint, way):
            totals[arrow] += count
            errors[arrow] += count if way.is_error else 0
    for arrow, count, callee in _calls(blueprint, calls):
        totals[arrow] += count
        errors[arrow] += min(count, failed[callee])
    return {arrow: Rate(n / seconds, errors[arrow] / seconds) for arrow, n in totals.items() if n}


def ways(blueprint: Blueprint, way: Way) -> list[tuple[str, str]]:
    """The arrows that such a request took."""
    distribution = next((d for d in blueprint.distributions if d.address == way.listener), None)
    balancer = _balancer(blueprint, way)
    if balancer is None and distribution is not None and len(blueprint.load_balancers) == 1:
        balancer = blueprint.load_balancers[0]
    acl = next((a for a in blueprint.web_acls if balancer and balancer.arn in a.protects), None)
    entry = acl.address if acl is not None else balancer.address if balancer is not None else ""
    found: list[tuple[str, str]] = []
    if distribution is not None:
        found.append(("viewers", distribution.address))
        if way.stopped == "cache" or not entry:
            return found
        found.append((distribution.address, entry))
    elif balancer is not None:
        found.append(("viewers", entry))
    if balancer is None or way.stopped == "firewall":
        return found
    if acl is not None:
        found.append((entry, balancer.address))
    found += [
        (balancer.address, service.address)
        for service in blueprint.services
        if any(t.target_group_arn == way.target_group for t in service.targets)
    ]
    return found


def _balancer(blueprint: Blueprint, way: Way) -> LoadBalancer | None:
    """The one whose listener it is, or that leads to its target group."""
    for balancer in blueprint.load_balancers:
        for listener in balancer.listeners:
            actions = [listener.default_action, *(rule.action for rule in listener.rules)]
            groups = {t.target_group_arn for a in actions for t in getattr(a, "targets", ())}
            if listener.address == way.listener or way.target_group in groups:
                return balancer
    return None


def _calls(
    blueprint: Blueprint, calls: Mapping[str, int]
) -> list[tuple[tuple[str, str], int, str]]:
    """Service Connect: a listener that is one caller's is named `NAME for SERVICE`."""
    services = {each.name: each.address for each in blueprint.services}
    found = []
    for key, count in calls.items():
        callee, _, name = key.partition(" ")
        caller = services.get(name.partition(" for ")[2])
        if caller is not None and count > 0:
            found.append(((caller, callee), count, callee))
    return found

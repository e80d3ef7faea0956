"""Requests and health checks for a target are led elsewhere for a while: to a place that is slow on
purpose, or that refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bonkei.base.events import Endpoint
from bonkei.services.edge.targets.target import Pool, Target

Pools = Mapping[str, Pool]
Services = Mapping[tuple[str, str], Pool]


@dataclass(frozen=True, slots=True)
class TargetKey:
    """`arn`: that of a target group, or that of a service with its port's name."""

    arn: str
    port_name: str
    task_id: str


@dataclass(frozen=True, slots=True)
class Detour:
    """`cuts`: the requests in flight are given up, because their packets no longer arrive."""

    endpoint: Endpoint
    cuts: bool = False


class Detours:
    """The current detours. They cost a request nothing: a target has the endpoint to connect to."""

    def __init__(self, pools: Pools, services: Services) -> None:
        self._pools = pools
        self._services = services
        self._now: Mapping[TargetKey, Detour] = {}

    def own_endpoints(self) -> dict[TargetKey, Endpoint]:
        """Each registered target, and the address on which it listens."""
        return {key: target.own for key, target in self._every()}

    def change(self, wanted: Mapping[TargetKey, Detour]) -> list[Target]:
        """Set exactly these detours. Returns the targets whose route has changed: their idle
        connections use the old one.
        """
        self._now = dict(wanted)
        return [target for key, target in self._every() if self.lead(key, target)]

    def lead(self, key: TargetKey, target: Target) -> bool:
        """Give a target its route. Returns whether the route has changed."""
        detour = self._now.get(key)
        endpoint = detour.endpoint if detour is not None else target.own
        if endpoint == target.endpoint:
            return False
        target.endpoint = endpoint
        if detour is not None and detour.cuts:
            target.kept.cut()
        return True

    def _every(self) -> Iterator[tuple[TargetKey, Target]]:
        for arn, pool in self._pools.items():
            for target in (*pool.targets.values(), *pool.draining.values()):
                yield TargetKey(arn, "", target.task_id), target
        for (arn, port), pool in self._services.items():
            for target in (*pool.targets.values(), *pool.draining.values()):
                yield TargetKey(arn, port, target.task_id), target

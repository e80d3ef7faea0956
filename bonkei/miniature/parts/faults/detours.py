"""Ways to tasks: leads the edge to a place that is slow or refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from bonkei.base.events import Endpoint
from bonkei.services.edge import Detour, TargetKey
from bonkei.services.faults.errors import FaultError
from bonkei.services.faults.values import Effects, Trouble
from bonkei.services.faults.ways import detour as ways
from bonkei.services.faults.ways.detour import Refusal


class Leads(Protocol):
    """The part of the edge that is needed here."""

    def targets(self) -> Mapping[TargetKey, Endpoint]: ...
    def detour(self, wanted: Mapping[TargetKey, Detour]) -> None: ...


class EdgeDetours:
    """Call `become` with each change of the effects or of the targets, and always `close`."""

    def __init__(self, edge: Callable[[], Leads]) -> None:
        self._edge = edge
        self._slow: dict[TargetKey, ways.Detour] = {}
        self._retired: set[ways.Detour] = set()
        self._refusal: Refusal | None = None
        self._is_led = False

    async def become(self, effects: Effects) -> None:
        """FaultError when no port is free."""
        edge = self._edge()
        own = edge.targets() if effects.tasks or effects.groups else {}
        wanted = {key: trouble for key in own if (trouble := trouble_of(key, effects))}
        led: dict[TargetKey, Detour] = {}
        for key, trouble in wanted.items():
            if trouble.refused:
                led[key] = Detour(Endpoint(ways.HOST, self._refusing()), cuts=True)
            else:
                led[key] = Detour(Endpoint(ways.HOST, await self._slowed(key, own[key], trouble)))
        if led or self._is_led:
            edge.detour(led)
        self._is_led = bool(led)
        for key in set(self._slow) - {key for key, one in wanted.items() if not one.refused}:
            self._retire(self._slow.pop(key))
        if self._refusal is not None and not any(one.refused for one in wanted.values()):
            self._refusal.close()
            self._refusal = None

    async def close(self) -> None:
        await self.become(Effects())
        for each in self._retired:
            each.stop()
        self._retired.clear()

    async def _slowed(self, key: TargetKey, own: Endpoint, trouble: Trouble) -> int:
        detour = self._slow.get(key)
        if detour is None or detour.target != (own.host, own.port):
            before, detour = detour, ways.Detour(own.host, own.port, trouble)
            try:
                await detour.start()
            except OSError as error:
                raise FaultError(f"no place for a slow way: {error.strerror or error}") from None
            if before is not None:  # until now it kept its port from the new one
                self._retire(before)
            self._slow[key] = detour
        detour.trouble = trouble
        return detour.port

    def _refusing(self) -> int:
        if self._refusal is None:
            try:
                self._refusal = Refusal()
            except OSError as error:
                raise FaultError(f"no port that refuses: {error.strerror or error}") from None
        return self._refusal.port

    def _retire(self, detour: ways.Detour) -> None:
        """Bytes on their way still arrive."""
        detour.retire()
        self._retired = {one for one in self._retired if one.clients} | {detour}


def trouble_of(key: TargetKey, effects: Effects) -> Trouble | None:
    """Of one target; None: nothing disturbs it."""
    found = [
        effects.tasks.get(key.task_id),
        effects.groups.get((key.arn, key.task_id)) if not key.port_name else None,
    ]
    troubles = [one for one in found if one is not None]
    if not troubles:
        return None
    both = troubles[0]
    for one in troubles[1:]:
        both = both | one
    return both

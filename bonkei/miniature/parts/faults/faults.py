"""The faults of a miniature, as the supervisor uses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bonkei.base.events import Bus, ServiceEndpointAdded, TargetRegistered, TaskStateChanged
from bonkei.blueprint import Blueprint
from bonkei.miniature.parts.faults.carrying import RoomHands
from bonkei.miniature.parts.faults.detours import EdgeDetours, Leads
from bonkei.miniature.parts.faults.drills import DrillPart
from bonkei.miniature.parts.faults.estate import service_zones
from bonkei.miniature.parts.faults.filling import FillAround, Fillings
from bonkei.miniature.parts.faults.sights import SeenAround, Sights
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.edge.snapshot import ListenerState
from bonkei.services.faults import Faults, FaultsSnapshot
from bonkei.services.faults.freezing.freezer import Freezer
from bonkei.services.faults.rules import possible
from bonkei.services.faults.targets import about, every_target
from bonkei.services.faults.zones import why_no_capacity


class FaultPart:
    """Call `start` before tasks run, and `stop` before anything else stops. `home`: the part's
    folder. `root`: the project's folder, with its drills."""

    name = "faults"

    def __init__(
        self, home: Path, root: Path, seen: SeenAround, fill: FillAround, edge: Leads, bus: Bus,
        report: Callable[[str], None], listeners: Callable[[], Sequence[ListenerState]],
        monitor: Monitor,
    ) -> None:  # fmt: skip
        self._bus = bus
        self._report = report
        self._freezer = Freezer(home)
        self._hands = RoomHands(
            Sights(seen), self._freezer, EdgeDetours(lambda: edge), Fillings(fill)
        )
        self.faults = Faults(self._hands, report)
        self.drills = DrillPart(self.faults, listeners, lambda: monitor, root, report)
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Processes that a killed supervisor left suspended continue."""
        if count := self._freezer.start():
            self._report(f"{count} processes go on that a fault had left suspended")
        kinds = (TaskStateChanged, TargetRegistered, ServiceEndpointAdded)
        self._undo = [self._bus.subscribe(kind, self._changed) for kind in kinds]

    def targets(self) -> list[dict[str, Any]]:
        """All possible targets now, and the kinds of faults for each."""
        estate = self._hands.estate()
        return [
            {
                "target": str(target),
                "kind": target.kind,
                "name": target.name,
                "about": about(target, estate),
                "faults": list(possible(target)),
            }
            for target in every_target(estate)
        ]

    def estate_changed(self) -> None:
        """The definitions have changed, so the ways may have changed."""
        self.faults.wake()

    def may_start(self, blueprint: Blueprint, service: str) -> str:
        """Why no zone has room for a task of the service; empty if one has."""
        return why_no_capacity(service_zones(blueprint).get(service, ()), self._hands.shut)

    def snapshot(self) -> FaultsSnapshot:
        return self.faults.snapshot()

    async def stop(self) -> None:
        for undo in self._undo:
            undo()
        self._undo = []
        await self.drills.stop()
        await self.faults.stop()

    def _changed(self, _event: object) -> None:
        self.faults.wake()

"""The edge is led where each fault wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from bonkei.base.events import Endpoint
from bonkei.miniature.parts.faults.detours import EdgeDetours, trouble_of
from bonkei.services.edge import Detour, TargetKey
from bonkei.services.faults.values import Effects, Trouble

WEB = TargetKey("web", "", "one")
INSIDE = TargetKey("service", "http", "one")
OTHER = TargetKey("web", "", "two")
SLOW, REFUSED = Trouble(0.1), Trouble(refused=True)


@dataclass
class Leads:
    own: dict[TargetKey, Endpoint] = field(
        default_factory=lambda: {
            WEB: Endpoint("127.0.0.1", 1),
            INSIDE: Endpoint("127.0.0.1", 1),
            OTHER: Endpoint("127.0.0.1", 2),
        }
    )
    led: Mapping[TargetKey, Detour] = field(default_factory=dict)
    calls: int = 0

    def targets(self) -> Mapping[TargetKey, Endpoint]:
        return self.own

    def detour(self, wanted: Mapping[TargetKey, Detour]) -> None:
        self.led, self.calls = wanted, self.calls + 1


@pytest.mark.parametrize(
    ("key", "effects", "trouble"),
    [
        (WEB, Effects(), None),
        (WEB, Effects(tasks={"one": SLOW}), SLOW),
        (INSIDE, Effects(tasks={"one": SLOW}), SLOW),
        (OTHER, Effects(tasks={"one": SLOW}), None),
        (WEB, Effects(groups={("web", "one"): SLOW}), SLOW),
        (INSIDE, Effects(groups={("service", "one"): SLOW}), None),
        (WEB, Effects(tasks={"one": SLOW}, groups={("web", "one"): REFUSED}), SLOW | REFUSED),
    ],
)
def test_the_trouble_of_a_target(key: TargetKey, effects: Effects, trouble: Trouble | None) -> None:
    assert trouble_of(key, effects) == trouble


async def test_nothing_is_asked_of_the_edge_without_faults() -> None:
    edge = Leads()
    detours = EdgeDetours(lambda: edge)
    await detours.become(Effects())
    await detours.close()
    assert edge.calls == 0


async def test_slow_then_refused_then_well() -> None:
    edge = Leads()
    detours = EdgeDetours(lambda: edge)
    await detours.become(Effects(tasks={"one": SLOW}))
    assert set(edge.led) == {WEB, INSIDE}
    first = edge.led[WEB]
    assert not first.cuts
    await detours.become(Effects(tasks={"one": Trouble(0.2)}))
    assert edge.led[WEB] == first  # the same place, which is slower now
    await detours.become(Effects(tasks={"one": REFUSED}))
    assert edge.led[WEB].cuts
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", edge.led[WEB].endpoint.port)
    await detours.become(Effects())
    assert edge.led == {}
    await detours.close()


async def test_a_target_that_moves_gets_another_place() -> None:
    edge = Leads()
    detours = EdgeDetours(lambda: edge)
    await detours.become(Effects(tasks={"one": SLOW}))
    before = edge.led[WEB]
    edge.own[WEB] = Endpoint("127.0.0.1", 9)
    await detours.become(Effects(tasks={"one": SLOW}))
    assert edge.led[WEB] != before
    del edge.own[WEB], edge.own[INSIDE]  # it has gone
    await detours.become(Effects(tasks={"one": SLOW}))
    assert edge.led == {}
    assert detours._slow == {}
    await detours.close()

"""Faults and drills: current faults, possible targets, and the effect on visitors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bonkei.services.console import Console, Json
from bonkei.services.faults import Ask, FaultError, Faults

if TYPE_CHECKING:
    from bonkei.miniature.parts.faults.drills import DrillPart


@dataclass(frozen=True, slots=True)
class FaultSources:
    """`ready` raises a BonkeiError before the miniature has started. `ask_of`: the fault that an
    action's body asks for."""

    faults: Faults
    drills: DrillPart
    targets: Callable[[], list[dict[str, Any]]]
    ask_of: Callable[[Mapping[str, Any]], Ask]
    ready: Callable[[], object] = lambda: None


def offer_faults(console: Console, sources: FaultSources) -> None:
    """The topics `faults` and `faults.drill`, and the actions."""

    async def faults(_: Mapping[str, str]) -> Json:
        shown: dict[str, Json] = _plain(asdict(sources.faults.snapshot()))
        return shown | {"targets": sources.targets(), "drills": sources.drills.files()}

    async def drill(_: Mapping[str, str]) -> Json:
        return {"drill": sources.drills.snapshot()}

    async def start(body: Mapping[str, Any]) -> Json:
        sources.ready()
        begun: Json = _plain(asdict(await sources.faults.begin(sources.ask_of(body))))
        return begun

    async def end(body: Mapping[str, Any]) -> Json:
        if body.get("all") is True:
            return {"ended": [one.id for one in await sources.faults.end_all()]}
        return {"ended": [(await sources.faults.end(str(body["id"]))).id]}

    async def begin_drill(body: Mapping[str, Any]) -> Json:
        sources.ready()
        file = str(body["file"])
        return {"name": sources.drills.start(sources.drills.read(file), file).name}

    async def end_drill(_: Mapping[str, Any]) -> Json:
        if sources.drills.snapshot() is None:
            raise FaultError("no drill goes on")
        await sources.drills.end()
        return {}

    deeds: dict[str, Callable[[Mapping[str, Any]], Awaitable[Json]]] = {
        "fault.start": start,
        "fault.end": end,
        "drill.start": begin_drill,
        "drill.end": end_drill,
    }
    console.topics({"faults": faults, "faults.drill": drill})
    console.actions(deeds)


def _plain(value: Any) -> Any:
    """Tuples become lists. A fault's remaining time is in whole seconds, so that a page is not sent
    again for each millisecond."""
    if isinstance(value, dict):
        return {
            key: round(one) if key == "left" and one > 1 else _plain(one)
            for key, one in value.items()
        }
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value

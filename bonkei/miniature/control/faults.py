"""The calls of `bonkei fault` to a running miniature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from bonkei.base.background import Background
from bonkei.miniature.control.answering import Call, Handler
from bonkei.miniature.parts.faults import FaultPart
from bonkei.services.faults import Ask, FaultError
from bonkei.services.faults.values import KINDS, REFUSALS, WHATS

_CHOICES: Mapping[str, tuple[str, ...]] = {"kind": KINDS, "refusal": REFUSALS, "what": WHATS}


def handlers(part: Callable[[], FaultPart]) -> Mapping[str, Handler]:
    """The handlers, by the names of the calls. `part` raises a BonkeiError before the start."""
    calls = _Calls(part)
    return {
        "faults": calls.on_list,
        "fault targets": calls.on_targets,
        "fault start": calls.on_start,
        "fault end": calls.on_end,
        "drill start": calls.on_drill_start,
        "drill": calls.on_drill,
        "drill end": calls.on_drill_end,
    }


class _Calls:
    def __init__(self, part: Callable[[], FaultPart]) -> None:
        self._part = part
        self._ending = Background()

    async def on_list(self, _call: Call) -> Any:
        return asdict(self._part().faults.snapshot())

    async def on_targets(self, _call: Call) -> Any:
        return self._part().targets()

    async def on_start(self, call: Call) -> Any:
        """With `hold`, the fault also ends when the caller disconnects."""
        faults = self._part().faults
        state = await faults.begin(ask_of(call.arguments))
        if call.arguments.get("hold"):
            call.lent.append(lambda: self._end_soon(state.id))
        return asdict(state)

    async def on_end(self, call: Call) -> Any:
        faults, fault_id = self._part().faults, str(call.arguments.get("id", ""))
        if fault_id:
            return [asdict(await faults.end(fault_id))]
        return [asdict(one) for one in await faults.end_all()]

    async def on_drill_start(self, call: Call) -> Any:
        """Lent to the caller: the drill ends when the caller disconnects."""
        drills = self._part().drills
        given = call.arguments
        scenario = drills.start(str(given.get("text", "")), str(given.get("file", "faults.toml")))
        call.lent.append(drills.end_soon)
        return {"name": scenario.name, "seconds": scenario.seconds}

    async def on_drill(self, _call: Call) -> Any:
        found = self._part().drills.snapshot()
        if found is None:
            raise FaultError("there was no drill", remedy="`bonkei fault drill FILE` runs one")
        return found

    async def on_drill_end(self, _call: Call) -> Any:
        await self._part().drills.end()
        return self._part().drills.snapshot()

    def _end_soon(self, fault_id: str) -> None:
        async def end() -> None:
            try:
                await self._part().faults.end(fault_id, "who asked for it has gone")
            except FaultError:
                return  # it has ended by itself

        self._ending.start(end())


def ask_of(given: Mapping[str, Any]) -> Ask:
    """From a call's arguments. Raises FaultError for invalid ones."""
    known = {field.name for field in fields(Ask)}
    values = {name: value for name, value in given.items() if name in known and value is not None}
    for name, choices in _CHOICES.items():
        if name in values and values[name] not in choices:
            raise FaultError(
                f"{name} cannot be {values[name]!r}", remedy=f"it is {', '.join(choices)}"
            )
    for name in ("seconds", "latency", "jitter", "size"):
        if name in values and not isinstance(values[name], (int, float)):
            raise FaultError(f"{name} is a number, not {values[name]!r}")
    if not isinstance(values.get("percent", 100), int):
        raise FaultError(f"percent is a whole number, not {values['percent']!r}")
    if "kind" not in values or not isinstance(values.get("target"), str):
        raise FaultError("a fault needs a kind and a target")
    return Ask(**values)

"""The current faults, and their ends. They end by this process's own clock, because the caller
that asked for a fault may be gone by then."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from bonkei.base.errors import BonkeiError
from bonkei.services.faults.effects import NOTHING, effects, touched
from bonkei.services.faults.errors import FaultError
from bonkei.services.faults.rules import begin
from bonkei.services.faults.values import Ask, Effects, Estate, Fault, FaultsSnapshot, FaultState


class Hands(Protocol):
    """The interface to the parts that carry effects out. It is called from one event loop, one call
    at a time."""

    def estate(self) -> Estate:
        """The possible targets now."""
        ...

    async def become(self, effects: Effects) -> None:
        """Make exactly these effects real, instead of the earlier ones. Kills are not part of this.
        A BonkeiError says which effect is impossible; everything that can be undone is undone all
        the same."""
        ...

    async def kill_task(self, task_id: str) -> None:
        """SIGKILL to its processes."""
        ...

    async def kill_database(self, name: str) -> None:
        """SIGKILL to its server."""
        ...

    async def close(self) -> None:
        """Undo every effect. No new one can begin."""
        ...


_REMEMBERED = 20
_BY_HAND = "ended by hand"
_AGAIN = 1.0  # seconds until a failed undoing is tried again


@dataclass(frozen=True, slots=True)
class _Past:
    fault: Fault
    ended: str
    seconds: float
    touches: tuple[str, ...]


class Faults:
    """`begin`, `end` and `snapshot` at any time. Call `wake` when a target has come or gone, and
    always call `stop`. `report` is called for each begin and end."""

    def __init__(
        self,
        hands: Hands,
        report: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self._hands = hands
        self._report = report
        self._clock = clock
        self._unix = unix
        self._active: dict[str, Fault] = {}
        self._touches: dict[str, tuple[str, ...]] = {}
        self._past: deque[_Past] = deque(maxlen=_REMEMBERED)
        self._killed: set[tuple[str, str]] = set()
        self._now: Effects = NOTHING
        self._number = 0
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._settling: asyncio.Task[None] | None = None
        self._again = False
        self._stopped = False

    async def begin(self, ask: Ask) -> FaultState:
        """When this returns, the fault has its effect. On FaultError, nothing of it is left."""
        async with self._lock:
            if self._stopped:
                raise FaultError("the miniature is stopping")
            estate = self._hands.estate()
            new_id = f"f{self._number + 1}"
            fault = begin(ask, estate, self._active.values(), self._clock(), self._unix(), new_id)
            self._number += 1
            self._active[fault.id] = fault
            self._touches[fault.id] = touched(fault, estate)
            try:
                await self._settle()
            except BaseException:
                self._drop(fault.id, "it could not begin")
                self._past.popleft()
                await asyncio.shield(self._undo())
                raise
            fault = self._from_now(fault)
            how_long = f" for {fault.ends - fault.begun:g} s" if fault.lasts else ""
            self._report(f"fault {fault.id} begins: {fault.words}{how_long}")
            if not fault.lasts:
                self._drop(fault.id, "it was a moment")
                self._set_timer()
                return self._state_of_past(self._past[0])
            return self._state(fault)

    def _from_now(self, fault: Fault) -> Fault:
        """A fault that takes a while to begin, such as a filling, lasts from the time of its
        effect."""
        late = self._clock() - fault.begun
        if fault.lasts and late > 0:
            fault = replace(fault, begun=fault.begun + late, ends=fault.ends + late)
            self._active[fault.id] = fault
            self._set_timer()
        return fault

    async def end(self, fault_id: str, why: str = _BY_HAND) -> FaultState:
        """When this returns, the fault is undone. Raises FaultError, which names the current
        faults, if there is none with this id."""
        async with self._lock:
            if fault_id not in self._active:
                raise self._unknown(fault_id)
            past = self._drop(fault_id, why)
            await self._settle()
            return self._state_of_past(past)

    async def end_all(self) -> list[FaultState]:
        async with self._lock:
            ended = [self._drop(each, _BY_HAND) for each in tuple(self._active)]
            await self._settle()
            return [self._state_of_past(one) for one in ended]

    def wake(self) -> None:
        """A target has come or gone, or a fault's time is over."""
        if self._stopped or not (self._active or self._now != NOTHING):
            return
        self._again = True
        if self._settling is None or self._settling.done():
            self._settling = asyncio.get_running_loop().create_task(self._settle_again())

    def snapshot(self) -> FaultsSnapshot:
        return FaultsSnapshot(
            tuple(self._state(fault) for fault in self._active.values()),
            tuple(self._state_of_past(past) for past in self._past),
        )

    async def stop(self) -> None:
        """Every fault ends, and none begins any more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._settling is not None:
            await asyncio.gather(self._settling, return_exceptions=True)
        async with self._lock:
            for each in tuple(self._active):
                self._drop(each, "the miniature was stopped")
            await self._hands.close()

    # How it works.

    async def _settle_again(self) -> None:
        while self._again:
            self._again = False
            async with self._lock:
                await self._undo()

    async def _undo(self) -> None:
        """Settle. An error is reported, and settling is tried again."""
        try:
            await self._settle()
        except (BonkeiError, OSError) as error:
            said = error.message if isinstance(error, BonkeiError) else str(error)
            self._report(f"a fault cannot be carried out: {said}")
            self._set_timer(self._clock() + _AGAIN)

    async def _settle(self) -> None:
        """Carry the effects of the current faults out. The caller holds the lock."""
        now = self._clock()
        for fault in tuple(self._active.values()):
            if fault.lasts and fault.ends <= now:
                self._drop(fault.id, "its time is over")
        estate = self._hands.estate()
        for fault in self._active.values():
            self._touches[fault.id] = touched(fault, estate) or self._touches.get(fault.id, ())
        wanted = effects(self._active.values(), estate)
        self._set_timer()
        await self._hands.become(wanted)
        self._now = wanted
        await self._kill(wanted)

    async def _kill(self, wanted: Effects) -> None:
        """Kill each target once. A killed target is forgotten when it has gone."""
        tasks, databases = wanted.kill_tasks, wanted.kill_databases
        self._killed &= tasks | databases
        for fault_id, task in sorted(tasks - self._killed):
            self._killed.add((fault_id, task))
            await self._hands.kill_task(task)
        for fault_id, name in sorted(databases - self._killed):
            self._killed.add((fault_id, name))
            await self._hands.kill_database(name)

    def _drop(self, fault_id: str, why: str) -> _Past:
        fault = self._active.pop(fault_id)
        seconds = max(0.0, min(self._clock(), fault.ends) - fault.begun)
        past = _Past(fault, why, seconds, self._touches.pop(fault_id, ()))
        self._past.appendleft(past)
        if fault.lasts:
            self._report(f"fault {fault.id} ends: {fault.words}: {why}")
        return past

    def _set_timer(self, at: float | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        ends = [fault.ends for fault in self._active.values() if fault.lasts]
        ends += [] if at is None else [at]
        if ends and not self._stopped:
            delay = max(0.0, min(ends) - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay, self.wake)

    def _unknown(self, fault_id: str) -> FaultError:
        if not self._active:
            return FaultError(f"there is no fault {fault_id}", remedy="none lasts now")
        lasting = ", ".join(f"{one.id} ({one.words})" for one in self._active.values())
        return FaultError(f"there is no fault {fault_id}", remedy=f"these last: {lasting}")

    def _state(self, fault: Fault) -> FaultState:
        return FaultState(
            fault.id, fault.words, fault.kind, str(fault.target), fault.at,
            fault.ends - fault.begun, max(0.0, fault.ends - self._clock()),
            self._touches.get(fault.id, ()),
        )  # fmt: skip

    def _state_of_past(self, past: _Past) -> FaultState:
        fault = past.fault
        return FaultState(
            fault.id, fault.words, fault.kind, str(fault.target), fault.at,
            round(past.seconds, 3), 0.0, past.touches, past.ended,
        )  # fmt: skip

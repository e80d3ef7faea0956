"""A drill: it begins, causes its faults at their times, and ends. Nothing of it stays, however it
ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from bonkei.base.errors import BonkeiError
from bonkei.services.faults.book import Faults
from bonkei.services.faults.drill.latency import percentile
from bonkei.services.faults.drill.load import Sending
from bonkei.services.faults.drill.report import Rang, Report, Second, Struck, make_report
from bonkei.services.faults.drill.scenario import PlannedFault, Scenario
from bonkei.services.faults.errors import FaultError

_LOOK = 0.5


class Alarms(Protocol):
    """The functions of the alarms that a drill needs."""

    def ringing(self) -> Mapping[str, float]:
        """The alarms in ALARM, and since when (Unix seconds)."""
        ...

    def begin(self, seconds: float | None) -> None:
        """From now on changes are marked as the drill's, and a period of each alarm takes this
        long; None: as declared."""
        ...

    def end(self) -> None:
        """The opposite."""
        ...


@dataclass(slots=True)
class _Begun:
    """A fault that was struck. Unix times."""

    planned: PlannedFault
    id: str
    words: str
    at: float
    touches: tuple[str, ...]
    ended: float | None = None
    problem: str = ""


class Drill:
    """`run` in a task. Cancelling the task breaks the drill off; `snapshot` then has the results so
    far."""

    def __init__(
        self,
        scenario: Scenario,
        faults: Faults,
        sending: Sending,
        alarms: Alarms,
        unix: Callable[[], float] = time.time,
    ) -> None:
        self.scenario = scenario
        self._faults = faults
        self._sending = sending
        self._alarms = alarms
        self._unix = unix
        self._began = 0.0
        self._seconds: dict[int, Second] = {}
        self._struck: list[_Begun] = []
        self._rang: dict[str, Rang] = {}
        self._before: frozenset[str] = frozenset()
        self.is_over = False
        self._broken_off = ""

    async def run(self) -> None:
        """Raises FaultError when the load cannot be sent."""
        self._before = frozenset(self._alarms.ringing())
        self._alarms.begin(self.scenario.alarm_period)
        started = asyncio.Event()

        def begun(at: float) -> None:
            self._began = at
            started.set()

        beside = [asyncio.create_task(self._strike(started)), asyncio.create_task(self._listen())]
        try:
            await self._sending.run(begun, self._note)
        except asyncio.CancelledError:
            self._broken_off = "it was ended by hand"
            raise
        except BonkeiError as error:
            self._broken_off = error.message
            raise
        finally:
            for each in beside:
                each.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await asyncio.shield(self._end())

    def report(self) -> Report:
        """The results so far."""
        faults = [self._as_struck(one) for one in self._struck]
        alarms = [replace(one, at=round(one.at, 1)) for one in self._rang.values()]
        return make_report(self.scenario, self._seconds.values(), faults, alarms, self._broken_off)

    def snapshot(self) -> dict[str, Any]:
        """The report in the form of JSON. `series` has a row for each second: number, requests,
        failed, p50, p95."""
        report, now = self.report(), self._unix()
        return {
            "name": self.scenario.name,
            "about": self.scenario.about,
            "over": self.is_over,
            "seconds": self.scenario.seconds,
            "elapsed": round(min(now - self._began, self.scenario.seconds), 1)
            if self._began
            else 0.0,
            "at": self._began,
            "planned": [
                {"at": one.at, "kind": one.ask.kind, "target": one.ask.target}
                for one in self.scenario.faults
            ],
            "series": [_row(one) for _, one in sorted(self._seconds.items())],
            "report": asdict(report) | {"met": report.met},
        }

    def _note(self, second: Second) -> None:
        self._seconds[second.number] = second

    async def _strike(self, started: asyncio.Event) -> None:
        """Begin each fault at its time. A fault that cannot begin becomes a finding, and the drill
        continues."""
        await started.wait()
        for planned in self.scenario.faults:
            await asyncio.sleep(max(0.0, self._began + planned.at - self._unix()))
            at, ask = self._unix(), planned.ask
            try:
                state = await self._faults.begin(ask)
            except FaultError as error:
                said = " ".join(each for each in (error.message, error.remedy) if each)
                words = f"{ask.kind} {ask.target}"
                self._struck.append(_Begun(planned, "", words, at, (), at, said))
            else:
                ended = self._unix() if state.ended else None
                self._struck.append(
                    _Begun(planned, state.id, state.words, state.at, state.touches, ended)
                )

    async def _listen(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(_LOOK)

    def _look(self) -> None:
        """Look for alarms that ring, and for faults that have ended."""
        now, ringing = self._unix(), self._alarms.ringing()
        # Alarms that ring before the first fault are not counted.
        self._before = self._before & ringing.keys() if self._struck else frozenset(ringing)
        for name, since in ringing.items():
            if name not in self._before and name not in self._rang:
                self._rang[name] = Rang(name, max(0.0, since - self._began))
        for name, rang in self._rang.items():
            if rang.ok is None and name not in ringing:
                self._rang[name] = replace(rang, ok=round(now - self._began, 1))
        lasting = {one.id for one in self._faults.snapshot().active}
        for one in self._struck:
            if one.ended is None and one.id not in lasting:
                one.ended = now

    async def _end(self) -> None:
        """End the drill's own faults. Those of others stay."""
        self._look()
        for one in self._struck:
            if one.ended is None:
                with suppress(BonkeiError):  # it has ended meanwhile
                    await self._faults.end(one.id, "the drill is over")
                one.ended = self._unix()
        self._alarms.end()
        self.is_over = True

    def _as_struck(self, one: _Begun) -> Struck:
        ends = None if one.ended is None else round(one.ended - self._began, 2)
        begins = round(one.at - self._began, 2)
        return Struck(one.words, begins, ends, one.touches, one.problem)


def _row(second: Second) -> list[float | int | None]:
    shown = (percentile(second.latency, percent) for percent in (50, 95))
    rounded = [None if one is None else round(one, 1) for one in shown]
    return [second.number, second.sent, second.failures, *rounded]

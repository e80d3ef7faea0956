"""Drills of a miniature: one at a time, over its own edge, with its own alarms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bonkei.base.folders import matching
from bonkei.services.cloudwatch.alarm.engine import DRILL
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.edge.snapshot import ListenerState
from bonkei.services.faults import FaultError, Faults

if TYPE_CHECKING:
    from bonkei.services.faults.drill.load import Sending
    from bonkei.services.faults.drill.running import Drill
    from bonkei.services.faults.drill.scenario import Load, Scenario

    Send = Callable[[Load, str, float], Sending]
_MOST_FILES = 50


class DrillPart:
    """Call `start` and `end` at any time, and `stop` before the faults stop. `root`: the folder
    with scenario files. `send`: a test's double."""

    def __init__(
        self,
        faults: Faults,
        listeners: Callable[[], Sequence[ListenerState]],
        monitor: Callable[[], Monitor],
        root: Path,
        report: Callable[[str], None],
        send: Send | None = None,
    ) -> None:
        self._faults = faults
        self._listeners = listeners
        self._alarms = MonitorAlarms(monitor)
        self._root = root
        self._report = report
        self._send = send
        self._drill: Drill | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, text: str, file: str) -> Scenario:
        """Raises FaultError for an invalid file, and while another drill runs."""
        # A start of the miniature does not need them.
        from bonkei.services.faults.drill.load import LoadProcess  # noqa: PLC0415
        from bonkei.services.faults.drill.running import Drill  # noqa: PLC0415
        from bonkei.services.faults.drill.scenario import read_scenario  # noqa: PLC0415

        scenario = read_scenario(text, file)
        if self._task is not None and not self._task.done():
            raise FaultError("a drill goes on", remedy="wait for its end, or end it")
        if scenario.alarm_period is not None:
            self._alarms.require_free()
        send = self._send or LoadProcess
        sending = send(scenario.load, self._url(), scenario.seconds)
        self._drill = Drill(scenario, self._faults, sending, self._alarms)
        self._report(f"the drill {scenario.name} begins ({file})")
        self._task = asyncio.get_running_loop().create_task(self._run(self._drill))
        return scenario

    async def end(self) -> None:
        """Stop it. Its results stay in `snapshot`."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def end_soon(self) -> None:
        """The same, for a caller that cannot wait."""
        if self._task is not None:
            self._task.cancel()

    async def stop(self) -> None:
        await self.end()

    def snapshot(self) -> dict[str, Any] | None:
        """The running drill, or the last one; None without any."""
        return self._drill.snapshot() if self._drill is not None else None

    def files(self) -> list[str]:
        """Scenario files of the project, by their paths in it."""
        found = [self._root / "faults.toml", *matching(self._root / "drills", "*.toml")]
        return [str(one.relative_to(self._root)) for one in found[:_MOST_FILES] if one.is_file()]

    def read(self, file: str) -> str:
        """One of `files`. FaultError for any other."""
        known = self.files()
        if file not in known:
            raise FaultError(f"there is no drill {file}", remedy=f"there are: {', '.join(known)}")
        try:
            return (self._root / file).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise FaultError(f"{file} cannot be read: {error}") from None

    def _url(self) -> str:
        """The visitors' entrance: CloudFront, if there is one."""
        by_kind = {one.kind: one.url for one in reversed(self._listeners())}
        url = by_kind.get("distribution") or by_kind.get("load_balancer")
        if url is None:
            raise FaultError("no visitor can come in: there is no distribution or load balancer")
        return url

    async def _run(self, drill: Drill) -> None:
        name = drill.scenario.name
        try:
            await drill.run()
        except asyncio.CancelledError:
            self._report(f"the drill {name} was broken off")
            raise
        except FaultError as error:
            self._report(f"the drill {name} was broken off: {error.message}")
        else:
            self._report(f"the drill {name} is over")


class MonitorAlarms:
    """The drill's `Alarms`, of the monitor."""

    def __init__(self, monitor: Callable[[], Monitor]) -> None:
        self._monitor = monitor
        self._is_hurried = False

    def ringing(self) -> Mapping[str, float]:
        return {
            one.name: one.since
            for one in self._monitor().snapshot().alarms
            if one.state == "ALARM" and not one.problem
        }

    def require_free(self) -> None:
        """Raises FaultError while a rehearsal controls the alarms' time."""
        if self._monitor().engine.hurried and not self._is_hurried:
            raise FaultError(
                "a rehearsal of alarms sets their time", remedy="wait for its end, then try again"
            )

    def begin(self, seconds: float | None) -> None:
        monitor = self._monitor()
        monitor.practise(DRILL)
        if seconds is not None:
            monitor.hurry({alarm.name: seconds for alarm in monitor.engine.alarms})
            self._is_hurried = True

    def end(self) -> None:
        monitor = self._monitor()
        monitor.practise("")
        if self._is_hurried:
            self._is_hurried = False
            monitor.hurry({})

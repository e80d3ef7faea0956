"""Faults of a miniature in memory, and a drill that is over after a moment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from bonkei.miniature.console.faults import FaultSources, offer_faults
from bonkei.miniature.control.faults import ask_of
from bonkei.services.console import Console
from bonkei.services.faults import Ask, Faults
from bonkei.services.faults.drill.latency import bucket
from bonkei.services.faults.drill.report import Second
from bonkei.services.faults.drill.running import Drill
from bonkei.services.faults.drill.scenario import Scenario, read_scenario
from bonkei.services.faults.rules import possible
from bonkei.services.faults.targets import about, every_target
from tests.bonkei.services.console.samples.world import MARKUP, Done
from tests.bonkei.services.faults.estates import MemoryHands
from tests.bonkei.services.faults.test_drill import MemoryAlarms, MemoryLoad

FILE = "drills/a-task-dies.toml"
TEXT = f"""
name = '''A task dies {MARKUP}'''
seconds = "12s"
[[fault]]
kind = "kill"
target = "app-web"
[expect]
failures = "50%"
recovery = "1s"
"""


def seconds() -> list[Second]:
    """Four of twelve are bad."""
    return [
        Second(n, 20, {"200": 12, "503": 8}, {"503": 8}, {bucket(9.0): 12})
        if 3 <= n < 7
        else Second(n, 20, {"200": 20}, {}, {bucket(9.0): 19, bucket(40.0): 1})
        for n in range(12)
    ]


class SampleLoad(MemoryLoad):
    async def run(self, begun: Any, second: Any) -> None:
        begun(1_003.0 - 3.0)
        for one in seconds():
            second(one)
        await asyncio.sleep(0.4)


class SampleDrills:
    """One file; a drill takes a moment."""

    def __init__(self, faults: Faults, done: Done) -> None:
        self._faults = faults
        self._done = done
        self._drill: Drill | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, text: str, file: str) -> Scenario:
        self._done.append(("drill", file))
        scenario = read_scenario(text, file)
        alarms = MemoryAlarms()
        self._drill = Drill(scenario, self._faults, SampleLoad(), alarms, lambda: 1_003.0)
        self._task = asyncio.get_running_loop().create_task(self._drill.run())
        return scenario

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def snapshot(self) -> dict[str, Any] | None:
        return self._drill.snapshot() if self._drill is not None else None

    def files(self) -> list[str]:
        return [FILE, "drills/a-zone-goes.toml"]

    def read(self, file: str) -> str:
        return TEXT


def offer(console: Console, done: Done, _home: Path) -> None:
    hands = MemoryHands()
    faults = Faults(hands, unix=lambda: 1_003.0)

    def targets() -> list[dict[str, Any]]:
        estate = hands.estate()
        return [
            {
                "target": str(one),
                "kind": one.kind,
                "name": one.name,
                "about": about(one, estate) + (MARKUP if one.kind == "zone" else ""),
                "faults": list(possible(one)),
            }
            for one in every_target(estate)
        ]

    def asked(body: Any) -> Ask:
        done.append(("fault", dict(body)))
        return ask_of(body)

    offer_faults(console, FaultSources(faults, SampleDrills(faults, done), targets, asked))

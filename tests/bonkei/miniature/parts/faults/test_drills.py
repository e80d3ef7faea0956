"""Drills of a miniature: one at a time, over its own edge, in its own files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bonkei.miniature.parts.faults.drills import DrillPart
from bonkei.services.edge.snapshot import ListenerState
from bonkei.services.faults import FaultError, Faults
from bonkei.services.faults.drill.scenario import Load
from tests.bonkei.services.faults.estates import MemoryHands
from tests.bonkei.services.faults.test_drill import MemoryLoad

TEXT = """
seconds = "5s"
alarm_period = "2s"
[[fault]]
kind = "slow"
target = "web"
"""


@dataclass
class Monitor:
    hurried: dict[str, float] = field(default_factory=dict)
    paces: list[dict[str, float]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    @property
    def engine(self) -> Any:
        return SimpleNamespace(hurried=self.hurried, alarms=[SimpleNamespace(name="web-5xx")])

    def snapshot(self) -> Any:
        return SimpleNamespace(alarms=())

    def practise(self, mark: str) -> None:
        self.marks.append(mark)

    def hurry(self, seconds: dict[str, float]) -> None:
        self.hurried = seconds
        self.paces.append(seconds)


@dataclass
class Drilled:
    rig: DrillPart
    monitor: Monitor
    hands: MemoryHands
    load: MemoryLoad
    listeners: list[ListenerState]
    sent: list[tuple[Load, str, float]]
    said: list[str]


def listener(kind: str, port: int) -> ListenerState:
    return ListenerState(kind, "x", "x", f"http://127.0.0.1:{port}", "127.0.0.1", port, 0, 0)


@pytest.fixture
async def drilled(tmp_path: Path) -> AsyncIterator[Drilled]:
    hands, monitor, load = MemoryHands(), Monitor(), MemoryLoad()
    faults, said, sent = Faults(hands), list[str](), list[tuple[Load, str, float]]()
    listeners = [listener("load_balancer", 81), listener("distribution", 80)]

    def send(wanted: Load, url: str, seconds: float) -> MemoryLoad:
        sent.append((wanted, url, seconds))
        return load

    rig = DrillPart(
        faults,
        lambda: listeners,
        lambda: monitor,  # type: ignore[arg-type,return-value]
        tmp_path,
        said.append,
        send,
    )
    yield Drilled(rig, monitor, hands, load, listeners, sent, said)
    await rig.stop()
    await faults.stop()


async def test_visitors_come_through_the_distribution(drilled: Drilled) -> None:
    drilled.rig.start(TEXT, "a.toml")
    assert drilled.sent == [(Load(), "http://127.0.0.1:80", 5.0)]
    drilled.listeners.pop()
    await drilled.rig.end()
    drilled.rig.start(TEXT, "a.toml")
    assert drilled.sent[-1][1] == "http://127.0.0.1:81"
    drilled.listeners.pop()
    await drilled.rig.end()
    with pytest.raises(FaultError, match="no visitor can come in"):
        drilled.rig.start(TEXT, "a.toml")


async def test_one_at_a_time_and_ended_it_leaves_nothing(drilled: Drilled) -> None:
    assert drilled.rig.snapshot() is None
    drilled.rig.start(TEXT, "drills/a.toml")
    with pytest.raises(FaultError, match="a drill goes on"):
        drilled.rig.start(TEXT, "drills/a.toml")
    async with asyncio.timeout(60):
        while not drilled.hands.effects.tasks:
            await asyncio.sleep(0.01)
    await drilled.rig.end()
    assert drilled.hands.effects.tasks == {}
    assert drilled.monitor.marks == ["Drill: ", ""]
    assert drilled.monitor.paces == [{"web-5xx": 2.0}, {}]
    found = drilled.rig.snapshot()
    assert found is not None
    assert found["over"]
    assert drilled.said == [
        "the drill a begins (drills/a.toml)",
        "the drill a was broken off",
    ]


async def test_the_time_of_a_rehearsal_is_not_disturbed(drilled: Drilled) -> None:
    drilled.monitor.hurried = {"web-5xx": 1.0}
    with pytest.raises(FaultError, match="a rehearsal of alarms sets their time"):
        drilled.rig.start(TEXT, "a.toml")
    drilled.rig.start(TEXT.replace('alarm_period = "2s"', ""), "a.toml")
    await drilled.rig.end()
    assert drilled.monitor.paces == []


async def test_only_the_projects_own_files_are_read(drilled: Drilled, tmp_path: Path) -> None:
    assert drilled.rig.files() == []
    (tmp_path / "drills").mkdir()
    (tmp_path / "drills" / "one.toml").write_text(TEXT)
    (tmp_path / "faults.toml").write_text(TEXT)
    (tmp_path / "bonkei.toml").write_text("")
    assert drilled.rig.files() == ["faults.toml", "drills/one.toml"]
    assert drilled.rig.read("drills/one.toml") == TEXT
    for other in ("bonkei.toml", "../etc/passwd", "/etc/passwd", "drills/../bonkei.toml"):
        with pytest.raises(FaultError, match="there is no drill"):
            drilled.rig.read(other)


async def test_a_wrong_file_starts_nothing(drilled: Drilled) -> None:
    with pytest.raises(FaultError, match="seconds is missing"):
        drilled.rig.start("", "a.toml")
    assert drilled.sent == []

"""Space, memory and processor really used, within bounds, and given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.miniature.parts.faults.filling import FillAround, Fillings
from bonkei.services.ecs.snapshot import TaskSnapshot
from bonkei.services.faults import FaultError
from bonkei.services.faults.values import Filling, What

MIB = 1024**2
TASK = TaskSnapshot(
    "task-1", "service:web", "web:3", "RUNNING", "HEALTHY", "", "", (("web", 1),), 1.0, 0.0,
    20 * MIB,
)  # fmt: skip
BLUEPRINT = Blueprint(
    task_definitions=(
        TaskDefinition("aws_ecs_task_definition.web", "arn", "web", 3, 256, 128, ()),
    ),
    database_clusters=(
        DatabaseCluster(
            "aws_rds_cluster.db", "arn:db", "app-db", "aurora-postgresql", "17", "", "", 5432,
            "", "",
        ),
    ),
)  # fmt: skip


@dataclass
class Tasks:
    guests: list[int] = field(default_factory=list)
    here: tuple[TaskSnapshot, ...] = (TASK,)

    def snapshot(self) -> Any:
        return SimpleNamespace(tasks=self.here)

    def count_with(self, _task: str, pid: int) -> None:
        self.guests.append(pid)


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


@pytest.fixture
async def fillings(tmp_path: Path, tasks: Tasks) -> AsyncIterator[Fillings]:
    (tmp_path / "task-1").mkdir()
    around = FillAround(
        lambda: BLUEPRINT,
        lambda: tasks,  # type: ignore[arg-type,return-value]
        list,
        MemoryVault(),
        tmp_path,
    )
    made = Fillings(around)
    yield made
    await made.close()


def fill(what: What, size: float, name: str = "task-1") -> Filling:
    return Filling("f1", name, what, size)


async def test_a_file_is_really_there_and_goes(fillings: Fillings, tmp_path: Path) -> None:
    await fillings.become([fill("disk", 3 * MIB)])
    file = tmp_path / "task-1" / "fault-f1"
    assert file.stat().st_blocks * 512 >= 3 * MIB
    await fillings.become([fill("disk", 3 * MIB)])  # the same: nothing is written again
    await fillings.become([])
    assert not file.exists()


async def test_a_disk_keeps_half_of_what_is_free(
    fillings: Fillings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=5 * MIB))
    with pytest.raises(FaultError, match="more than half of the free space"):
        await fillings.become([fill("disk", 3 * MIB)])
    assert list((tmp_path / "task-1").iterdir()) == []


async def test_a_full_disk_leaves_no_piece(
    fillings: Fillings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(FaultError, match="No space left"):
        await fillings.become([fill("disk", MIB)])
    assert list((tmp_path / "task-1").iterdir()) == []


async def test_memory_counts_with_the_task_and_is_given_back(
    fillings: Fillings, tasks: Tasks
) -> None:
    await fillings.become([fill("memory", 0.9)])  # of 128 MiB, of which 20 are used
    [pid] = tasks.guests
    held = psutil.Process(pid)
    async with asyncio.timeout(60):
        while held.memory_info().rss < 95 * MIB:
            await asyncio.sleep(0.02)
    await fillings.become([])
    assert not psutil.pid_exists(pid)


async def test_memory_that_the_machine_does_not_have(
    fillings: Fillings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=50 * MIB))
    with pytest.raises(FaultError, match="more than half of the memory"):
        await fillings.become([fill("memory", 0.9)])


async def test_who_has_gone_is_not_filled(fillings: Fillings, tasks: Tasks) -> None:
    await fillings.become([fill("processor", 0.5, "gone"), fill("disk", MIB, "gone")])
    assert tasks.guests == []


async def test_a_server_that_does_not_run_has_no_connections(fillings: Fillings) -> None:
    with pytest.raises(FaultError, match="does not run here"):
        await fillings.become([fill("connections", 1.0, "app-db")])

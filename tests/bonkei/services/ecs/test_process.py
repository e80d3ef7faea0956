"""Processes that are abandoned or cannot be recorded: none is dropped before it has ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from bonkei.base.processes import Keeper
from bonkei.services.ecs import TaskError
from bonkei.services.ecs.execution.process import ContainerProcess, ProcessSpec, run_briefly

SLEEP = ("/bin/sh", "-c", "exec sleep 600")


class Ledger(Keeper):
    """Records groups, and does nothing else."""

    def __init__(self, *, is_full: bool = False) -> None:
        self.kept: list[int] = []
        self.released: list[int] = []
        self._is_full = is_full

    def keep(self, group: int, *, ending: int = 9, grace: float = 0.0) -> None:
        self.kept.append(group)
        if self._is_full:
            raise OSError(28, "No space left on device")

    def release(self, group: int) -> None:
        self.released.append(group)


def spec(directory: Path, command: tuple[str, ...] = SLEEP, **environment: str) -> ProcessSpec:
    return ProcessSpec("web", command, directory, environment)


async def test_a_probe_that_is_abandoned_repeatedly_is_awaited(tmp_path):
    ledger = Ledger()
    probe = asyncio.create_task(run_briefly(spec(tmp_path), ledger, 600))
    while not ledger.kept:
        await asyncio.sleep(0.01)
    while not probe.done():
        probe.cancel()
        await asyncio.sleep(0)
    assert probe.cancelled()
    assert ledger.released == ledger.kept
    assert not psutil.pid_exists(ledger.kept[0])


async def test_a_probe_that_takes_too_long_has_failed_and_ended(tmp_path):
    ledger = Ledger()
    assert not await run_briefly(spec(tmp_path), ledger, 0.05)
    assert ledger.released == ledger.kept
    assert not psutil.pid_exists(ledger.kept[0])


async def test_a_process_that_cannot_be_recorded_is_not_left_running(tmp_path):
    ledger = Ledger(is_full=True)
    with pytest.raises(TaskError, match="No space left on device"):
        await ContainerProcess.start(spec(tmp_path), ledger, lambda *_: None)
    assert not psutil.pid_exists(ledger.kept[0])


async def test_an_impossible_environment_is_reported(tmp_path):
    with pytest.raises(TaskError, match=r"web: cannot start /bin/sh in .*: embedded null byte"):
        await ContainerProcess.start(spec(tmp_path, WORD="a\0b"), Ledger(), lambda *_: None)


@pytest.mark.parametrize("line", ["exit 0", "exit 3", "kill -9 $$"])
async def test_a_probe_succeeds_with_exit_code_0_only(tmp_path, line):
    ledger = Ledger()
    assert await run_briefly(spec(tmp_path, ("/bin/sh", "-c", line)), ledger, 60) is (
        line == "exit 0"
    )
    assert ledger.released == ledger.kept

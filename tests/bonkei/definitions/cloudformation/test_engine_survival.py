"""Operations through faults of the miniature, a full disk, and kills."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from bonkei.base.errors import BonkeiError
from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.stacks.engine import Failed
from bonkei.definitions.cloudformation.stacks.store import FileStore
from bonkei.definitions.cloudformation.stacks.values import Stack
from tests.bonkei.definitions.cloudformation.engine import OTHER, TWO, Engine, there
from tests.bonkei.definitions.cloudformation.stacks import STACK, MemoryStore, planned


async def test_a_failing_miniature_fails_every_operation() -> None:
    engine = Engine()

    async def follow() -> Sequence[Failed]:
        raise BonkeiError("no space")

    engine.world.instead = follow
    stack = await engine.create()
    assert stack.status == "ROLLBACK_FAILED"
    assert {each.reason for each in stack.events if each.status.startswith("CREATE_F")} == {
        "no space"
    }


async def test_a_fault_of_the_miniature_leaves_no_stack_in_progress() -> None:
    engine = Engine()

    async def follow() -> Sequence[Failed]:
        raise ZeroDivisionError

    engine.world.instead = follow
    assert (await engine.create()).status == "ROLLBACK_FAILED"
    assert "ZeroDivisionError" in engine.reports[0]


async def test_unreadable_definitions() -> None:
    engine = Engine()
    engine.world.unreadable = "the state is not a JSON object"
    stack = await engine.create()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "the state is not a JSON object" in {each.reason for each in stack.events}


async def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The operation waits, and continues when there is space again."""
    monkeypatch.setattr("bonkei.definitions.cloudformation.stacks.engine._PAUSE", 0.01)
    store = FullStore(tmp_path)
    engine = Engine(store)
    store.full_after = 1
    await engine.stacks.operate(STACK, "CREATE_IN_PROGRESS", planned(TWO))
    await engine.stacks.idle()
    assert engine.stack.status == "CREATE_COMPLETE"
    assert engine.reports == ["the stack shop waits: [Errno 28] No space left on device"] * 3


class FullStore(FileStore):
    """No space for three writes, after some successful ones."""

    full_after = 99
    _writes = 0

    def put(self, stack: Stack) -> None:
        self._writes += 1
        if self.full_after < self._writes <= self.full_after + 3:
            raise OSError(28, "No space left on device")
        super().put(stack)


@pytest.mark.parametrize("phase", [1, 2, 3])
async def test_an_operation_continues_after_a_kill(tmp_path: Path, phase: int) -> None:
    """Interrupted in each phase of an update that fails. The files on disk are enough."""
    engine = Engine(FileStore(tmp_path))
    await engine.create()
    reached = asyncio.Event()
    calls = count(1)

    async def follow() -> Sequence[Failed]:
        if next(calls) == phase:
            reached.set()
            await asyncio.sleep(3600)
        return []

    engine.world.instead = follow
    begun = asyncio.create_task(engine.update(OTHER) if phase < 3 else engine.delete())
    if phase == 3:
        calls = count(3)
    await asyncio.wait_for(reached.wait(), 60)
    begun.cancel()
    await engine.stacks.stop()
    cut = engine.stack
    assert cut.in_progress
    again = Engine(FileStore(tmp_path))
    assert again.stack == cut
    again.stacks.resume()
    await again.stacks.idle()
    assert again.stack.status == ("DELETE_COMPLETE" if phase == 3 else "UPDATE_COMPLETE")
    assert there(again.stack) == ([] if phase == 3 else ["aaa", "ccc"])


async def test_stacks_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "stacks"
    engine = Engine(FileStore(folder))
    stack = await engine.create()
    assert FileStore(folder).load() == [stack]
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("{}")
    with pytest.raises(TemplateError, match="is not a stack's file"):
        FileStore(folder).load()


async def test_deleted_stacks_are_dropped_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bonkei.definitions.cloudformation.stacks.engine.MOST_DELETED", 2)
    store = MemoryStore()
    engine = Engine(store)
    for number in range(4):
        stack = replace(STACK, id=f"{STACK.id}{number}")
        await engine.stacks.operate(stack, "CREATE_IN_PROGRESS", planned(TWO, stack))
        created = next(one for one in engine.stacks.everywhere() if one.id == stack.id)
        await engine.stacks.operate(created, "DELETE_IN_PROGRESS")
    assert len(store.stacks) == 2

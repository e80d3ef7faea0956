"""`bonkei watch`: the changes and keys that begin a round."""

from __future__ import annotations

import asyncio
import os
import pty
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from watchfiles import Change

from bonkei.cli.watching import triggers
from tests.bonkei.cli.watching.until import until

PROJECT = Path("/project")


class Recorder:
    """A source's rounds, one after the other."""

    def __init__(self, source: AsyncIterator[frozenset[Path]]) -> None:
        self.rounds: list[frozenset[Path]] = []
        self._task = asyncio.create_task(self._read(source))

    async def _read(self, source: AsyncIterator[frozenset[Path]]) -> None:
        async for found in source:
            self.rounds.append(found)

    async def first(self) -> frozenset[Path]:
        async with asyncio.timeout(60):
            while not self.rounds:
                await asyncio.sleep(0.02)
        return self.rounds[0]

    async def stop(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


async def test_hundreds_of_files_are_one_round(tmp_path: Path) -> None:
    """Or a few, where their writer has to wait for a processor."""
    recorder = Recorder(triggers.changes([tmp_path]))
    await asyncio.sleep(0)  # it watches from its first step
    script = "import sys; [open(f'{sys.argv[1]}/{n}.py', 'w').close() for n in range(300)]"
    await asyncio.to_thread(subprocess.run, ["python3", "-c", script, str(tmp_path)], check=True)
    async with asyncio.timeout(60):
        while len(frozenset().union(*recorder.rounds)) < 300:
            await asyncio.sleep(0.02)
    assert len(recorder.rounds) < 30
    await recorder.stop()


async def test_a_folder_that_was_removed_is_watched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by git, for a branch without it. The new folder often has the inode of the old one."""
    monkeypatch.setattr(triggers, "_LOOK", 0.01)
    folder, file = tmp_path / "web", tmp_path / "web/a.py"
    folder.mkdir()
    recorder = Recorder(triggers.changes([folder]))
    await asyncio.sleep(0)
    for way in ("at once", "later", "moved"):
        if way == "moved":
            folder.rename(tmp_path / "aside")
        else:
            shutil.rmtree(folder)
        if way != "at once":
            await until(lambda: bool(recorder.rounds))
            recorder.rounds.clear()
            await asyncio.sleep(0.05)
        folder.mkdir()
        await until(lambda: any(folder in found for found in recorder.rounds))
        await asyncio.sleep(0.05)
        recorder.rounds.clear()
        async with asyncio.timeout(60):
            while not any(file in found for found in recorder.rounds):
                file.touch()
                await asyncio.sleep(0.01)
        recorder.rounds.clear()
    await recorder.stop()


async def test_a_program_in_the_background_takes_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system would stop it for a change of the terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours), os.fdopen(theirs) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
        with triggers.keys(asyncio.Queue()) as has_keys:
            assert not has_keys
        monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
        with triggers.keys(asyncio.Queue()) as has_keys:
            assert has_keys


@pytest.mark.parametrize(
    "name",
    [".a.py.swp", "a.py~", ".#a.py", "#a.py#", "4913", "__pycache__/a.pyc", "a.tmp",
     ".git/index", ".terraform/x.json", "a.py.___jb_tmp___"],
)  # fmt: skip
def test_temporary_files_of_editors_are_ignored(name: str) -> None:
    is_edit = triggers.EditFilter()
    assert not is_edit(Change.modified, str(PROJECT / name))
    assert is_edit(Change.modified, str(PROJECT / "a.py"))
    assert is_edit(Change.modified, str(PROJECT / "templates/page.html"))


async def test_a_single_file_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "_LOOK", 0.01)
    settings = tmp_path / "bonkei.toml"
    recorder = Recorder(triggers.looks([settings]))
    await asyncio.sleep(0)  # it has looked once from here on
    draft = tmp_path / "draft"
    draft.write_text("x")
    draft.replace(settings)  # the way editors save
    assert await recorder.first() == {settings}
    await recorder.stop()


@pytest.mark.parametrize("named", ["", "../bare/worktrees/deep", "/bare/worktrees/deep"])
async def test_a_git_checkout_is_awaited(tmp_path: Path, named: str) -> None:
    project = tmp_path / "project"
    (project / "deep").mkdir(parents=True)
    git = project / ".git"
    if named:  # a worktree of a repository elsewhere
        git = tmp_path / "bare/worktrees/deep"
        named = named if named.startswith("..") else f"{tmp_path}{named}"
        (project / ".git").write_text(f"gitdir: {named}\n")
    lock = git / "index.lock"
    git.mkdir(parents=True)
    lock.touch()
    waiting = asyncio.create_task(triggers.wait_for_git(project / "deep"))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    lock.unlink()
    await waiting


async def test_a_closed_terminal_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a hang-up is ignored, the program goes on, and reads nothing any more."""
    ours, theirs = pty.openpty()
    pressed: asyncio.Queue[str] = asyncio.Queue()
    reads = 0
    read = os.read

    def counted(descriptor: int, size: int) -> bytes:
        nonlocal reads
        reads += descriptor == theirs
        return read(descriptor, size)

    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr(os, "read", counted)
        with triggers.keys(pressed) as has_keys:
            assert has_keys
            os.write(ours, b"a")
            async with asyncio.timeout(60):
                assert await pressed.get() == "a"
            os.close(ours)
            await until(lambda: reads == 2)
            await asyncio.sleep(0.05)
            assert reads == 2

"""A git that does not end, and one whose caller no longer waits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bonkei.services.codecommit.errors import GitError
from bonkei.services.codecommit.git import clone, git

HANGS = """#!/bin/sh
{apart} sleep 300 &
echo $! >>{apart_pid}
sleep 300 &
echo $! >>{pids}
echo $$ >>{pids}
wait
"""
"""Its children hold its pipes."""


@pytest.fixture(params=["", "setsid"])
def pids(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Where a git that hangs writes its process and its child's. With setsid another child leaves
    the group."""
    program, pids, apart = tmp_path / "bin" / "git", tmp_path / "pids", tmp_path / "apart"
    program.parent.mkdir()
    program.write_text(HANGS.format(pids=pids, apart=request.param, apart_pid=apart))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    yield pids
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(apart.read_text())).kill()


async def has_begun(pids: Path) -> None:
    """git and its child run."""
    async with asyncio.timeout(60):
        while not pids.exists() or len(pids.read_text().split()) < 2:
            await asyncio.sleep(0.01)


def held() -> tuple[int, int]:
    """Descriptors, and threads: asyncio has one for each process that it waits for."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


async def are_gone(pids: Path, before: tuple[int, int]) -> None:
    """git, its child, the descriptors of their pipes, and who has waited for git."""

    def runs(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    async with asyncio.timeout(60):
        while any(runs(int(pid)) for pid in pids.read_text().split()) or any(
            now > then for now, then in zip(held(), before, strict=True)
        ):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)  # the loop hears of the end


async def test_git_ends_with_its_children_when_its_time_is_over(
    pids: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held()
    calling = asyncio.create_task(git(tmp_path, "log"))
    await has_begun(pids)
    began, loop = time.monotonic(), asyncio.get_running_loop()
    with monkeypatch.context() as fast:  # its two minutes pass in a tenth of a second
        fast.setattr(loop, "time", lambda: began + 1000 * (time.monotonic() - began))
        while not calling.done():
            await asyncio.sleep(0.01)
    with pytest.raises(GitError, match="has not ended"):
        await calling
    await are_gone(pids, before)


@pytest.mark.parametrize(
    "call", [lambda at: git(at, "log"), lambda at: clone(at, "main", at / "into")]
)
async def test_git_ends_with_its_children_when_its_caller_is_cancelled(
    pids: Path, tmp_path: Path, call: Callable[[Path], Coroutine[None, None, object]]
) -> None:
    before = held()
    calling = asyncio.create_task(call(tmp_path))
    await has_begun(pids)
    calling.cancel()
    await asyncio.wait({calling}, timeout=60)
    assert calling.cancelled()
    await are_gone(pids, before)


async def test_a_clone_has_the_wanted_version(tmp_path: Path) -> None:
    await git(tmp_path, "init", "--quiet", "-b", "main", "work")
    work, me = tmp_path / "work", ("-c", "user.name=me", "-c", "user.email=m@x")
    for text in ("first", "second"):
        (work / "file").write_text(text)
        await git(work, "add", "file")
        await git(work, *me, "commit", "--quiet", "-m", text)
    first = (await git(work, "rev-parse", "HEAD~1")).decode().strip()
    assert await clone(work, first, tmp_path / "then") == first
    assert (tmp_path / "then" / "file").read_text() == "first"
    assert await clone(work, "", tmp_path / "now") != first
    assert (tmp_path / "now" / "file").read_text() == "second"
    with pytest.raises(GitError, match="nowhere is not a version"):
        await clone(work, "nowhere", tmp_path / "none")


@pytest.mark.parametrize("version", ["--pathspec-from-file={}", "--orphan=new", "-b", "--", "a"])
async def test_a_version_is_never_an_option_of_git(version: str, tmp_path: Path) -> None:
    """Nor a file of the repository. An error would have a line of the file that an option names."""
    secret, work = tmp_path / "secret", tmp_path / "work"
    secret.write_text("password\n")
    await git(tmp_path, "init", "--quiet", "-b", "main", str(work))
    (work / "a").write_text("a")
    await git(work, "add", "a")
    await git(work, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "one")
    with pytest.raises(GitError, match="is not a version of the repository") as raised:
        await clone(work, version.format(secret), tmp_path / "into")
    assert "password" not in str(raised.value)

"""Processes of the miniature's event loop: their start, their pipes, their end."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from bonkei.base.processes import loop


@pytest.fixture(params=["descriptor", "uvloop"])
def way(request, monkeypatch):
    """Both ways: the one of Linux, and that of systems without descriptors of processes."""
    if request.param == "uvloop":
        monkeypatch.setattr(loop, "_has_descriptors", lambda: False)


async def shell(line: str, **more: Any) -> Process:
    return await asyncio.create_subprocess_exec("/bin/sh", "-c", line, **{"stdin": DEVNULL} | more)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("line", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", -9)])
async def test_the_exit_code_is_told(line: str, code: int) -> None:
    process = await shell(line)
    assert await process.wait() == code
    assert process.returncode == code
    assert await process.wait() == code


@pytest.mark.usefixtures("way")
async def test_it_is_written_to_and_read_to_its_end() -> None:
    process = await shell("cat; echo said >&2", stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert await process.communicate(b"given" * 100_000) == (b"given" * 100_000, b"said\n")
    assert process.returncode == 0


@pytest.mark.usefixtures("way")
async def test_a_process_has_its_place_its_environment_and_a_session_of_its_own(
    tmp_path: Path,
) -> None:
    environment: Mapping[str, str] = {"WORD": "kept", "PATH": os.environ["PATH"]}
    process = await shell(
        'printf %s "$WORD" > found; echo there; exec sleep 600',
        stdout=PIPE, cwd=tmp_path, env=environment, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"there\n"
    assert os.getsid(process.pid) == process.pid
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == -signal.SIGTERM
    assert (tmp_path / "found").read_text() == "kept"


@pytest.mark.usefixtures("way")
async def test_what_cannot_start_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await asyncio.create_subprocess_exec("/none")
    with pytest.raises(FileNotFoundError):
        await shell("exit 0", cwd=tmp_path / "none")


async def test_a_nul_in_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="null byte"):
        await shell("a\0b")


@pytest.mark.usefixtures("way")
async def test_its_end_does_not_wait_for_others_that_hold_its_pipe() -> None:
    process = await shell("sleep 600 & echo $!", stdout=PIPE)
    assert process.stdout is not None
    other = psutil.Process(int(await process.stdout.readline()))
    waiting = asyncio.create_task(process.wait())
    async with asyncio.timeout(60):
        assert await waiting == 0
        assert await process.wait() == 0
    assert other.is_running()
    other.kill()
    assert await process.stdout.read() == b""


async def test_a_program_opens_its_output_anew() -> None:
    """As nginx does, and Gunicorn's access log."""
    process = await shell(
        "echo said > /dev/stdout; echo more > /dev/stderr", stdout=PIPE, stderr=PIPE
    )
    assert await process.communicate() == (b"said\n", b"more\n")


async def test_no_descriptor_remains_whatever_ends_first() -> None:
    async def start_and_end(number: int) -> None:
        process = await asyncio.create_subprocess_exec("/bin/sleep", "600", stdin=PIPE, stdout=PIPE)
        waiting = asyncio.create_task(process.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        process.send_signal(number)
        assert await process.wait() == -number
        await process.communicate()

    await start_and_end(signal.SIGKILL)  # libuv opens /dev/null once, and keeps it
    before = psutil.Process().num_fds()
    for number in (signal.SIGKILL, signal.SIGTERM):
        await start_and_end(number)
    async with asyncio.timeout(60):  # the pipes are closed a moment later
        while psutil.Process().num_fds() > before:
            await asyncio.sleep(0.01)


async def test_a_process_whose_end_cannot_be_seen_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(number: int) -> int:
        asked.append(number)
        raise OSError(errno.EMFILE, "Too many open files")

    await (await shell("exit 0")).wait()
    monkeypatch.setattr(os, "pidfd_open", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        await shell("exec sleep 600")
    assert not psutil.pid_exists(asked[0])


@pytest.mark.parametrize("turns", range(6))
async def test_a_start_that_is_cancelled_leaves_no_process(
    turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any moment; and the loop can be closed after it."""
    started = []
    follow = loop._Process.follow
    monkeypatch.setattr(
        loop._Process, "follow", lambda self: (started.append(self.get_pid()), follow(self))
    )
    starting = asyncio.create_task(shell("exec sleep 600", stdout=PIPE))
    while not started:
        await asyncio.sleep(0)
    for _ in range(turns):
        await asyncio.sleep(0)
    starting.cancel()
    try:
        process = await starting
    except asyncio.CancelledError:
        pass
    else:  # it was there before
        process.kill()
        await process.wait()
    assert not psutil.pid_exists(started[0])

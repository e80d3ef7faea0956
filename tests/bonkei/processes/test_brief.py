"""Short commands: their start, their end, and no descriptor that remains."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from bonkei.processes import brief, start_brief


@pytest.fixture(params=["descriptor", "loop"])
def way(request, monkeypatch):
    """Both ways: the one of Linux, and that of systems without descriptors of processes."""
    if request.param == "loop":
        monkeypatch.setattr(brief, "_has_descriptors", lambda: False)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("line", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", -9)])
async def test_the_exit_code_is_told(line, code):
    process = await start_brief(("/bin/sh", "-c", line), Path("/"), {})
    assert await process.wait() == code
    assert process.returncode == code


@pytest.mark.usefixtures("way")
async def test_a_command_has_its_place_its_environment_and_a_session_of_its_own(tmp_path):
    line = 'printf %s "$WORD" > found; exec sleep 600'
    environment = {"WORD": "kept", "PATH": os.environ["PATH"]}
    process = await start_brief(("/bin/sh", "-c", line), tmp_path, environment)
    assert os.getsid(process.pid) == process.pid
    while not (found := tmp_path / "found").exists() or not found.read_text():
        await asyncio.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    assert found.read_text() == "kept"


@pytest.mark.usefixtures("way")
async def test_what_cannot_start_is_told_at_once(tmp_path):
    with pytest.raises(FileNotFoundError):
        await start_brief(("/none",), tmp_path, {})
    with pytest.raises(ValueError, match="null byte"):
        await start_brief(("/bin/sh", "a\0b"), tmp_path, {})


async def test_no_descriptor_remains_whatever_ends_first():
    before = psutil.Process().num_fds()
    for number in (signal.SIGKILL, signal.SIGTERM):
        process = await start_brief(("/bin/sleep", "600"), Path("/"), {})
        waiting = asyncio.create_task(process.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        os.kill(process.pid, number)
        assert await process.wait() == -number
    assert psutil.Process().num_fds() <= before  # other tests' ones may be closed meanwhile

"""Nothing of a task is left: after a stop while it starts, and after a kill."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bonkei.services.ecs import Tasks, TaskSettings
from tests.bonkei.services.ecs.log_lines import MemoryLogSink

from .conftest import SERVER, blueprint, definition, until, web_container

ROOT = Path(__file__).parents[4]


async def test_a_stop_while_tasks_start_leaves_nothing(tasks, web, tmp_path):
    await tasks.reconcile(blueprint(definition(web_container()), desired=4))
    await asyncio.sleep(0.05)
    await tasks.stop()
    assert not (tmp_path / "home" / "tasks").exists() or not any(
        (tmp_path / "home" / "tasks").iterdir()
    )
    assert not any((tmp_path / "home" / "processes" / "tasks").iterdir())


FORKING = """
    import subprocess, sys, time
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_no_process_outlives_a_killed_supervisor(program, tmp_path, number):
    directory = program("web").write(FORKING).directory
    script = Path(__file__).with_name("supervisor.py")
    supervisor = subprocess.Popen(
        [sys.executable, script, ROOT, tmp_path / "home", directory],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with supervisor:
        try:
            assert supervisor.stdout is not None
            line = await asyncio.to_thread(supervisor.stdout.readline)
            assert line == "ready\n"
            root = psutil.Process(supervisor.pid)
            # Two tasks, a child each, and the watchdog.
            await until(lambda: len(root.children(recursive=True)) >= 5)
            family = root.children(recursive=True)
            supervisor.send_signal(number)
            await asyncio.to_thread(supervisor.wait, 60)
        finally:
            supervisor.kill()

    _, alive = await asyncio.to_thread(psutil.wait_procs, family, 60)
    assert not alive


async def test_the_next_start_ends_survivors_of_supervisor_and_watchdog(
    program, tmp_path, bus, vault
):
    home = tmp_path / "home"
    leftover = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    ledger = home / "processes" / "tasks"
    ledger.mkdir(parents=True)
    (ledger / str(leftover.pid)).write_text(f"{psutil.Process(leftover.pid).create_time()}\n")
    (ledger / str(stranger.pid)).write_text("1.0\n")  # another process had this pid

    directory = program("web").write(SERVER).directory
    manager = Tasks(bus, vault, TaskSettings(home, {"web": directory}), logs=MemoryLogSink())
    await manager.reconcile(blueprint(definition(web_container())))
    try:
        assert await asyncio.to_thread(leftover.wait, 60) == -signal.SIGKILL
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        await manager.stop()

"""A full disk: running tasks continue, one line reports it, and everything recovers when the
disk has space.
"""

from __future__ import annotations

import asyncio
import errno
import os

import pytest

from bonkei.base.processes.ledger import Ledger
from bonkei.blueprint.ecs import Container
from bonkei.services.ecs import Tasks, TaskSettings

from .conftest import definition

CHATTY = """
    import sys, time
    for number in range(300):
        print("line", number, flush=True)
        time.sleep(0.001)
    sys.stdin.read()
"""


async def test_a_talkative_container_gives_one_line_and_no_traceback(
    bus, vault, tmp_path, program, monkeypatch
):
    folder = program("job").write(CHATTY).directory
    troubles: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
    said: list[str] = []
    tasks = Tasks(
        bus, vault, TaskSettings(tmp_path / "home", {"job": folder}, progress=said.append)
    )
    log = tmp_path / "home" / "logs" / "web" / "job.log"
    log.parent.mkdir(parents=True)
    log.symlink_to("/dev/full")
    try:
        with monkeypatch.context() as full:
            full.setattr(Ledger, "add", refuse)
            outcome = await tasks.run_task(definition(Container("job", "job:1")), "job")
        assert outcome.exit_code == 0
        assert len(outcome.output) == 200  # the tail of the log, which needs no disk
        assert troubles == []
        (line,) = said
        assert line.startswith("log lines are lost until the disk has space again")

        log.unlink()
        await tasks.run_task(definition(Container("job", "job:1")), "job")
        assert said[1:] == ["log lines are written again; 300 were lost"]
        assert len(log.read_text().splitlines()) == 300
    finally:
        await tasks.stop()


def refuse(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), ValueError("a mistake")])
async def test_only_a_fault_of_ours_is_reported_with_its_traceback(bus, vault, tmp_path, error):
    troubles: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
    executor = Tasks(bus, vault, TaskSettings(tmp_path))._executor
    for _ in range(100):
        executor._complain("task 1", error)
    assert len(troubles) == (1 if isinstance(error, OSError) else 100)
    assert ("exception" in troubles[0]) is isinstance(error, ValueError)
    assert str(error) in str(troubles[0]["message"])

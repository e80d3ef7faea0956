"""The process of an execution environment: its output and its end."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bonkei.base.processes import Keeper
from bonkei.services.lambda_.environment import ExecutionEnvironment, Launch
from bonkei.services.lambda_.output import Output

LEAVES = """
import subprocess
with subprocess.Popen(["sleep", "600"], start_new_session=True) as child:
    print(child.pid, flush=True)
"""


async def test_a_program_that_prints_faster_than_it_is_read_leaves_the_loop_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    reads = 0

    def always_full(*_: object) -> bytes:
        nonlocal reads
        reads += 1
        assert reads < 1_000, "it never stops reading"
        return b"y\n"

    output = Output(lambda _, text: said.append(text))
    with monkeypatch.context() as patched:
        patched.setattr(os, "read", always_full)
        output.drain()
    output.close()
    assert set(said) >= {"y"}


async def test_no_process_of_it_is_left_not_even_one_with_a_session_of_its_own(
    tmp_path: Path,
) -> None:
    keeper = Keeper(tmp_path / "processes")
    child: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    launch = Launch(
        "arn:aws:lambda:eu-west-1:123456789012:function:f",
        (sys.executable, "-I", "-S", "-c", LEAVES),
        {"PATH": os.environ["PATH"]},
        tmp_path,
        tmp_path / "own",
        2**27,
    )
    environment = ExecutionEnvironment(launch, keeper, lambda _, text: child.set_result(int(text)))
    await environment.start()
    try:
        async with asyncio.timeout(60):
            process = psutil.Process(await child)
    finally:
        await environment.stop()
        keeper.stop()
    with suppress(psutil.NoSuchProcess):
        async with asyncio.timeout(60):
            while process.status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.01)

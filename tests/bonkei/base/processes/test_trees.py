"""A process's tree, read while it changes."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from bonkei.base.processes import family, family_ids

GRANDCHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
"""
RESTLESS = """
import os
print("ready", flush=True)
while True:
    if os.fork() == 0:
        os._exit(0)
    os.wait()
"""


def started(program: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_process_comes_first_and_then_what_it_started() -> None:
    with started(GRANDCHILD) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            assert [one.pid for one in family(process.pid)] == [process.pid, child]
            assert family_ids(process.pid) == [process.pid, child]
        finally:
            psutil.Process(child).kill()
            process.kill()
    assert family(process.pid) == []
    assert family_ids(process.pid) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has lists of children")
def test_children_that_end_while_the_tree_is_read_are_left_out() -> None:
    with started(RESTLESS) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            for _ in range(3_000):  # one in some twenty meets a child in its last moment
                assert family(process.pid)[0].pid == process.pid
        finally:
            process.kill()

"""CPU and memory of a task: of its processes and of all that they have started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from bonkei.base.processes import trees
from bonkei.services.ecs.execution.usage import UsageMeter

# A process whose child has a child: each says that it is there, and waits.
_TREE = """
import subprocess, sys
depth = int(sys.argv[2])
if depth:
    subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[1], str(depth - 1)])
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def tree() -> Iterator[int]:
    """The root of three processes."""
    command = [sys.executable, "-c", _TREE, _TREE, "2"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline() == "ready\n"
        yield process.pid
        for each in psutil.Process(process.pid).children(recursive=True):
            each.kill()
        process.kill()


def test_what_a_process_has_started_counts(tree: int) -> None:
    whole = UsageMeter().read({"task": (tree,)})["task"].memory
    each = [psutil.Process(tree), *psutil.Process(tree).children(recursive=True)]
    assert len(each) == 3
    assert whole == pytest.approx(sum(one.memory_info().rss for one in each), rel=0.2)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has lists of children")
def test_the_lists_of_children_say_what_psutil_says(tree: int) -> None:
    below = psutil.Process(tree).children(recursive=True)
    assert sorted(trees._descendants(tree) or ()) == sorted(one.pid for one in below)


def test_without_these_lists_the_same_counts(tree: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with_lists = UsageMeter().read({"task": (tree,)})["task"].memory
    monkeypatch.setattr(trees, "_CHILDREN", trees.Path("/nowhere"))
    assert trees._descendants(tree) is None
    without = UsageMeter().read({"task": (tree,)})["task"].memory
    assert without == pytest.approx(with_lists, rel=0.2)


def test_a_process_that_is_gone_uses_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    found = UsageMeter().read({"task": (process.pid,), "other": (os.getpid(),)})
    assert found["task"].memory == 0
    assert found["other"].memory > 0

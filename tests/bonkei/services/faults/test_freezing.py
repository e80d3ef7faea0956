"""Real processes: no process stays suspended, even if another one dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bonkei.services.faults.freezing import holder
from bonkei.services.faults.freezing.freezer import Freezer, is_ours

FAMILY = """
import os, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        break
time.sleep(60)
"""
FREEZE = """
import subprocess, sys, time
from pathlib import Path
from bonkei.services.faults.freezing.freezer import Freezer
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
child = subprocess.Popen(sleep, start_new_session=True, stdout=subprocess.DEVNULL)
freezer = Freezer(Path(sys.argv[1]))
freezer.become({"it": [child.pid]}, 300.0)
print(child.pid, freezer._holder.pid, flush=True)
time.sleep(60)
"""


def is_frozen(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def has_gone_on(pid: int) -> bool:
    """Whether a child of ours was frozen, and is not any more: the kernel tells its parent once,
    however late the parent looks."""
    return os.waitid(os.P_PID, pid, os.WCONTINUED | os.WNOHANG) is not None


def until(what: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    made = subprocess.Popen([sys.executable, "-c", FAMILY], start_new_session=True)
    until(lambda: len(psutil.Process(made.pid).children()) == 2)
    family = psutil.Process(made.pid).children()
    yield made
    for one in family:
        one.kill()
    made.kill()
    made.wait()


@pytest.fixture
def freezer(tmp_path: Path) -> Iterator[Freezer]:
    made = Freezer(tmp_path)
    yield made
    made.stop()


def test_the_whole_tree_and_back(freezer: Freezer, child: subprocess.Popen[bytes]) -> None:
    family = [child.pid, *(one.pid for one in psutil.Process(child.pid).children())]
    freezer.become({"it": [child.pid]}, 60.0)
    until(lambda: all(map(is_frozen, family)))
    freezer.become({}, 0.0)
    until(lambda: not any(map(is_frozen, family)))


def test_two_names_for_one_process(freezer: Freezer, child: subprocess.Popen[bytes]) -> None:
    freezer.become({"one": [child.pid], "two": [child.pid]}, 60.0)
    until(lambda: is_frozen(child.pid))
    freezer.become({"two": [child.pid]}, 60.0)
    time.sleep(0.05)
    assert is_frozen(child.pid)


def test_the_holder_ends_it_when_its_time_is_over(
    freezer: Freezer, child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the supervisor hung."""
    monkeypatch.setattr("bonkei.services.faults.freezing.freezer._SPARE", 0.0)
    freezer.become({"it": [child.pid]}, 2.0)
    until(lambda: has_gone_on(child.pid))
    assert not is_frozen(child.pid)


def test_a_holder_that_stands_still_does_not_outlive_the_end(
    freezer: Freezer, child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.services.faults.freezing.freezer._END", 0.1)
    freezer.become({"it": [child.pid]}, 60.0)
    process = freezer._holder
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    freezer.stop()
    assert process.returncode == -signal.SIGKILL
    until(lambda: not is_frozen(child.pid))


def test_a_killed_holder_is_replaced(freezer: Freezer, child: subprocess.Popen[bytes]) -> None:
    freezer.become({"it": [child.pid]}, 60.0)
    assert freezer._holder is not None
    freezer._holder.kill()
    freezer._holder.wait()
    freezer.become({"it": [child.pid]}, 60.0)
    assert freezer._holder.poll() is None


def frozen_by_another(home: Path) -> tuple[subprocess.Popen[str], int, int]:
    other = subprocess.Popen(
        [sys.executable, "-c", FREEZE, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    pid, holder_pid = map(int, other.stdout.readline().split())
    until(lambda: is_frozen(pid))
    return other, pid, holder_pid


def test_sigkill_of_who_has_frozen_it(tmp_path: Path) -> None:
    other, pid, _ = frozen_by_another(tmp_path)
    try:
        other.kill()
        until(lambda: not is_frozen(pid))
        assert psutil.pid_exists(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        other.communicate()


def test_sigkill_of_both_is_undone_by_the_next_start(tmp_path: Path) -> None:
    other, pid, holder_pid = frozen_by_another(tmp_path)
    try:
        os.kill(holder_pid, signal.SIGKILL)
        other.kill()
        other.communicate()
        assert is_frozen(pid)
        assert Freezer(tmp_path).start() == 1
        until(lambda: not is_frozen(pid))
        assert Freezer(tmp_path).start() == 0
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_number_that_belongs_to_another_process_is_left_alone(
    tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    os.kill(child.pid, signal.SIGSTOP)
    until(lambda: is_frozen(child.pid))
    created = psutil.Process(child.pid).create_time()
    (tmp_path / "frozen").write_text(f"{child.pid} {created - 100}\n")
    assert Freezer(tmp_path).start() == 0
    assert is_frozen(child.pid)
    os.kill(child.pid, signal.SIGCONT)


def test_a_file_that_was_written_half(tmp_path: Path) -> None:
    (tmp_path / "frozen").write_text("12")
    assert Freezer(tmp_path).start() == 0


def test_nothing_but_our_own_children(freezer: Freezer) -> None:
    assert not is_ours(1)
    assert not is_ours(os.getpid())
    freezer.become({"init": [1], "us": [os.getpid()], "nobody": [2**22 + 1]}, 60.0)
    assert not is_frozen(1)


def test_the_holder_reads_lines() -> None:
    held: dict[int, tuple[float, float]] = {}
    holder.follow("hold 12 3.5 10", held, 100.0)
    assert held == {12: (3.5, 110.0)}
    holder.follow("nonsense", held, 100.0)
    holder.follow("free 12", held, 100.0)
    assert held == {}

"""Whole miniatures in tests: what they print is seen, and none of them is left."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from foreground import running, starting
from miniatures import Project, removed

from bonkei.miniature.home import Home
from bonkei.miniature.lock import HomeLock

# Says `lines` at once, in the place of `bonkei up`, and runs until Ctrl-C.
STAND_IN = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
os.write(1, sys.argv[1].encode())
signal.sigwait({signal.SIGINT})
print("Stopped", flush=True)
"""


def says(*lines: str) -> list[str]:
    return [sys.executable, "-c", STAND_IN, "".join(f"{each}\n" for each in lines)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, tmp_path / "home")


def test_what_is_printed_together_with_the_last_line_of_a_start_is_kept(project: Project) -> None:
    with running(project, says("services", "Ready after 1.0 s.", "and more")) as miniature:
        assert miniature.interrupt() == 0
    assert miniature.lines == ["services", "Ready after 1.0 s.", "and more", "Stopped"]


def test_an_unhealthy_start_fails_at_once_with_what_was_printed(project: Project) -> None:
    with starting(project, says("web: exit code 3", "Started, but not healthy: web")) as miniature:
        with pytest.raises(pytest.fail.Exception, match=r"(?s)exit code 3.*not healthy: web"):
            miniature.wait_until_ready()
        miniature.wait_until_ready("Started, but")  # for a test that expects it
        assert miniature.process.poll() is None


def test_a_start_that_ends_fails_with_what_was_printed(project: Project) -> None:
    ends = [sys.executable, "-c", "print('the port is taken')"]
    with pytest.raises(pytest.fail.Exception, match="the port is taken"), running(project, ends):
        pass


def test_an_interrupted_start_leaves_no_process(project: Project) -> None:
    with pytest.raises(KeyboardInterrupt), starting(project, says()) as miniature:
        raise KeyboardInterrupt
    assert miniature.process.returncode is not None


def test_a_start_that_does_not_heed_ctrl_c_is_killed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a wait of minutes, which this test cuts off as a second Ctrl-C does."""

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), starting(project, says()) as miniature:
        monkeypatch.setattr(miniature, "interrupt", interrupted)
    assert miniature.process.returncode == -signal.SIGKILL


def test_an_interrupted_set_up_leaves_no_miniature_in_the_background(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def note(command: str, *_: str) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(project, "bonkei", note)
    lock = HomeLock(Home(project.home))  # a supervisor's
    lock.acquire()
    try:
        with pytest.raises(KeyboardInterrupt), removed(project):
            raise KeyboardInterrupt
    finally:
        lock.release()
    assert asked == ["down", "reset"]

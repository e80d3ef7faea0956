"""`bonkei up` in the foreground, as a child of the test, and what it prints."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence

import psutil
import pytest
from miniatures import BONKEI, PATIENCE, WAIT, Project

_ANNOUNCED = ("Ready", "Started")  # the last line of a start begins with one of them


class Running:
    """One that was started. `under` is the beginning of the command.

    `lines`: what it has printed until now. A thread reads it, so that it never waits for a reader.
    """

    def __init__(self, project: Project, under: Sequence[str] = ()) -> None:
        self.project = project
        self.lines: list[str] = []
        self._announced = threading.Event()
        self.process = subprocess.Popen(
            [*under, *BONKEI, "up"],
            cwd=project.folder,
            env=project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))
                if line.startswith(_ANNOUNCED):
                    self._announced.set()
        self._announced.set()

    def wait_until_ready(self, word: str = "Ready") -> None:
        """`word`: how the last line of this start begins. Fails when it ends in another way."""
        self._announced.wait(PATIENCE)
        said = next((line for line in self.lines if line.startswith(_ANNOUNCED)), "")
        if not said.startswith(word):
            pytest.fail("bonkei up did not become ready:\n" + "\n".join(self.lines))

    def processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def interrupt(self) -> int:
        """Ctrl-C, and wait for the end. Fails when a process is left."""
        processes = self.processes()
        self.process.send_signal(signal.SIGINT)
        return self.end(processes)

    def end(self, processes: Sequence[psutil.Process]) -> int:
        """Wait for the end. Fails when one of these processes is left."""
        code = self.process.wait(PATIENCE)
        assert left_of(processes) == []
        self._reader.join(WAIT)
        assert not self._reader.is_alive(), "another process holds its output open"
        return code

    def kill(self) -> list[psutil.Process]:
        """Send SIGKILL, and wait for the end. The processes that are left."""
        processes = self.processes()
        self.process.kill()
        self.process.wait()
        left = left_of(processes)
        self._reader.join(WAIT)
        return left

    def leave(self) -> None:
        """Nothing of it is left afterwards, whatever a test has done with it."""
        if self.process.poll() is not None:
            return
        try:
            self.interrupt()
        except BaseException:
            if self.process.poll() is None:
                self.kill()
            raise


def left_of(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that still run. They are given time to end. After a SIGKILL process 1 becomes their
    parent, and some take leave of the dead only every other second."""
    deadline = time.monotonic() + WAIT
    left = list(processes)
    while (left := [each for each in left if _runs(each)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def starting(project: Project, under: Sequence[str] = ()) -> Iterator[Running]:
    """A miniature that has just begun to start."""
    miniature = Running(project, under)
    try:
        yield miniature
    finally:
        miniature.leave()


@contextlib.contextmanager
def running(project: Project, under: Sequence[str] = ()) -> Iterator[Running]:
    with starting(project, under) as miniature:
        miniature.wait_until_ready()
        yield miniature

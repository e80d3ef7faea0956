"""The frontend as a process, as its container starts it, with the fake backend behind a socket."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import frontend
import uvicorn

from tests.program.frontend.fake_backend import FakeBackend

PROGRAM = Path(frontend.__file__).parent.parent
SECRET = "0123456789abcdef0123456789abcdef"


@contextmanager
def served(backend: FakeBackend) -> Iterator[str]:
    """The address of the fake behind a real socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(backend.application(), log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def started(backend_url: str, directory: Path) -> Iterator[subprocess.Popen[str]]:
    """The output goes to a file, because an unread pipe would block the process."""
    with (directory / "log").open("w") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "frontend", "serve"],
            cwd=PROGRAM,
            env=environment(PORT="0", BACKEND_URL=backend_url),
            stdout=log,
            stderr=log,
            text=True,
        )
        try:
            yield running
        finally:
            running.kill()
            running.wait()


def environment(**extra: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "SESSION_SECRET": SECRET, "HOST": "127.0.0.1"} | extra


def records(directory: Path) -> list[dict[str, object]]:
    """The last line may be half written."""
    whole, _, _ = (directory / "log").read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def address_of(directory: Path, process: subprocess.Popen[str]) -> str:
    while process.poll() is None:
        if found := re.search(r"(http://127\.0\.0\.1:\d+)\b.*\n", (directory / "log").read_text()):
            return found[1]
        time.sleep(0.02)
    raise AssertionError((directory / "log").read_text())

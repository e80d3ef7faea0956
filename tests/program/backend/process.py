"""The backend as a process, as its container starts it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backend.settings import ServeSettings
from ports import free_port

from tests.program.backend.postgresql import PASSWORD

QUIET_SECONDS = 0.5
HOME = Path(__file__).parents[3] / "program" / "backend"


@dataclass
class Process:
    """A started command. Its records are read as they are written."""

    popen: subprocess.Popen[str]
    port: int
    records: list[dict[str, object]] = field(default_factory=list)

    def read(self) -> None:
        assert self.popen.stdout
        for line in self.popen.stdout:
            if line.endswith("\n"):  # who is killed may leave a half
                self.records.append(json.loads(line))

    @property
    def kept_waiting(self) -> float:
        """Seconds in which it would have run, but every processor of the machine had other work. 0
        where the system does not count them."""
        counted = Path(f"/proc/{self.popen.pid}/schedstat")
        return int(counted.read_text().split()[1]) / 1e9 if counted.exists() else 0.0

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path: str) -> int:
        connection = self.connect()
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def wait_for(self, message: str) -> None:
        wait_until(lambda: any(r["message"].startswith(message) for r in self.records))


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def started(command: str, environment: Mapping[str, str]) -> Iterator[Process]:
    port = free_port()
    popen = subprocess.Popen(
        [sys.executable, "-m", "backend", command],
        cwd=HOME,
        env={"PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": str(port), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    process = Process(popen, port)
    reader = threading.Thread(target=process.read)
    reader.start()
    try:
        yield process
    finally:
        popen.kill()
        popen.wait()
        reader.join()
        assert popen.stdout
        popen.stdout.close()


def environment_of(settings: ServeSettings) -> dict[str, str]:
    return {
        "DATABASE_HOST": settings.database_host,
        "DATABASE_PORT": str(settings.database_port),
        "DATABASE_NAME": settings.database_name,
        "DATABASE_USERNAME": settings.database_username,
        "DATABASE_PASSWORD": PASSWORD,
        "DRAIN_QUIET_SECONDS": str(QUIET_SECONDS),
    }

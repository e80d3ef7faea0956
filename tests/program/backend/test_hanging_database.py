"""A PostgreSQL that hangs instead of refusing: every request must still be answered soon."""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from uuid import uuid4

import psutil
import pytest
from backend.migrate import migrate
from backend.store.database import POOL_WAIT_SECONDS, UNIT_SECONDS
from backend.store.outage import BUSY_RECORD_SECONDS, CALM_SECONDS, Outage
from ports import free_port

from tests.program.backend.postgresql import (
    PASSWORD,
    USERNAME,
    Server,
    migrate_settings,
    running_server,
)
from tests.program.backend.process import Process, started, wait_until


@contextmanager
def hanging(server: Server) -> Iterator[None]:
    """The server and each connection's process are stopped. The kernel still accepts
    connections.
    """
    postmaster = psutil.Process(server.process.pid)
    postmaster.send_signal(signal.SIGSTOP)  # it starts no other one
    processes = [postmaster, *postmaster.children()]
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a worker that has just ended
            process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def ask(backend: Process, path: str) -> tuple[int, str | None, float]:
    """Status, Retry-After and seconds."""
    began = time.monotonic()
    connection = backend.connect()
    connection.request("GET", path)
    answer = connection.getresponse()
    if answer.status == 503:
        assert json.loads(answer.read())["type"].startswith("urn:problem:")
    connection.close()
    return answer.status, answer.getheader("retry-after"), time.monotonic() - began


def test_a_database_that_hangs_is_a_503_within_seconds_and_one_error(
    tmp_path_factory: pytest.TempPathFactory,
):
    with running_server(free_port(), tmp_path_factory) as server:
        migrate(migrate_settings(server, "postgres"))
        environment = {
            "DATABASE_HOST": "127.0.0.1",
            "DATABASE_PORT": str(server.port),
            "DATABASE_NAME": "postgres",
            "DATABASE_USERNAME": USERNAME,
            "DATABASE_PASSWORD": PASSWORD,
            "POOL_SIZE": "3",
        }
        paths = ["/api/v1/status", "/api/v1/uptime", "/api/v1/components", "/api/v1/incidents"]
        # More than there are connections.
        paths += [f"/api/v1/components/{uuid4()}" for _ in range(6)]
        with (
            started("serve", environment) as backend,
            ThreadPoolExecutor(len(paths)) as askers,
        ):
            backend.wait_for("listening")
            for path in paths[:4]:
                assert ask(backend, path)[0] == 200  # there are connections, which then hang
            with hanging(server):
                # Connections that hang at first, then connections that cannot be opened.
                for _ in range(2):
                    for answer in askers.map(lambda path: ask(backend, path), paths):
                        assert answer[:2] == (503, "5")
                        assert answer[2] < UNIT_SECONDS + 20
                assert backend.get("/api/v1/healthcheck") == 200
            assert ask(backend, "/api/v1/status")[0] == 200  # at once
            wait_until(lambda: ask(backend, "/api/v1/status")[0] == 200 and again(backend))
        errors = [record for record in backend.records if record["level"] == "ERROR"]
        assert len(errors) == 1
        assert "the database is unavailable" in str(errors[0]["message"])


def again(backend: Process) -> bool:
    return any(r["message"] == "the database is available again" for r in backend.records)


def test_the_time_limits_follow_each_other():
    assert POOL_WAIT_SECONDS < UNIT_SECONDS < 8  # the time that the frontend's client waits


def test_an_outage_is_reported_once(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    now = 100.0
    outage = Outage(lambda: now)
    outage.answered()
    for _ in range(3):
        outage.failed(OSError("away"))
        outage.answered()  # some connections may survive, but it is one outage
        outage.busy()
    now += CALM_SECONDS
    outage.answered()
    outage.answered()
    outage.failed(OSError("again"))
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("ERROR", "the database is unavailable: OSError: away"),
        ("INFO", "the database is available again"),
        ("ERROR", "the database is unavailable: OSError: again"),
    ]


def test_a_busy_pool_is_no_error(caplog: pytest.LogCaptureFixture):
    now = 100.0
    outage = Outage(lambda: now)
    for _ in range(3):
        outage.busy()
    now += BUSY_RECORD_SECONDS
    outage.busy()
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 2

"""The backend as a real process, as its container starts it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import psutil
import pytest
import uvicorn
from backend import serve
from backend.migrate import migrate
from backend.settings import ServeSettings
from ports import free_port

from tests.program.backend.postgresql import (
    PASSWORD,
    migrate_settings,
    running_server,
)
from tests.program.backend.process import (
    HOME,
    QUIET_SECONDS,
    Process,
    environment_of,
    started,
    wait_until,
)

UNHURRIED = {"DRAIN_QUIET_SECONDS": "100", "DRAIN_SECONDS": "100"}
"""A busy machine may not ask more often. A second signal ends it."""


@pytest.fixture
def backend(settings: ServeSettings) -> Iterator[Process]:
    with started("serve", environment_of(settings)) as process:
        process.wait_for("listening")
        yield process


def test_it_serves_and_stops_after_sigterm(backend: Process):
    assert backend.get("/api/v1/healthcheck") == 200
    assert backend.get("/api/v1/status") == 200
    backend.popen.send_signal(signal.SIGTERM)
    assert backend.popen.wait(60) == 0
    backend.wait_for("stopped")
    for record in backend.records:
        assert {"type", "time", "level", "logger", "message"} <= record.keys()
    access = [r for r in backend.records if r["type"] == "access"]
    assert [(r["path"], r["status"]) for r in access] == [("/api/v1/status", 200)]


def test_an_idle_server_sleeps_and_sigterm_wakes_it(backend: Process):
    assert backend.get("/api/v1/healthcheck") == 200
    time.sleep(1)
    began, before = time.monotonic(), _switches(backend.popen.pid)
    time.sleep(3)
    switches = _switches(backend.popen.pid) - before
    assert switches <= 4 * (time.monotonic() - began)  # uvicorn alone: 10 a second
    begun = time.monotonic()
    backend.popen.send_signal(signal.SIGTERM)
    backend.wait_for("draining")
    backend.wait_for("stopped")
    assert time.monotonic() - begun < QUIET_SECONDS + 30


def _switches(pid: int) -> int:
    """How often its main thread has gone to sleep."""
    return psutil.Process(pid).num_ctx_switches().voluntary


def test_it_serves_after_sigterm(settings: ServeSettings):
    """ECS may send SIGTERM before the load balancer has stopped sending requests."""
    with started("serve", environment_of(settings) | UNHURRIED) as backend:
        backend.wait_for("listening")
        kept = backend.connect()
        kept.request("GET", "/api/v1/status")
        assert kept.getresponse().read()
        backend.popen.send_signal(signal.SIGTERM)
        backend.wait_for("draining")
        assert backend.get("/api/v1/status") == 200  # a new connection
        kept.request("GET", "/api/v1/status")
        answer = kept.getresponse()
        assert answer.status == 200
        assert answer.getheader("connection") == "close"
        kept.close()


@pytest.mark.parametrize(("last_request", "end"), [(0.0, 2.0), (6.0, 8.0), (100.0, 15.0)])
async def test_requests_prolong_the_drain_up_to_its_limit(
    monkeypatch: pytest.MonkeyPatch, last_request: float, end: float
):
    now = 1000.0
    monkeypatch.setattr(serve, "time", SimpleNamespace(monotonic=lambda: now))
    config = uvicorn.Config("no application")
    server = serve.DrainingServer(config, drain_seconds=15, quiet_seconds=2)
    server.handle_exit(signal.SIGTERM, None)
    while not await server.on_tick(1):
        now += 0.5
        server.server_state.total_requests += now <= 1000 + last_request
    assert now == 1000 + end


def test_a_request_in_flight_is_answered(settings: ServeSettings):
    body = b'{"username": "a", "password": "b"}'
    patient = {"SHUTDOWN_SECONDS": "100"}
    with ExitStack() as stack:
        backend = stack.enter_context(started("serve", environment_of(settings) | patient))
        backend.wait_for("listening")
        client = socket.create_connection(("127.0.0.1", backend.port), timeout=60)
        stack.enter_context(client)
        head = f"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        client.sendall(head.encode() + b"Content-Type: application/json\r\n")
        client.sendall(b"Expect: 100-continue\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body[:5])
        backend.popen.send_signal(signal.SIGTERM)
        wait_until(lambda: not listens(backend))  # but it waits for this request
        client.sendall(body[5:])
        assert client.recv(100).startswith(b"HTTP/1.1 401")
        assert backend.popen.wait(60) == 0


def listens(backend: Process) -> bool:
    try:
        socket.create_connection(("127.0.0.1", backend.port), timeout=60).close()
    except ConnectionError:
        return False
    return True


def test_a_second_sigterm_skips_the_drain(settings: ServeSettings):
    with started("serve", environment_of(settings) | UNHURRIED) as backend:
        backend.wait_for("listening")
        for message in ("draining", "stopped"):
            backend.popen.send_signal(signal.SIGTERM)
            backend.wait_for(message)
        assert backend.popen.wait(60) == 0


def test_connections_outlive_the_load_balancers_idle_time_out():
    assert ServeSettings.model_fields["keep_alive_seconds"].default > 60


def test_two_requests_share_a_connection(backend: Process):
    connection = backend.connect()
    connection.request("GET", "/api/v1/healthcheck")
    connection.getresponse().read()
    kept = connection.sock
    connection.request("GET", "/api/v1/healthcheck")
    assert connection.getresponse().read()
    assert connection.sock is kept
    connection.close()


def test_a_stopped_database_is_a_503_until_it_is_back(
    tmp_path_factory: pytest.TempPathFactory,
):
    port = free_port()
    environment = {
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": str(port),
        "DATABASE_NAME": "postgres",
        "DATABASE_USERNAME": "status",
        "DATABASE_PASSWORD": PASSWORD,
        "DRAIN_QUIET_SECONDS": "0",
    }
    with started("serve", environment) as backend:
        backend.wait_for("listening")
        assert backend.get("/api/v1/healthcheck") == 200
        assert backend.get("/api/v1/readiness") == 503
        assert backend.get("/api/v1/status") == 503
        backend.wait_for("the database is unavailable")
        errors = [r for r in backend.records if r["level"] == "ERROR"]
        assert "is unavailable" in str(errors[0]["message"])
        with running_server(port, tmp_path_factory) as server:
            migrate(migrate_settings(server, "postgres"))
            wait_until(lambda: backend.get("/api/v1/status") == 200)
        assert backend.get("/api/v1/status") == 503
        with running_server(port, tmp_path_factory) as server:
            migrate(migrate_settings(server, "postgres"))
            # At once: the closed connections are noticed.
            assert backend.get("/api/v1/status") == 200
        backend.popen.send_signal(signal.SIGTERM)
        assert backend.popen.wait(60) == 0


def test_an_error_that_prevents_the_start_is_fatal(settings: ServeSettings):
    with started("serve", {}) as backend:
        assert backend.popen.wait(60) == 1
    (record,) = backend.records
    assert record["level"] == "FATAL"
    assert "DATABASE_HOST: must be set" in str(record["message"])

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started("serve", environment_of(settings) | {"PORT": port}) as backend:
            assert backend.popen.wait(60) == 1
    (record,) = backend.records
    assert record["level"] == "FATAL"
    assert f"cannot listen on 127.0.0.1:{port}" in str(record["message"])

    with started("serve", environment_of(settings) | {"LOG_LEVEL": "LOUD"}) as backend:
        assert backend.popen.wait(60) == 1
    assert [record["level"] for record in backend.records] == ["FATAL"]


def test_sample_data_is_loaded_once(settings: ServeSettings):
    for message in ("sample data loaded", "the page is not empty"):
        with started("sample-data", environment_of(settings)) as command:
            assert command.popen.wait(60) == 0
        assert str(command.records[-1]["message"]).startswith(message)


def test_help_names_the_commands():
    done = subprocess.run(
        [sys.executable, "-m", "backend", "--help"],
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("serve", "migrate", "sample-data"):
        assert command in done.stdout

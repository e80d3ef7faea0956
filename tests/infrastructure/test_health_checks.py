"""The containers' own health checks, run as declared, against healthy and unhealthy programs."""

from __future__ import annotations

import os
import re
import resource
import socketserver
import statistics
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from evaluations import Evaluation

from bonkei.blueprint.ecs import ContainerHealthCheck

PROGRAMS = ("backend", "frontend")
ROUTER = "log_router"
NO_PORT = 1  # no program listens there
_GIVES_UP = re.compile(r"-rt (\d+) ")


class _Program(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answer: bytes, path: str) -> None:
        self.answer, self.path = answer, path
        super().__init__(("127.0.0.1", 0), _Conversation)


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Program)
        asked = self.rfile.readline().split(b" ")[1].decode()
        while self.rfile.readline().strip():
            pass  # the rest of the head: a server that has read all of it resets no connection
        found = self.server.answer if asked == self.server.path else b"HTTP/1.0 404 Not Found"
        self.wfile.write(found + b"\r\nContent-Length: 0\r\n\r\n")


@contextmanager
def answering(answer: bytes, path: str) -> Iterator[int]:
    """A program on that port. It gives this answer for `path`, and 404 for other paths."""
    with _Program(answer, path) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(params=(*PROGRAMS, ROUTER))
def check(production: Evaluation, request: pytest.FixtureRequest) -> ContainerHealthCheck:
    (found,) = {
        container.health_check
        for definition in production.blueprint.task_definitions
        for container in definition.containers
        if container.name == request.param and container.health_check
    }
    return found


@pytest.fixture
def path(production: Evaluation, check: ContainerHealthCheck) -> str:
    """The path that the load balancer requests as well, or that of Fluent Bit's own server."""
    paths = {group.health_check.path for group in production.blueprint.target_groups}
    paths.add("/api/v1/uptime")
    return max((path for path in paths if path in check.command[-1]), key=len)


def passes(check: ContainerHealthCheck, port: int, *, patient: bool = True) -> bool:
    """`patient`: it waits for an answer for a minute, not for some seconds. The program is a thread
    of this process, which a busy machine delays.
    """
    kind, *command = check.command
    assert kind == "CMD"
    if patient:
        command = [_GIVES_UP.sub("-rt 60 ", word) for word in command]
        assert command != list(check.command[1:])
    environment = {"PATH": os.environ["PATH"], "PORT": str(port)}
    outcome = subprocess.run(command, env=environment, stderr=subprocess.DEVNULL, check=False)
    return outcome.returncode == 0


@pytest.mark.parametrize(
    ("answer", "well"),
    [
        (b"HTTP/1.1 200 OK", True),
        (b"HTTP/1.1 200 ", True),  # RFC 9112 lets a server leave out the reason
        (b"HTTP/1.1 200", True),  # as Fluent Bit 5.1 answers
        (b"HTTP/1.1 503", False),
        (b"HTTP/1.0 503 Service Unavailable", False),
        (b"HTTP/1.1 500 Internal Server Error", False),
        (b"220 mail.example.com", False),
    ],
)
def test_a_program_that_reports_healthy_is_healthy(
    check: ContainerHealthCheck, path: str, answer: bytes, well: bool
) -> None:
    with answering(answer, path) as port:
        assert passes(check, port) is well


def test_a_program_that_does_not_run_is_unhealthy(check: ContainerHealthCheck) -> None:
    assert not passes(check, NO_PORT)


@pytest.mark.parametrize("check", ["backend", ROUTER], indirect=True)  # frontend: as backend
def test_a_silent_program_fails_within_the_time_out(
    check: ContainerHealthCheck,
) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as silent:
        port = silent.server_address[1]
        assert not passes(check, port, patient=False)  # a connection without an answer
    given_up = _GIVES_UP.search(check.command[-1])
    assert given_up
    assert check.timeout > int(given_up[1])


def test_a_check_uses_very_little_of_the_smallest_task(
    development: Evaluation, check: ContainerHealthCheck, path: str
) -> None:
    with answering(b"HTTP/1.1 200 OK", path) as port:
        taken = []
        for _ in range(7):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            assert passes(check, port)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    smallest = min(d.cpu for d in development.blueprint.task_definitions) / 1024  # cores
    assert statistics.median(taken) / check.interval < 0.01 * smallest


@pytest.mark.parametrize("check", PROGRAMS, indirect=True)
def test_a_busy_task_has_most_of_a_minute(check: ContainerHealthCheck) -> None:
    assert check.interval * check.retries >= 45

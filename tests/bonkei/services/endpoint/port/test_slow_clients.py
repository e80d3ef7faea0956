"""Clients that send or read very little lose their connection, and others are served."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bonkei.base.aws_service import AwsCall, Operations
from bonkei.services.endpoint.port import connection
from bonkei.services.endpoint.settings import Limits
from tests.bonkei.services.endpoint.places import Place, serving

SOON = 60.0  # seconds, enough for a busy machine
QUICK = Limits(connections=12, silence=0.4, unread=0.4)
PATIENT = Limits(connections=12, stall=0.5)
Start = Callable[[Limits], Place]


async def describe(call: AwsCall) -> Mapping[str, Any]:
    long = call.parameters.get("logGroupNamePrefix") == "long"
    return {"nextToken": "x" * (3_000_000 if long else 1)}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def started(limits: Limits) -> Place:
            own = {"logs": Operations({"DescribeLogGroups": describe})}
            return stack.enter_context(serving(own, tmp_path, limits))

        yield started


def call(place: Place, body: bytes = b"{}", length: int | None = None) -> bytes:
    """A signed call that announces `length` bytes."""
    headers = {"X-Amz-Target": "Logs_20140328.DescribeLogGroups"}
    request = AWSRequest("POST", place.url, headers=headers, data=body)
    person = Credentials(place.person.access_key, place.person.secret_key)
    SigV4Auth(person, "logs", "eu-west-1").add_auth(request)
    host = f"Host: {urlsplit(place.url).netloc}"
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    size = f"Content-Length: {len(body) if length is None else length}"
    return "\r\n".join(["POST / HTTP/1.1", host, *lines, size, "", ""]).encode() + body


@contextmanager
def connected(place: Place, number: int = 1) -> Iterator[list[socket.socket]]:
    """Connections with a small receive buffer on the client's side."""
    address = urlsplit(place.url)
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.socket()) for _ in range(number)]
        for client in clients:
            client.settimeout(SOON)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            client.connect((address.hostname, address.port))
        yield clients


def answer_of(client: socket.socket) -> bytes:
    """All bytes until the connection ends."""
    found = b""
    with suppress(ConnectionResetError):
        while data := client.recv(65_536):
            found += data
    return found


def is_served(place: Place) -> bool:
    """Like AWS's clients, this one tries again where it has lost its place to others."""
    sent, began = call(place), time.monotonic()
    while time.monotonic() - began < SOON:
        with suppress(ConnectionError), connected(place) as [client]:
            client.sendall(sent)
            if client.recv(12) == b"HTTP/1.1 200":
                return True
    return False


def test_a_body_that_stops_gets_the_answer_of_s3(start: Start) -> None:
    place = start(QUICK)
    with connected(place) as [client]:
        client.sendall(call(place, b'{"l', length=100))
        answer = answer_of(client)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"RequestTimeout" in answer
    assert b"not read from or written to within the timeout period" in answer


def test_a_head_has_a_limit_of_size_and_time(start: Start) -> None:
    place = start(Limits(idle=1.0, head=20_000))
    with connected(place, 3) as [long, slow, silent]:
        line = b"x: " + b"y" * 5_000 + b"\r\n"
        slow.sendall(b"GET / HTTP/1.1\r\n" + line)
        with suppress(ConnectionError):
            long.sendall(b"GET / HTTP/1.1\r\n" + line * 20)
        assert answer_of(long).startswith((b"HTTP/1.1 431", b""))
        assert answer_of(slow) == answer_of(silent) == b""  # closed after `idle`


@pytest.mark.parametrize("kind", ["heads", "bodies", "answers", "silent"])
def test_others_are_served_while_slow_clients_hold_every_place(start: Start, kind: str) -> None:
    """Three times as many slow clients as there are places."""
    place = start(PATIENT)
    long = b'{"logGroupNamePrefix": "long"}'
    sent = {
        "heads": call(place)[:50],
        "bodies": call(place, b"{", length=100),
        "answers": call(place, long),
        "silent": b"",
    }[kind]
    with connected(place, 3 * PATIENT.connections) as clients:
        for client in clients:
            with suppress(ConnectionError):
                client.sendall(sent)
        assert all(is_served(place) for _ in range(5))


def test_a_client_that_does_not_read_its_answer_is_dropped(start: Start) -> None:
    place = start(QUICK)
    with connected(place) as [client]:
        client.sendall(call(place, b'{"logGroupNamePrefix": "long"}'))
        assert client.recv(1) == b"H"  # the answer has begun
        until(lambda: place.connections() == 0)
        assert len(answer_of(client)) < 3_000_000  # what the system's buffers held


def test_bodies_in_memory_share_one_limit(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_LINGER", SOON)  # the clients send all before they read
    place = start(Limits(held=1_000_000))
    part = b"x" * 700_000
    with connected(place, 2) as both:
        for client in both:
            client.sendall(call(place, part, length=800_000))
        answered, _, _ = select.select(both, [], [], SOON)  # of two, whichever came second
        [refused] = answered
        assert refused.recv(12) == b"HTTP/1.1 503"
        [held] = [client for client in both if client is not refused]
        held.sendall(b"x" * 100_000)
        assert held.recv(12) != b"HTTP/1.1 503"
    until(lambda: has_room(place, part))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def has_room(place: Place, body: bytes) -> bool:
    with connected(place) as [client]:
        client.sendall(call(place, body))
        return client.recv(12) != b"HTTP/1.1 503"


def test_half_closed_clients_cost_nothing(start: Start) -> None:
    place = start(PATIENT)
    with connected(place, 30) as clients:
        for number, client in enumerate(clients):
            with suppress(ConnectionError):
                client.sendall(call(place)[: None if number % 2 else -5])
                client.shutdown(socket.SHUT_WR)
        assert is_served(place)
        for client in clients:
            answer_of(client)  # each one has been closed


def test_many_calls_at_once_on_one_connection(start: Start) -> None:
    """Pipelined: the client reads no answer before it has sent the last call."""
    place = start(PATIENT)
    with connected(place) as [client]:
        client.sendall(call(place) * 300)
        assert is_served(place)
        found = b""
        while found.count(b"HTTP/1.1 200") < 300:
            data = client.recv(65_536)
            assert data
            found += data

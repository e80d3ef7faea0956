"""The state over HTTP: always complete, and for Terraform only."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import over_http
import pytest

from bonkei.base.kept import unsealed
from bonkei.definitions.terraform.state.state_server import State, StateServer
from tests.bonkei.definitions.terraform.project import Project


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "terraform.tfstate"


@pytest.fixture
def client(file: Path) -> Iterator[httpx.Client]:
    with StateServer(file) as server:
        settings = server.environment
        password = (settings["TF_HTTP_USERNAME"], settings["TF_HTTP_PASSWORD"])
        with httpx.Client(
            base_url=settings["TF_HTTP_ADDRESS"], auth=password, trust_env=False, timeout=60
        ) as made:
            yield made


def test_a_state_is_written_read_and_deleted(client: httpx.Client, file: Path) -> None:
    assert client.get("").status_code == 404
    content = b'{"serial": 1}' * 100_000
    assert client.post("", content=content).status_code == 200
    assert unsealed(file.read_bytes()) == content != file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert client.get("").content == content
    assert client.delete("").status_code == 200
    assert not file.exists()


@pytest.mark.parametrize(
    "authorization", [None, "Basic " + base64.b64encode(b"terraform:x").decode()]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_no_other_client_is_admitted(
    client: httpx.Client, file: Path, method: str, authorization: str | None
) -> None:
    file.write_text("precious")
    headers = {"Authorization": authorization} if authorization else {}
    answer = httpx.request(method, client.base_url, headers=headers, trust_env=False, timeout=60)
    assert answer.status_code == 401
    assert "precious" not in answer.text
    assert file.read_text() == "precious"


def test_a_state_that_cannot_be_written_is_held_and_reported_at_the_end(tmp_path: Path) -> None:
    """The state's folder is missing, so no user can write to it, not even root."""
    file = tmp_path / "gone" / "terraform.tfstate"
    server = StateServer(file)
    server.__enter__()
    put(server, b"1")
    assert get(server) == b"1"
    with pytest.raises(FileNotFoundError, match="gone"):
        server.__exit__()


def test_a_held_state_is_written_later(tmp_path: Path) -> None:
    file = tmp_path / "gone" / "terraform.tfstate"
    with StateServer(file) as server:
        put(server, b"1")
        file.parent.mkdir()
    assert file.read_bytes() == b"1"


def test_the_first_of_two_reads_is_answered_without_the_state(file: Path) -> None:
    file.write_bytes(b"1")
    with StateServer(file, reads_twice=True) as server:
        assert get(server) == b""
        assert get(server) == b"1"
        assert get(server) == b"1"
        put(server, b"2")
    assert file.read_bytes() == b"2"


def test_a_state_that_was_not_read_is_not_replaced(file: Path) -> None:
    """A Terraform that reads only once has seen no state: it must not write over one."""
    file.write_bytes(b"precious")
    with StateServer(file, reads_twice=True) as server:
        assert get(server) == b""
        assert post(server, b"2") == 409
    assert file.read_bytes() == b"precious"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n\r\n",
        b"GET /state HTTP/1.1\r\n",
        b"POST /state HTTP/1.1\r\nContent-Length: 9\r\n\r\nprecious!",
        b"GET /" + b"x" * 100_000,
        b"GET /state HTTP/1.1\r\n" + b"a: b\r\n" * 1_000,
    ],
)
def test_what_is_not_a_request_of_terraform_is_not_served(
    client: httpx.Client, file: Path, sent: bytes
) -> None:
    file.write_bytes(b"precious")
    with (
        socket.create_connection(("127.0.0.1", client.base_url.port), timeout=60) as connection,
        suppress(ConnectionError),  # it may have heard enough
    ):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert b"precious" not in connection.makefile("rb").read()
    assert client.get("").content == b"precious"
    assert client.put("", content=b"1").status_code == 501


@pytest.mark.parametrize("length", ["Content-Length: 20", "Content-Length: -1", "Content-Type: x"])
def test_half_a_state_replaces_nothing(client: httpx.Client, file: Path, length: str) -> None:
    """Terraform is killed while it sends one."""
    file.write_bytes(b"precious")
    assert client.get("").content == b"precious"
    allowed = client.build_request("POST", "")
    authorization = next(client.auth.auth_flow(allowed)).headers["Authorization"]
    head = f"POST /state HTTP/1.1\r\nAuthorization: {authorization}\r\n{length}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.base_url.port), timeout=60) as connection:
        connection.sendall(head.encode() + b'{"serial": ')
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            assert connection.makefile("rb").read() == b""
    assert file.read_bytes() == client.get("").content == b"precious"


def test_an_operation_reads_the_state_twice_and_gets_it_once(
    new_project: Callable[[], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", 'resource "aws_sqs_queue" "this" { name = "a" }')
    workspace = project.workspace()
    assert workspace.apply().added == 1
    given: list[bool] = []
    real = State.read

    def read(state: State) -> bytes | None:
        found = real(state)
        given.append(found is not None)
        return found

    monkeypatch.setattr(State, "read", read)
    assert workspace.plan().is_empty
    assert given == [False, True]
    given.clear()
    assert workspace.apply().added == 0
    assert given == [False, True]
    given.clear()
    assert workspace.destroy().removed == 1
    assert given == [False, True]


def post(server: StateServer, content: bytes) -> int:
    settings = server.environment
    password = (settings["TF_HTTP_USERNAME"], settings["TF_HTTP_PASSWORD"])
    address = settings["TF_HTTP_ADDRESS"]
    return over_http.post(
        address, auth=password, content=content, trust_env=False, timeout=60
    ).status_code


def put(server: StateServer, content: bytes) -> None:
    assert post(server, content) == 200


def get(server: StateServer) -> bytes:
    settings = server.environment
    password = (settings["TF_HTTP_USERNAME"], settings["TF_HTTP_PASSWORD"])
    return over_http.get(
        settings["TF_HTTP_ADDRESS"], auth=password, trust_env=False, timeout=60
    ).content

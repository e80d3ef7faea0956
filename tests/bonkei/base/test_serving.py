"""A server's thread between `start` and `stop`."""

from __future__ import annotations

import socket
import socketserver
import threading

import pytest

from bonkei.base.serving import Serving


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(self.request.recv(64))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def _ask(server: Server) -> bytes:
    with socket.create_connection(server.socket.getsockname(), timeout=60) as asked:
        asked.sendall(b"hello")
        return asked.recv(64)


@pytest.fixture
def server() -> Server:
    return Server(("127.0.0.1", 0), Echo)


def test_it_answers_until_its_end(server: Server) -> None:
    serving = Serving(server, "echo")
    serving.start()
    assert [_ask(server) for _ in "123"] == [b"hello"] * 3
    serving.stop()
    assert server.socket.fileno() == -1
    assert [each for each in threading.enumerate() if each.name == "echo"] == []


def test_its_end_does_not_wait_for_earlier_clients(server: Server) -> None:
    serving = Serving(server, "echo")
    serving.start()
    with socket.create_connection(server.socket.getsockname()):
        serving.stop()
    assert server.socket.fileno() == -1

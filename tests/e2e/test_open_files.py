"""A miniature with a low limit of open files stays reachable and reports the problem."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import over_http
import pytest
from foreground import Running, running
from miniatures import ANSWER, Project, eventually, removed

SOFT, HARD = 128, 300
UNDER_LIMITS = ["sh", "-c", f'ulimit -Sn {SOFT} && ulimit -Hn {HARD} && exec "$@"', "sh"]
DEFINITIONS = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

resource "aws_lb" "this" {
  name    = "front"
  subnets = ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"]
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "here"
      status_code  = "200"
    }
  }
}
"""


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("limited")
    (folder / "infrastructure").mkdir()
    (folder / "infrastructure" / "main.tf").write_text(DEFINITIONS)
    (folder / "bonkei.toml").touch()
    project = Project(folder, folder / "home")
    with removed(project), running(project, UNDER_LIMITS) as started:
        yield started


@contextlib.contextmanager
def crowd(project: Project, number: int, says: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open this many connections at once. They send nothing more."""
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(number):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", project.alb_port)))
            with contextlib.suppress(ConnectionError):
                client.sendall(says)
            clients.append(client)
        yield clients


def kept(clients: list[socket.socket]) -> int:
    """How many of them the other side has kept open."""
    closed, _, _ = select.select(clients, [], [], 0)
    return len(clients) - len(closed)


def get(project: Project) -> str:
    return over_http.get(project.load_balancer, timeout=ANSWER).text


def test_the_soft_limit_is_raised(miniature: Running) -> None:
    limits = Path(f"/proc/{miniature.process.pid}/limits")
    if not limits.exists():
        pytest.skip("a process's limits are read from /proc")
    (line,) = [line for line in limits.read_text().splitlines() if "open files" in line]
    assert line.split()[3:5] == [str(HARD), str(HARD)]


def test_idle_connections_block_no_client(miniature: Running) -> None:
    project = miniature.project
    with crowd(project, 500) as clients:
        eventually(lambda: 0 < kept(clients) < HARD / 2, "most of them are closed")
        assert get(project) == "here"
        assert project.status()["ready"]
    assert get(project) == "here"


def test_a_shortage_without_idle_connections_is_reported_and_ends_with_them(
    miniature: Running,
) -> None:
    project = miniature.project
    with crowd(project, 500, b"GET / HTTP/1.1\r\nHost: local") as clients:
        eventually(lambda: 0 < kept(clients) < HARD / 2, "most of them are refused")
        with pytest.raises(httpx.HTTPError):
            get(project)
        told = project.bonkei("status").stdout
        assert "refused" in told
        assert f"the limit of open files is {HARD}, `ulimit -n` raises it" in told
        assert project.status()["edge"]["capacities"][0]["refused"] > 0
    eventually(lambda: project.status()["edge"]["capacities"][0]["open"] == 0, "they are gone")
    assert get(project) == "here"
    assert "there is room for no more" in project.bonkei("logs", "bonkei").stdout

"""Ctrl-C: the edge accepts no more requests, those in flight end, and then the tasks end."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from miniatures import Project, eventually, remove, running

FOREIGN = Path(__file__).with_name("foreign")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("stopping")
    shutil.copytree(FOREIGN, folder / "project")
    project = Project(folder / "project", folder / "home")
    yield project
    remove(project)


def ask(project: Project, seconds: float) -> int:
    """The status of a request that takes this long."""
    url = f"{project.load_balancer}/shop/after/{seconds}"
    return httpx.get(url, timeout=60).status_code


def in_flight(project: Project) -> int:
    groups = project.status()["edge"]["target_groups"]
    return sum(target["outstanding"] for group in groups for target in group["targets"])


def test_requests_in_flight_end_and_no_new_one_is_accepted(project: Project) -> None:
    with running(project) as miniature, ThreadPoolExecutor() as visitors:
        answer = visitors.submit(ask, project, 4)
        eventually(lambda: in_flight(project), "the request is in flight")
        stopping = visitors.submit(miniature.interrupt)
        eventually(lambda: refuses(project), "nothing new is accepted", within=3)
        assert not answer.done()
        assert answer.result() == 200
        assert stopping.result() == 0


def refuses(project: Project) -> bool:
    """When the listener closes, the kernel resets a connection that nobody has accepted."""
    try:
        httpx.get(project.load_balancer, timeout=5)
    except (httpx.ConnectError, httpx.ReadError):
        return True
    except httpx.RemoteProtocolError:
        return False  # accepted just before, and closed without a request: ask again
    return False


def test_a_second_ctrl_c_does_not_wait(project: Project) -> None:
    with running(project) as miniature, ThreadPoolExecutor() as visitors:
        answer = visitors.submit(ask, project, 50)
        eventually(lambda: in_flight(project), "the request is in flight")
        begun = time.monotonic()
        miniature.process.send_signal(signal.SIGINT)
        eventually(lambda: refuses(project), "it stops")
        assert miniature.interrupt() == 0
        assert time.monotonic() - begun < 8  # without it the stop waits 10 s
        assert isinstance(answer.exception(), httpx.HTTPError) or answer.result() == 502


def test_requests_in_flight_are_not_awaited_for_ever(project: Project) -> None:
    with running(project) as miniature, ThreadPoolExecutor() as visitors:
        answer = visitors.submit(ask, project, 50)
        eventually(lambda: in_flight(project), "the request is in flight")
        begun = time.monotonic()
        assert miniature.interrupt() == 0
        assert 8 < time.monotonic() - begun < 50
        assert isinstance(answer.exception(), httpx.HTTPError) or answer.result() == 502


def test_the_supervisors_log_is_written_in_the_foreground_too(project: Project) -> None:
    with running(project):
        outcome = project.bonkei("logs", "bonkei")
        assert outcome.returncode == 0, outcome.stderr
        assert "Ready after" in outcome.stdout

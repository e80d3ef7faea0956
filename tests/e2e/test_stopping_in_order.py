"""Ctrl-C: the edge accepts no more requests, those in flight end, and then the tasks end."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import over_http
import psutil
import pytest
from foreground import Running, running
from miniatures import ANSWER, PATIENCE, Project, begin_applied, eventually, removed

FOREIGN = Path(__file__).with_name("foreign")


def shop_in(folder: Path, factory: pytest.TempPathFactory) -> Project:
    shutil.copytree(FOREIGN, folder / "project")
    project = Project(folder / "project", folder / "home")
    return begin_applied(project, "foreign", FOREIGN, factory)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = shop_in(tmp_path_factory.mktemp("stopping"), tmp_path_factory)
    with removed(project):
        yield project


@pytest.fixture(scope="module")
def first(project: Project) -> Iterator[Running]:
    with running(project) as miniature:
        yield miniature


def beside(project: Project, name: str) -> Path:
    """A file in the program's own folder: a task sees no other of this machine."""
    return project.folder / "shop" / name


@contextmanager
def in_flight(project: Project, file: Path) -> Iterator[Future[int]]:
    """A request that is answered when this file is there; its status."""

    def ask() -> int:
        url = f"{project.load_balancer}/shop/until{file}"
        return over_http.get(url, timeout=PATIENCE).status_code

    def outstanding() -> int:
        groups = project.status()["edge"]["target_groups"]
        return sum(target["outstanding"] for group in groups for target in group["targets"])

    with ThreadPoolExecutor() as visitor:
        answer = visitor.submit(ask)
        try:
            eventually(outstanding, "the request is in flight")
            yield answer
        finally:
            file.touch()


def stop(miniature: Running) -> list[psutil.Process]:
    """Ctrl-C, and wait until it is noticed. Returns the processes that have to end."""
    processes = miniature.processes()
    miniature.process.send_signal(signal.SIGINT)
    eventually(lambda: any("Stopping" in line for line in miniature.lines), "it is noticed")
    return processes


def refuses(project: Project) -> bool:
    """When the listener closes, the kernel resets a connection that no one has accepted."""
    try:
        over_http.get(project.load_balancer, timeout=ANSWER)
    except (httpx.ConnectError, httpx.ReadError):
        return True
    except httpx.RemoteProtocolError:
        return False  # accepted just before, and closed without a request: ask again
    return False


def is_cut(answer: Future[int]) -> bool:
    return isinstance(answer.exception(), httpx.HTTPError) or answer.result() == 502


def got_sigterm(project: Project, file: Path) -> bool:
    """The task that was asked for this file. It says so when it ends."""
    said = project.bonkei("logs", "web", "-n", "100")
    assert said.returncode == 0, said.stderr
    return any("ends, and" in line and str(file)[1:] in line for line in said.stdout.splitlines())


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A miniature that got Ctrl-C while a request was in flight which is never answered.

    `ended`: its exit code, and the seconds until then.
    """

    project: Project
    file: Path
    answer: Future[int]
    ended: Future[tuple[int, float]]


@pytest.fixture(scope="module", autouse=True)
def awaiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awaiting]:
    """It awaits that request for ten seconds. The other tests run meanwhile."""
    folder = tmp_path_factory.mktemp("awaiting")
    project = shop_in(folder, tmp_path_factory)
    file = beside(project, "never")
    with (
        removed(project),
        ThreadPoolExecutor() as aside,
        running(project) as miniature,
        in_flight(project, file) as answer,
    ):
        begun = time.monotonic()
        processes = stop(miniature)
        ended = aside.submit(lambda: (miniature.end(processes), time.monotonic() - begun))
        yield Awaiting(project, file, answer, ended)
        ended.result()


def test_the_supervisors_log_is_written_in_the_foreground_too(
    project: Project, first: Running
) -> None:
    outcome = project.bonkei("logs", "bonkei")
    assert outcome.returncode == 0, outcome.stderr
    assert "Ready after" in outcome.stdout


def test_requests_in_flight_end_and_no_new_one_is_accepted(
    project: Project, first: Running
) -> None:
    file = beside(project, "go")
    with in_flight(project, file) as answer:
        processes = stop(first)
        eventually(lambda: refuses(project), "nothing new is accepted", every=0.02)
        assert not answer.done()
        file.touch()
        assert answer.result() == 200
    assert first.end(processes) == 0
    assert got_sigterm(project, file)


def test_a_second_ctrl_c_does_not_wait(project: Project) -> None:
    """It kills the tasks. After the seconds for requests in flight they would get SIGTERM."""
    file = beside(project, "never")
    with running(project) as miniature, in_flight(project, file) as answer:
        stop(miniature)
        assert miniature.interrupt() == 0
        assert is_cut(answer)
    assert not got_sigterm(project, file)


def test_requests_in_flight_are_not_awaited_for_ever(awaiting: Awaiting) -> None:
    code, seconds = awaiting.ended.result()
    assert code == 0
    assert seconds > 8, "they are awaited for a while"
    assert is_cut(awaiting.answer)
    assert got_sigterm(awaiting.project, awaiting.file)

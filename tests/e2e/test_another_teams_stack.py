"""Nothing in the miniature knows this project's names: another team's stack runs as well."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from miniatures import Project, Running, remove, running

FOREIGN = Path(__file__).with_name("foreign")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("foreign")
    shutil.copytree(FOREIGN, folder / "project")
    project = Project(folder / "project", folder / "home")
    with running(project) as miniature:
        yield miniature
    remove(project)


def test_a_request_reaches_its_container(foreign: Running) -> None:
    answer = httpx.get(f"{foreign.project.load_balancer}/shop/1", timeout=15)
    assert answer.status_code == 200
    told = answer.json()
    assert told["path"] == "/shop/1"
    assert told["GREETING"] == "hello from the definitions"
    assert told["API_KEY"] == "k-123"
    assert told["QUEUE_URL"].startswith("https://sqs.eu-west-1.amazonaws.com/")


def test_its_listener_answers_the_rest(foreign: Running) -> None:
    answer = httpx.get(foreign.project.load_balancer, timeout=15)
    assert (answer.status_code, answer.text) == (404, "nothing here")


def test_both_tasks_are_there_and_what_cannot_run_is_named(foreign: Running) -> None:
    status = foreign.project.status()
    tasks = [task["task_definition"] for task in status["tasks"]["tasks"]]
    assert tasks.count("shop-web:1") == 2
    notes = " ".join(f"{note['subject']} {note['text']}" for note in status["tasks"]["notes"])
    assert "metrics" in notes
    assert "worker" in notes


def test_what_is_not_simulated_is_named(foreign: Running) -> None:
    named = {part["kind"]: part["reason"] for part in foreign.project.status()["not_simulated"]}
    assert named["aws_sqs_queue"]
    assert named["aws_elasticache_serverless_cache"]


def test_its_logs(foreign: Running) -> None:
    httpx.get(f"{foreign.project.load_balancer}/shop/logged", timeout=15)
    assert "/shop/logged" in foreign.project.bonkei("logs", "web").stdout

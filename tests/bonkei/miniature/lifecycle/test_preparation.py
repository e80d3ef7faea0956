"""The start's notes on containers that do not run, and a start with nothing running."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.database import DatabaseCluster
from bonkei.blueprint.service import Container, FirelensConfiguration, Service, TaskDefinition
from bonkei.miniature.lifecycle.preparation import nothing_runs, prepare
from bonkei.tasks.compose import compose
from bonkei.tasks.reporting import describe
from bonkei.tasks.scheduling.scheduler import Scheduler


def blueprint(*containers: Container, count: int = 1) -> Blueprint:
    definition = TaskDefinition("a", "arn:web:1", "web", 1, 256, 512, containers)
    service = Service("a", "arn:web", "web", "cluster", definition.arn, count)
    return Blueprint(services=(service,), task_definitions=(definition,))


def folder(path: Path, **files: str) -> Path:
    path.mkdir()
    (path / "Dockerfile").write_text('FROM python\nCMD ["python", "main.py"]\n')
    for name, text in files.items():
        (path / name.replace("_", ".")).write_text(text)
    return path


def test_a_container_without_a_folder_is_told_with_what_to_do(tmp_path: Path) -> None:
    directories = {"web": folder(tmp_path / "web")}
    wanted = blueprint(Container("web", "web:1"), Container("worker", "worker:1", essential=False))
    needed = prepare(wanted, directories)
    (note,) = needed.notes
    assert note.startswith("worker is not run: no directory is configured")
    assert '[containers.worker]\n  directory = "…"' in note
    assert needed.summary == ""


def test_a_log_router_is_nothing_to_do_something_about() -> None:
    router = Container("router", "fluent-bit", firelens=FirelensConfiguration("fluentbit"))
    assert prepare(blueprint(router), {}).notes == ()


def test_only_what_has_packages_is_counted(tmp_path: Path) -> None:
    directories = {
        "web": folder(tmp_path / "web", requirements_txt="flask\n"),
        "plain": folder(tmp_path / "plain"),
    }
    needed = prepare(blueprint(Container("web", "w"), Container("plain", "p")), directories)
    assert needed.summary == "1 with packages of its own"
    assert needed.requirements == {"web": (tmp_path / "web" / "requirements.txt",)}
    assert needed.notes == ()


def test_packages_that_are_not_installed_are_told(tmp_path: Path) -> None:
    directories = {"web": folder(tmp_path / "web", pyproject_toml="")}
    (note,) = prepare(blueprint(Container("web", "w")), directories).notes
    assert note.startswith("web: the packages that its pyproject.toml names are not installed")


def snapshot(wanted: Blueprint, directories: dict[str, Path]):
    scheduler = Scheduler(lambda: "id")
    scheduler.reconcile(compose(wanted, directories).services, 0.0)
    return describe(scheduler, (), {})


def test_a_start_in_which_no_service_can_run_is_none(tmp_path: Path) -> None:
    wanted = blueprint(Container("web", "web:1"))
    assert "no container of web can be run" in nothing_runs(wanted, snapshot(wanted, {}), 2)
    directories = {"web": folder(tmp_path / "web")}
    assert nothing_runs(wanted, snapshot(wanted, directories), 0) == ""
    stopped = blueprint(Container("web", "web:1"), count=0)
    assert nothing_runs(stopped, snapshot(stopped, {}), 1) == ""


@pytest.mark.parametrize(
    ("listeners", "clusters", "runs"), [(0, 0, False), (1, 0, True), (0, 1, True)]
)
def test_without_services_something_else_has_to_run(
    listeners: int, clusters: int, runs: bool
) -> None:
    cluster = DatabaseCluster("c", "arn", "main", "aurora-postgresql", "18", "e", "r", 1, "d", "m")
    wanted = replace(Blueprint(), database_clusters=(cluster,) * clusters)
    assert (nothing_runs(wanted, None, listeners) == "") is runs

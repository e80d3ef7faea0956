"""The start's notes about containers that do not run, and a start in which nothing runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, FirelensConfiguration, Service, TaskDefinition
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.config import FolderProgram
from bonkei.miniature.lifecycle.preparation import nothing_runs, prepare, prepare_containers
from bonkei.miniature.steps import Steps
from bonkei.services.ecs import TaskError
from bonkei.services.ecs.compose import compose
from bonkei.services.ecs.reporting import describe
from bonkei.services.ecs.scheduling.scheduler import Scheduler


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


def test_a_container_without_a_folder_is_reported_with_a_remedy(tmp_path: Path) -> None:
    directories = {"web": folder(tmp_path / "web")}
    wanted = blueprint(Container("web", "web:1"), Container("worker", "worker:1", essential=False))
    needed = prepare(wanted, directories)
    (note,) = needed.notes
    assert note.startswith("worker is not run: no directory is configured")
    assert '[containers.worker]\n  directory = "…"' in note
    assert needed.summary == ""


def test_a_log_router_needs_no_remedy() -> None:
    router = Container("router", "fluent-bit", firelens=FirelensConfiguration("fluentbit"))
    assert prepare(blueprint(router), {}).notes == ()


def test_only_programs_with_packages_are_counted(tmp_path: Path) -> None:
    directories = {
        "web": folder(tmp_path / "web", requirements_txt="flask\n"),
        "plain": folder(tmp_path / "plain"),
    }
    needed = prepare(blueprint(Container("web", "w"), Container("plain", "p")), directories)
    assert needed.summary == "1 with packages of its own"
    assert needed.requirements == {"web": (tmp_path / "web" / "requirements.txt",)}
    assert needed.notes == ()


async def nothing(_program: FolderProgram) -> None:
    """No folder is prepared."""


async def install(_requirements: object, _environments: Path, _report: object) -> Path:
    raise NotImplementedError


async def test_folders_are_prepared_once_and_a_failure_is_told(tmp_path: Path) -> None:
    """The start goes on: only the tasks that need the folder cannot start."""
    runs = FolderProgram(tmp_path, ("run",), prepare=("npm", "ci"))
    ready = FolderProgram(tmp_path, ("run",))
    sources = {"web": runs, "worker": runs, "ready": ready}
    wanted = blueprint(*(Container(name, f"{name}:1") for name in sources))
    made: list[FolderProgram] = []

    async def fail(program: FolderProgram) -> None:
        made.append(program)
        raise TaskError("`npm ci` has failed:\n  no such package", remedy="correct it")

    said: list[str] = []
    steps = Steps(said.append)
    await prepare_containers(wanted, sources, {}, install, fail, tmp_path / "e", steps)
    assert made == [runs]
    text = "\n".join(said)
    assert "`npm ci` has failed:\n      no such package\n      correct it" in text
    assert "✗ containers   1 to prepare" in text


@pytest.mark.parametrize(("name", "notes"), [("a:b", 1), ("a, b", 0)])
async def test_a_home_that_path_cannot_hold_is_reported_with_a_remedy(
    tmp_path: Path, name: str, notes: int
) -> None:
    said: list[str] = []
    place = tmp_path / name / "environments"
    await prepare_containers(Blueprint(), {}, {}, install, nothing, place, Steps(said.append))
    text = "\n".join(said)
    assert text.count(f"below {place.parent}") == notes
    assert text.count("let BONKEI_HOME name a folder without it") == notes


def test_missing_packages_are_reported(tmp_path: Path) -> None:
    directories = {"web": folder(tmp_path / "web", pyproject_toml="")}
    (note,) = prepare(blueprint(Container("web", "w")), directories).notes
    assert note.startswith("web: the packages that its pyproject.toml names are not installed")


def snapshot(wanted: Blueprint, directories: dict[str, Path]):
    scheduler = Scheduler(lambda: "id")
    scheduler.reconcile(compose(wanted, directories).services, 0.0)
    return describe(scheduler, (), {})


def test_a_start_without_a_runnable_service_fails(tmp_path: Path) -> None:
    wanted = blueprint(Container("web", "web:1"))
    assert "no container of web can be run" in nothing_runs(wanted, snapshot(wanted, {}), 2)
    directories = {"web": folder(tmp_path / "web")}
    assert nothing_runs(wanted, snapshot(wanted, directories), 0) == ""
    stopped = blueprint(Container("web", "web:1"), count=0)
    assert nothing_runs(stopped, snapshot(stopped, {}), 1) == ""


@pytest.mark.parametrize(
    ("listeners", "clusters", "runs"), [(0, 0, False), (1, 0, True), (0, 1, True)]
)
def test_without_services_another_part_must_run(listeners: int, clusters: int, runs: bool) -> None:
    cluster = DatabaseCluster("c", "arn", "main", "aurora-postgresql", "18", "e", "r", 1, "d", "m")
    wanted = replace(Blueprint(), database_clusters=(cluster,) * clusters)
    assert (nothing_runs(wanted, None, listeners) == "") is runs


def test_a_container_with_an_image_of_its_own_needs_no_folder() -> None:
    one = blueprint(Container("web", "w"))
    assert len(prepare(one, {}).notes) == 1
    assert prepare(one, {}, {"web"}).notes == ()

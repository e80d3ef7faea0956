"""A failed service is reported with its reason, its last lines, and an exit code."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import over_http
import pytest
from botocore.exceptions import ClientError
from miniatures import ANSWER, WAIT, Project, begin_applied, eventually, removed, visitors

FOREIGN = Path(__file__).with_name("foreign")
MIGRATION = """
[[run]]
name = "migration"
task_definition = "shop-web"
container = "web"
command = ["python3", "migrate.py"]
"""
CHECK = """path = "/alive"
    matcher             = "201"
    interval            = 5
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
"""
LAUNCH = 'launch_type     = "FARGATE"\n'
BREAKER = """
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
"""
WEB = {"cluster": "shop", "services": ["web"]}
IGNORED = """
  lifecycle {
    ignore_changes = [task_definition]
  }
"""
GREETING = '"path": self.path'


def shop_in(folder: Path, factory: pytest.TempPathFactory) -> Project:
    shutil.copytree(FOREIGN, folder / "project")
    project = Project(folder / "project", folder / "home")
    return begin_applied(project, "foreign", FOREIGN, factory)


@pytest.fixture
def another(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = shop_in(tmp_path, tmp_path_factory)
    with removed(project):
        yield project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The miniature of it goes from one fixture to the next, and fails twice."""
    project = shop_in(tmp_path_factory.mktemp("failing"), tmp_path_factory)
    with removed(project):
        yield project


def say(project: Project, word: str) -> None:
    """Change the program so that it answers with another key."""
    file = project.folder / "shop" / "server.py"
    original = (FOREIGN / "shop" / "server.py").read_text(encoding="utf-8")
    file.write_text(original.replace(GREETING, f'"{word}": self.path'), encoding="utf-8")


def settled(project: Project) -> set[str]:
    """The tasks, once no other one is on its way or still ends."""
    tasks = project.status()["tasks"]["tasks"]
    return {task["id"] for task in tasks if all(e["last_status"] == "RUNNING" for e in tasks)}


def break_it(project: Project) -> None:
    file = project.folder / "shop" / "server.py"
    file.write_text('print("the shop is shut", flush=True)\nraise SystemExit(3)\n')


def answer(project: Project) -> httpx.Response:
    return over_http.get(f"{project.load_balancer}/shop/1", timeout=ANSWER)


@dataclass(frozen=True, slots=True)
class Failed:
    """A start with a program that ends, and what the miniature says meanwhile."""

    started: CompletedProcess[str]
    answered: int
    status: dict[str, Any]
    words: str
    applied: CompletedProcess[str]


@pytest.fixture(scope="module")
def failed(project: Project) -> Failed:
    break_it(project)
    started = project.bonkei("up", "--detach")
    answered, status = answer(project).status_code, project.status()
    words = project.bonkei("status").stdout
    return Failed(started, answered, status, words, project.bonkei("apply"))


@pytest.fixture(scope="module")
def mended(project: Project, failed: Failed) -> CompletedProcess[str]:
    assert failed.status["running"]
    say(project, "mended")
    return project.bonkei("restart", "web")


@dataclass(frozen=True, slots=True)
class Widened:
    """The second service got a program, and the first one a circuit breaker: one apply."""

    applied: CompletedProcess[str]
    troubles: list[str]


@pytest.fixture(scope="module")
def widened(project: Project, mended: CompletedProcess[str]) -> Widened:
    assert mended.returncode == 0
    worker = project.folder / "worker"
    worker.mkdir()
    (worker / "Dockerfile").write_text('FROM busybox\nCMD ["sleep", "1000"]\n')
    with (project.folder / "bonkei.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[containers.worker]\ndirectory = "worker"\n')
    project.edit("deploy/main.tf", LAUNCH, LAUNCH + BREAKER)
    with visitors(project, f"{project.load_balancer}/shop/1") as troubles:
        applied = project.bonkei("apply")
    return Widened(applied, troubles)


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A restart with a program that ends, and the answers before and after it."""

    restarted: CompletedProcess[str]
    troubles: list[str]
    before: Any
    after: Any


@pytest.fixture(scope="module")
def rolled_back(project: Project, widened: Widened) -> RolledBack:
    assert widened.applied.returncode == 0
    before = answer(project).json()
    break_it(project)
    with visitors(project, f"{project.load_balancer}/shop/1") as troubles:
        restarted = project.bonkei("restart", "web")
    return RolledBack(restarted, troubles, before, answer(project).json())


def test_a_start_with_a_failing_service(failed: Failed) -> None:
    started = failed.started
    assert started.returncode == 1
    assert "✗ services     0 of 1 healthy" in started.stdout
    assert "web: Essential container in task exited (web: exit code 3)" in started.stdout
    assert "| the shop is shut" in started.stdout
    assert "bonkei logs web" in started.stdout
    assert "Started, but not healthy: web" in started.stdout
    assert "Ready" not in started.stdout
    assert "worker is not run" in started.stdout
    assert failed.answered == 503

    assert (failed.status["state"], failed.status["ready"]) == ("degraded", False)
    assert [one["name"] for one in failed.status["unhealthy"]] == ["web"]
    assert failed.words.startswith("degraded\n  web: 0 of 2 healthy")

    assert failed.applied.returncode == 1
    assert "not healthy: web" in failed.applied.stderr


def test_a_restart_with_a_mended_program(project: Project, mended: CompletedProcess[str]) -> None:
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert project.status()["state"] == "ready"
    assert "mended" in answer(project).json()


def test_settings_that_need_a_restart_are_reported(
    project: Project, mended: CompletedProcess[str]
) -> None:
    assert "next start" not in project.bonkei("apply").stdout
    settings = project.folder / "bonkei.toml"
    original = settings.read_text(encoding="utf-8")
    project.edit(
        "bonkei.toml",
        "[containers.web]",
        '[alb]\nport = 9999\n\n[announce]\n"a" = "b"\n\n[containers.web]',
    )
    try:
        assert (
            "bonkei.toml has changed: this takes effect at the next start"
            in project.bonkei("apply").stdout
        )
    finally:
        settings.write_text(original, encoding="utf-8")


def test_a_restart_after_a_change_of_the_program(
    project: Project, mended: CompletedProcess[str]
) -> None:
    before = {task["id"] for task in project.status()["tasks"]["tasks"]}
    say(project, "changed")
    with visitors(project, f"{project.load_balancer}/shop/1") as troubles:
        outcome = project.bonkei("restart", "web")
    assert outcome.returncode == 0, outcome.stderr
    assert troubles == []
    assert "changed" in answer(project).json()
    running_now = eventually(lambda: settled(project), "old tasks are still there")
    assert not running_now & before

    refused = project.bonkei("restart", "worker")
    assert refused.returncode == 1
    assert "worker is not run here" in refused.stderr


def test_a_service_starts_when_its_container_gets_a_directory(
    project: Project, failed: Failed, widened: Widened
) -> None:
    assert "[containers.worker] in bonkei.toml" in failed.started.stdout
    assert widened.applied.returncode == 0, widened.applied.stderr
    assert "next start" not in widened.applied.stdout
    assert widened.troubles == []
    groups = {task["group"] for task in project.status()["tasks"]["tasks"]}
    assert "service:worker" in groups
    # The message of a command must be readable later, too.
    kept = project.bonkei("logs", "bonkei").stdout
    assert "Following the definitions that `bonkei apply` has applied" in kept
    assert "2 of 2 healthy" in kept


def test_tasks_that_worked_continue_when_new_ones_fail(rolled_back: RolledBack) -> None:
    assert rolled_back.restarted.returncode == 1
    assert "exit code 3" in rolled_back.restarted.stdout
    assert rolled_back.troubles == []
    assert rolled_back.after == rolled_back.before


def test_a_corrected_mistake_is_applied_and_a_new_one_is_reported(another: Project) -> None:
    """One miniature with several mistakes in turn: a directory, a health check, a migration."""
    project = another
    shop, wrong = project.folder / "shop", project.folder / "wrong"
    shutil.copytree(shop, wrong)
    (wrong / "server.py").write_text("raise SystemExit(3)")
    project.edit("bonkei.toml", '"shop"', '"wrong"')
    with (project.folder / "bonkei.toml").open("a", encoding="utf-8") as settings:
        settings.write(MIGRATION)
    (shop / "migrate.py").write_text("open(__file__ + '.ran', 'a').write('x')")
    shutil.copy(shop / "migrate.py", wrong)
    assert project.bonkei("up", "--detach").returncode == 1
    assert (wrong / "migrate.py.ran").read_text() == "x"

    project.edit("bonkei.toml", '"wrong"', '"shop"')
    applied = project.bonkei("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert answer(project).status_code == 200
    assert (shop / "migrate.py.ran").read_text() == "x"

    project.edit("deploy/main.tf", 'path = "/alive"', CHECK)
    applied = project.bonkei("apply")
    assert applied.returncode == 1
    assert "web: fails its new health check, GET /alive" in applied.stdout
    assert "applied, but not healthy: web" in applied.stderr
    project.edit("deploy/main.tf", 'matcher             = "201"', 'matcher = "200"')
    applied = project.bonkei("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr

    (shop / "migrate.py").write_text("raise SystemExit('column x is missing')")
    before = eventually(lambda: settled(project), "old tasks are still there")
    for command in (("restart", "web"), ("apply", "--var", "greeting=another")):
        with visitors(project, f"{project.load_balancer}/shop/1") as troubles:
            refused = project.bonkei(*command)
        assert refused.returncode == 1
        assert "no new task is started: migration" in refused.stderr
        assert "column x is missing" in refused.stderr
        assert "logs shop-web" in refused.stderr
        assert troubles == []
    assert {task["id"] for task in project.status()["tasks"]["tasks"]} == before
    assert "column x is missing" in project.bonkei("logs", "shop-web").stdout


def test_a_service_that_was_rolled_back_is_stable(
    project: Project, rolled_back: RolledBack
) -> None:
    """As on AWS: the real waiter ends. The failed deployment is listed for a while before that,
    in which another test runs.
    """
    assert rolled_back.restarted.returncode == 1

    def is_listed_alone() -> bool:
        [found] = project.client("ecs").describe_services(**WEB)["services"]
        return len(found["deployments"]) == 1

    eventually(is_listed_alone, "the failed deployment is gone", every=0.5)
    wait_until_stable(project)


def wait_until_stable(project: Project) -> None:
    """By the waiter of AWS's SDK, which `aws ecs wait services-stable` uses, too."""
    often = {"Delay": 1, "MaxAttempts": int(WAIT)}
    project.client("ecs").get_waiter("services_stable").wait(**WEB, WaiterConfig=often)


def revision(project: Project) -> int:
    """The one that the service runs, by ECS's own word."""
    [found] = project.client("ecs").describe_services(**WEB)["services"]
    return int(found["taskDefinition"].rpartition(":")[2])


def release(project: Project, *command: str) -> str:
    """Register a revision with this command, and let the service run it. Returns its ARN."""
    ecs = project.client("ecs")
    described = ecs.describe_task_definition(taskDefinition="shop-web")["taskDefinition"]
    names = ("family", "cpu", "memory", "networkMode", "taskRoleArn", "executionRoleArn")
    containers = described["containerDefinitions"]
    containers[0]["command"] = list(command)
    made = ecs.register_task_definition(
        **{name: described[name] for name in names},
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=containers,
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster="shop", service="web", taskDefinition=made, forceNewDeployment=True)
    return str(made)


def test_a_service_keeps_what_ecs_has_decided(another: Project) -> None:
    """With `ignore_changes = [task_definition]`, its revision becomes INACTIVE with an apply. Then
    a release is rolled back, and a start begins with what ran on."""
    project = another
    project.edit("deploy/main.tf", LAUNCH, LAUNCH + BREAKER + IGNORED)
    assert project.bonkei("up", "--detach").returncode == 0
    first = revision(project)
    before = eventually(lambda: settled(project), "old tasks are still there")
    with visitors(project, f"{project.load_balancer}/shop/1") as troubles:
        applied = project.bonkei("apply", "--var", "greeting=another")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert troubles == []
    assert (revision(project), settled(project)) == (first, before)
    with pytest.raises(ClientError, match="TaskDefinition is inactive"):
        project.client("ecs").update_service(
            cluster="shop", service="web", taskDefinition=f"shop-web:{first}"
        )

    broken = release(project, "python3", "-c", "raise SystemExit(3)")
    eventually(lambda: "Rolled back to" in project.bonkei("status").stdout, "it is rolled back")
    assert revision(project) == first
    project.client("ecs").deregister_task_definition(taskDefinition=broken)
    project.bonkei("down")
    started = project.bonkei("up", "--detach")
    assert "Ready after" in started.stdout, started.stdout + started.stderr
    assert (revision(project), answer(project).status_code) == (first, 200)

    good = release(project, "python3", "server.py")
    eventually(lambda: revision(project) > first, "it is deployed")
    wait_until_stable(project)
    project.bonkei("down")
    assert "Ready after" in project.bonkei("up", "--detach").stdout
    assert good.endswith(f":{revision(project)}")

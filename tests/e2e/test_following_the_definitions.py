"""`bonkei apply`: the running miniature follows Terraform, and no request is dropped.

An apply costs ten seconds of a processor, so several tests share one: what it changes for one test
has nothing to do with what it changes for another.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from foreground import Running, running
from miniatures import (
    ANSWER,
    OFTEN,
    PATIENCE,
    WAIT,
    Project,
    administrator_password,
    applied_copy,
    eventually,
    removed,
    visitors,
)
from rotations import (
    Visit,
    connects,
    database_environment,
    eventually_signed_in,
    page_block,
    sent_header,
    status_with_header,
)
from variables import with_block

SELDOM = 0.05  # seconds; no reader comes late when Terraform has ended
pytestmark = pytest.mark.timeout(900)  # whichever test is the first makes what it shares


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("changing")
    project = applied_copy(folder, tmp_path_factory)
    with removed(project), running(project) as miniature:
        yield miniature


class Pace:
    """The seconds between two visits of a reader. They come seldom while an apply is only
    Terraform's, which changes nothing of the miniature."""

    def __init__(self) -> None:
        self._pause = OFTEN

    def __call__(self) -> float:
        return self._pause

    def apply(self, project: Project) -> None:
        """Terraform has ended when the command prints the changes, its first line."""
        self._pause = SELDOM
        try:
            with project.start("apply") as command:
                assert command.stdout is not None
                command.stdout.readline()
                self._pause = OFTEN
                said = command.stdout.read()
                assert command.wait(PATIENCE) == 0, said
        finally:
            self._pause = OFTEN


def task_ids(project: Project, family: str) -> set[str]:
    tasks = project.status()["tasks"]["tasks"]
    return {
        task["id"]
        for task in tasks
        if f"-{family}:" in task["task_definition"] and task["last_status"] == "RUNNING"
    }


def test_a_saved_template_is_served_without_a_restart(changing: Running) -> None:
    """`bonkei watch`: the same tasks serve it, and a fault stays on the screen."""
    project = changing.project
    template, whole = "program/frontend/frontend/templates/base.html", "</title>"
    before, file = task_ids(project, "frontend"), project.folder / template
    original = file.read_text(encoding="utf-8")
    try:
        with project.start("watch", "--json") as watching:
            saved_and_broken(project, watching, template, whole)
    finally:
        file.write_text(original, encoding="utf-8")  # the other tests need its pages
    assert task_ids(project, "frontend") == before


def saved_and_broken(
    project: Project, watching: subprocess.Popen[str], template: str, whole: str
) -> None:
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline())["event"] == "watching"
    project.edit(template, whole, f" saved{whole}")
    assert [json.loads(watching.stdout.readline())["event"] for _ in "12"] == [
        "changed", "refreshed",
    ]  # fmt: skip
    assert " saved</title>" in httpx.get(project.site, timeout=ANSWER).text
    project.edit(template, whole, f"{whole}{{% if %}}")
    watching.stdout.readline()
    failed = json.loads(watching.stdout.readline())
    assert "templates/base.html:" in failed["message"]
    assert " saved</title>" in httpx.get(project.site, timeout=ANSWER).text
    watching.send_signal(signal.SIGINT)
    assert watching.wait(WAIT) == 0


@dataclass(frozen=True, slots=True)
class Rolled:
    """Another variable of the tasks, and a second header: one apply.

    `remaining`: old tasks that still run. `accepted`: the status with either header.
    """

    old: str
    new: str
    accepted: list[int]
    remaining: set[str]
    troubles: list[str]


@pytest.fixture(scope="module")
def rolled(changing: Running) -> Rolled:
    project = changing.project
    old, before = sent_header(project), task_ids(project, "backend")
    project.edit(
        "infrastructure/environments/development.tfvars",
        "log_retention_days        = 7",
        'log_retention_days  = 7\nlog_level = "DEBUG"',
    )
    set_variables(project, page_block("origin_header"))
    pace = Pace()
    with visitors(project, pause=pace) as troubles:
        pace.apply(project)
        eventually(
            lambda: (now := task_ids(project, "backend")) and not now & before,
            "the old tasks are gone",
            PATIENCE,
        )
        new = sent_header(project)
        accepted = [status_with_header(project, value) for value in (old, new)]
    return Rolled(old, new, accepted, task_ids(project, "backend") & before, troubles)


def test_an_environment_variable_is_rolled_out(rolled: Rolled) -> None:
    assert rolled.remaining == set()
    assert rolled.troubles == []


@dataclass(frozen=True, slots=True)
class Backend:
    """How many tasks it has, and the answer where only a longer listener rule leads to it."""

    tasks: int
    elsewhere: httpx.Response


def backend(project: Project) -> Backend:
    answer = httpx.get(f"{project.site}/elsewhere/v1/{uuid4()}", timeout=ANSWER)
    return Backend(len(task_ids(project, "backend")), answer)


def widen(project: Project) -> None:
    """A higher number of tasks, and that listener rule."""
    one, two = "min_capacity = 1, max_capacity = 2", "min_capacity = 2, max_capacity = 2"
    patterns = '["/api/*"]', '["/api/*", "/elsewhere/*"]'
    project.edit("infrastructure/environments/development.tfvars", one, two)
    project.edit("infrastructure/main.tf", *(f"path_patterns     = {each}" for each in patterns))


def release_programs(project: Project) -> str:
    """Run the stages Migrate and Deploy. Returns the output of the migration."""
    migration = project.bonkei("run", "backend-migrate", "--", "python", "-m", "backend", "migrate")
    assert migration.returncode == 0, migration.stderr
    outcome = project.bonkei("restart", "backend")
    assert outcome.returncode == 0, outcome.stderr
    return migration.stdout + migration.stderr


def unstopped(project: Project) -> set[str]:
    """Tasks that may still use the old sign-in."""
    tasks = project.status()["tasks"]["tasks"]
    return {task["id"] for task in tasks if task["last_status"] != "STOPPED"}


def set_variables(project: Project, block: str) -> None:
    """What a page of the operations puts into the variables."""
    file = project.folder / "infrastructure/environments/development.tfvars"
    file.write_text(with_block(file.read_text(), block))


@dataclass(frozen=True, slots=True)
class Rotated:
    """The steps of docs/operations/rotating.md for three secrets, with two applies. The first apply
    replaces no task: it widens the backend, too.

    `narrow`, `wide`: the backend before it and after it. `connects`: with the first and the second
    password, in the end. `was_shut_out`: nobody may be before the programs are released.
    `accepted`: the status with the old header, the new one, none.
    """

    narrow: Backend
    wide: Backend
    said: list[str]
    users: list[str]
    first_again: bool
    was_shut_out: bool
    connects: tuple[bool, bool]
    signed_in_before: bool
    signed_in_after: bool
    accepted: list[int]
    troubles: list[str]
    troubles_of_the_database: list[str]


@pytest.fixture(scope="module")
def rotated(changing: Running, rolled: Rolled) -> Rotated:
    """All the time pages are requested, and what never comes from a cache: 404 or 503."""
    project, password = changing.project, administrator_password(changing.project)
    anew = f"{project.site}/api/v1/components/{uuid4()}"
    first, pace = database_environment(project), Pace()
    with (
        contextlib.closing(Visit(project, password)) as visit,
        visitors(project, pause=pace) as troubles,
        visitors(project, anew, expected=404, pause=pace) as of_the_database,
    ):
        signed_in_before, narrow = visit.is_signed_in(), backend(project)
        set_variables(project, page_block("database"))
        set_variables(project, page_block("session_secret_version"))
        widen(project)
        pace.apply(project)
        eventually(lambda: len(task_ids(project, "backend")) == 2, "there are two", PATIENCE)
        wide = backend(project)
        assert project.bonkei("restart", "frontend").returncode == 0
        said = [release_programs(project)]
        first_again = database_environment(project) == first
        before = task_ids(project, "backend")
        set_variables(project, page_block("database", number=1))
        set_variables(project, page_block("origin_header", number=1))
        pace.apply(project)
        eventually(lambda: not before & unstopped(project), "the old tasks are gone", PATIENCE)
        second = database_environment(project)
        was_shut_out = not connects(first)
        said.append(release_programs(project))
        eventually_signed_in(project, password)
        signed_in_after = visit.is_signed_in()
    return Rotated(
        narrow,
        wide,
        said,
        [each["DATABASE_USERNAME"] for each in (first, second)],
        first_again,
        was_shut_out,
        (connects(first), connects(second)),
        signed_in_before,
        signed_in_after,
        [status_with_header(project, value) for value in (rolled.old, rolled.new, "")],
        troubles,
        of_the_database,
    )


def test_the_desired_count_changes(rotated: Rotated) -> None:
    assert (rotated.narrow.tasks, rotated.wide.tasks) == (1, 2)
    assert rotated.troubles == rotated.troubles_of_the_database == []


def test_a_listener_rule_changes(rotated: Rotated) -> None:
    before, after = rotated.narrow.elsewhere, rotated.wide.elsewhere
    assert before.status_code == 404
    assert "text/html" in before.headers["content-type"]
    assert rotated.troubles == rotated.troubles_of_the_database == []
    assert "json" in after.headers["content-type"]


def test_the_applications_password_is_rotated(rotated: Rotated) -> None:
    """With constant requests to the database."""
    assert rotated.users == ["application", "application_2"]
    assert "the role application_2 is" in rotated.said[0]
    assert rotated.first_again
    assert not rotated.was_shut_out, "nobody is shut out before the programs are released"
    assert "the role application is shut out" in rotated.said[1]
    assert rotated.troubles_of_the_database == []
    assert rotated.connects == (False, True)


def test_the_header_is_rotated(rolled: Rolled, rotated: Rotated) -> None:
    assert rolled.new != rolled.old
    assert rolled.accepted == [200, 200]
    assert rolled.troubles == rotated.troubles == []
    assert rotated.accepted == [403, 200, 403]


def test_the_key_of_the_cookies_is_rotated(rotated: Rotated) -> None:
    assert rotated.signed_in_before
    assert rotated.troubles == []
    assert not rotated.signed_in_after


def target_states(project: Project) -> set[str]:
    groups = project.status()["edge"]["target_groups"]
    return {target["state"] for group in groups for target in group["targets"]}


def test_a_missing_rule_of_a_security_group_is_reported_and_comes_back(changing: Running) -> None:
    """Targets are unhealthy within seconds. The status names the group, its file and its line."""
    project = changing.project
    file = "infrastructure/modules/service/main.tf"
    rule = '"From ${each.key}"\n  ip_protocol                  = "tcp"'
    project.edit(file, rule, rule.replace("tcp", "udp"))
    applied = project.bonkei("apply")
    assert applied.returncode == 1
    assert "backend: the load balancer does not reach its tasks: " in applied.stdout
    eventually(lambda: target_states(project) == {"unhealthy"}, "all are unhealthy")
    closed = project.status()["network"]["obstacles"]
    assert {each["source"] for each in closed} >= {"the load balancer"}
    [why, *_] = [each["why"] for each in closed if each["source"] == "the load balancer"]
    assert "lets nothing in from module.edge.aws_security_group.load_balancer" in why
    assert "infrastructure/modules/service/main.tf:" in project.bonkei("status").stdout
    assert httpx.get(f"{project.site}/{uuid4()}", timeout=ANSWER).status_code == 504

    project.edit(file, rule.replace("tcp", "udp"), rule)
    project.bonkei("apply")
    eventually(lambda: "healthy" in target_states(project), "healthy again", PATIENCE)
    eventually(
        lambda: httpx.get(f"{project.site}/{uuid4()}", timeout=ANSWER).status_code == 404,
        "it answers again",
    )
    assert project.status()["network"]["obstacles"] == []


def test_a_failed_change_leaves_everything_unchanged(changing: Running) -> None:
    project = changing.project
    project.edit("infrastructure/main.tf", "priority          = 100", "priority          = 0")
    outcome = project.bonkei("apply")
    assert outcome.returncode == 1
    assert httpx.get(project.site, timeout=ANSWER).status_code == 200
    project.edit("infrastructure/main.tf", "priority          = 0", "priority          = 100")
    assert "No changes" in project.bonkei("plan").stdout

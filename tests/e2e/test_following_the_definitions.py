"""`bonkei apply`: the running miniature follows Terraform, and no request is dropped."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from miniatures import (
    Project,
    Running,
    administrator_password,
    copy_of_this_project,
    eventually,
    remove,
    running,
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


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("changing")
    project = Project(copy_of_this_project(folder / "project"), folder / "home")
    with running(project) as miniature:
        yield miniature
    remove(project)


def apply(project: Project) -> str:
    outcome = project.bonkei("apply")
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


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
    before = task_ids(project, "frontend")
    with project.start("watch", "--json") as watching:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["event"] == "watching"
        project.edit(template, whole, f" saved{whole}")
        assert [json.loads(watching.stdout.readline())["event"] for _ in "12"] == [
            "changed", "refreshed",
        ]  # fmt: skip
        assert " saved</title>" in httpx.get(project.site).text
        project.edit(template, whole, f"{whole}{{% if %}}")
        watching.stdout.readline()
        failed = json.loads(watching.stdout.readline())
        assert "templates/base.html:" in failed["message"]
        assert " saved</title>" in httpx.get(project.site).text
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 0
    assert task_ids(project, "frontend") == before
    project.edit(template, f"{whole}{{% if %}}", whole)


def test_an_environment_variable_is_rolled_out(changing: Running) -> None:
    project = changing.project
    before = task_ids(project, "backend")
    project.edit(
        "infrastructure/environments/development.tfvars",
        "log_retention_days        = 7",
        'log_retention_days  = 7\nlog_level = "DEBUG"',
    )
    with visitors(project) as troubles:
        apply(project)
        eventually(
            lambda: (now := task_ids(project, "backend")) and not now & before,
            "the old tasks are gone",
            within=90,
        )
    assert troubles == []


def test_the_desired_count_changes(changing: Running) -> None:
    project = changing.project
    assert len(task_ids(project, "backend")) == 1
    one, two = "min_capacity = 1, max_capacity = 2", "min_capacity = 2, max_capacity = 2"
    project.edit("infrastructure/environments/development.tfvars", one, two)
    with visitors(project) as troubles:
        apply(project)
        eventually(lambda: len(task_ids(project, "backend")) == 2, "there are two", within=60)
    assert troubles == []


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


@pytest.mark.timeout(600)
def test_the_applications_password_is_rotated(changing: Running) -> None:
    """The steps of docs/operations/rotating.md, with constant requests to the database."""
    project = changing.project
    first = database_environment(project)
    assert first["DATABASE_USERNAME"] == "application"
    anew = (f"{project.site}/api/v1/components/{uuid4()}",)  # never from a cache: 404 or 503
    with visitors(project, *anew, expected=404) as troubles:
        set_variables(project, page_block("database"))
        apply(project)
        assert "the role application_2 is" in release_programs(project)
        assert database_environment(project) == first
        before = task_ids(project, "backend")
        set_variables(project, page_block("database", number=1))
        apply(project)
        eventually(lambda: not before & unstopped(project), "the old tasks are gone", within=90)
        second = database_environment(project)
        assert second["DATABASE_USERNAME"] == "application_2"
        assert connects(first), "nobody is shut out before the programs are released"
        assert "the role application is shut out" in release_programs(project)
    assert troubles == []
    assert (connects(first), connects(second)) == (False, True)


def test_the_header_is_rotated(changing: Running) -> None:
    project = changing.project
    old = sent_header(project)
    with visitors(project) as troubles:
        set_variables(project, page_block("origin_header"))
        apply(project)
        new = sent_header(project)
        assert new != old
        assert [status_with_header(project, value) for value in (old, new)] == [200, 200]
        set_variables(project, page_block("origin_header", number=1))
        apply(project)
    assert troubles == []
    assert [status_with_header(project, value) for value in (old, new, "")] == [403, 200, 403]


def test_the_key_of_the_cookies_is_rotated(changing: Running) -> None:
    project = changing.project
    password = administrator_password(project)
    visit = Visit(project, password)
    assert visit.is_signed_in()
    with visitors(project) as troubles:
        set_variables(project, page_block("session_secret_version"))
        apply(project)
        assert project.bonkei("restart", "frontend").returncode == 0
    assert troubles == []
    eventually_signed_in(project, password)
    assert not visit.is_signed_in()
    visit.close()


def test_a_listener_rule_changes(changing: Running) -> None:
    project = changing.project
    before = httpx.get(f"{project.site}/elsewhere/v1/status", timeout=15)
    assert before.status_code == 404
    assert "text/html" in before.headers["content-type"]
    project.edit(
        "infrastructure/main.tf",
        'path_patterns     = ["/api/*"]',
        'path_patterns     = ["/api/*", "/elsewhere/*"]',
    )
    with visitors(project) as troubles:
        apply(project)
    assert troubles == []
    after = httpx.get(f"{project.site}/elsewhere/v1/other", timeout=15)
    assert "json" in after.headers["content-type"]


def target_states(project: Project) -> set[str]:
    groups = project.status()["edge"]["target_groups"]
    return {target["state"] for group in groups for target in group["targets"]}


def test_a_missing_rule_of_a_security_group_is_reported_and_comes_back(changing: Running) -> None:
    """Targets are unhealthy within seconds. The status names the group, its file and its line."""
    project = changing.project
    file = "infrastructure/modules/service/main.tf"
    rule = '"From ${each.key}"\n  ip_protocol                  = "tcp"'
    project.edit(file, rule, rule.replace("tcp", "udp"))
    project.bonkei("apply")
    eventually(lambda: target_states(project) == {"unhealthy"}, "all are unhealthy", within=15)
    closed = project.status()["network"]["obstacles"]
    assert {each["source"] for each in closed} >= {"the load balancer"}
    [why, *_] = [each["why"] for each in closed if each["source"] == "the load balancer"]
    assert "lets nothing in from module.edge.aws_security_group.load_balancer" in why
    assert "infrastructure/modules/service/main.tf:" in project.bonkei("status").stdout
    assert httpx.get(f"{project.site}/{uuid4()}", timeout=15).status_code == 504

    project.edit(file, rule.replace("tcp", "udp"), rule)
    project.bonkei("apply")
    eventually(lambda: "healthy" in target_states(project), "healthy again", within=60)
    eventually(
        lambda: httpx.get(f"{project.site}/{uuid4()}", timeout=15).status_code == 404,
        "it answers again",
        within=30,
    )
    assert project.status()["network"]["obstacles"] == []


def test_a_failed_change_leaves_everything_unchanged(changing: Running) -> None:
    project = changing.project
    project.edit("infrastructure/main.tf", "priority          = 100", "priority          = 0")
    outcome = project.bonkei("apply")
    assert outcome.returncode == 1
    assert httpx.get(project.site, timeout=15).status_code == 200
    project.edit("infrastructure/main.tf", "priority          = 0", "priority          = 100")
    assert "No changes" in project.bonkei("plan").stdout

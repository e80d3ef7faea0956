"""The start: the order of its steps, and failures of its parts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bonkei.base.vault import FileVault, file_name
from bonkei.blueprint.ecs import Container, FirelensConfiguration
from bonkei.miniature.home import MiniatureError
from bonkei.services.console import Console, ConsoleSettings
from bonkei.services.ecs import TaskError
from bonkei.services.rds.errors import DatabaseError
from tests.bonkei.miniature.doubles import World
from tests.bonkei.miniature.supervisor.subject import (
    DEFINITION,
    SITE,
    START,
    Make,
    cluster,
    reached,
)


async def test_a_start_goes_from_the_definitions_to_the_services(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    # In parallel: Terraform and the endpoint's start, then everything that the first task needs.
    assert sorted(world.done[:2]) == sorted(START[:2])
    assert sorted(world.done[3:6]) == sorted(START[3:6])
    assert [*START[:2], world.done[2], *START[3:6], *world.done[6:]] == START
    assert "Ready after" in subject.said[-1]
    assert SITE.url in subject.text
    status = await subject.ask("status")
    assert (status["state"], status["ready"]) == ("ready", True)


async def test_unchanged_definitions_are_not_applied(make: Make, world: World) -> None:
    world.is_current = True
    await make().miniature.start()
    assert "terraform apply" not in world.done
    assert world.done[:2] == ["cloud starts", "edge starts"]


async def test_the_store_starts_with_the_first_log_router_that_will_call_it(
    make: Make, world: World
) -> None:
    router = Container("router", "router:1", firelens=FirelensConfiguration("fluentbit"))
    with_router = replace(DEFINITION, containers=(*DEFINITION.containers, router))
    world.blueprint = replace(world.blueprint, task_definitions=(with_router,))
    await make().miniature.start()
    assert world.done[-3:] == ["cloud expects calls", "runs migrate", "services roll out"]


async def test_missing_secrets_are_named_before_the_first_task(make: Make, world: World) -> None:
    secrets = (("KEY", "app/key"), ("URL", "app/url"))
    [container] = DEFINITION.containers
    with_secrets = replace(DEFINITION, containers=(replace(container, secrets=secrets),))
    world.blueprint = replace(world.blueprint, task_definitions=(with_secrets,))
    subject = make()
    await subject.miniature.start()
    first, second, _ = (line for line in subject.said if "secret" in line)
    assert "parameter/app/key has no value (KEY of web/web)" in first
    assert "parameter/app/url has no value (URL of web/web)" in second


async def test_secrets_of_an_earlier_home_get_files_of_their_own(make: Make, world: World) -> None:
    named = ("x:secret:app/key-AbCdEf", "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b")
    clusters = (replace(cluster(), master_secret_arn="x:secret:rds!main-AbCdEf"),)
    world.blueprint = replace(world.blueprint, arns=named, database_clusters=clusters)
    subject = make()
    subject.home.secrets.mkdir()
    kept = ("app_key-AbCdEf", "arn_aws_ssm_eu-west-1_123456789012_parameter_a_b", "rds_main-AbCdEf")
    for name in kept:
        (subject.home.secrets / name).write_text("kept", encoding="utf-8")
    await subject.miniature.start()
    known = (*named, clusters[0].master_secret_arn)
    assert {file.name for file in subject.home.secrets.iterdir()} == set(map(file_name, known))
    assert [FileVault(subject.home.secrets).get(arn) for arn in known] == ["kept"] * 3


async def test_during_the_start_status_answers_and_changes_are_refused(
    make: Make, world: World
) -> None:
    go_on = world.hold("database main starts")
    subject = make()
    starting = asyncio.create_task(subject.miniature.start())
    await reached(world, "database main starts")
    assert (await subject.ask("status"))["state"] == "starting"
    waiting = asyncio.create_task(subject.ask("reload"))
    go_on.set()
    await starting
    await waiting  # the request waited for the start, and ran then
    assert world.done.count("edge follows") == 1


async def test_before_the_start_nothing_can_be_changed(make: Make, world: World) -> None:
    world.failing["edge starts"] = MiniatureError("the port is taken")
    subject = make()
    with pytest.raises(MiniatureError, match="the port is taken"):
        await subject.miniature.start()
    for call in ("reload", "restart", "environment"):
        with pytest.raises(MiniatureError, match="has not started yet"):
            await subject.ask(call, service="web")
    assert "services roll out" not in world.done


async def test_an_unhealthy_service_does_not_end_the_start(make: Make, world: World) -> None:
    world.unhealthy = {"api"}
    subject = make()
    await subject.miniature.start()
    assert subject.said[-1] == "Started, but not healthy: api"
    assert "api: exit code 3" in subject.text
    status = await subject.ask("status")
    assert (status["state"], status["ready"]) == ("degraded", False)


async def test_a_start_in_which_nothing_runs_is_not_ready(make: Make, world: World) -> None:
    world.refused = {"web": "no directory is configured", "api": "no directory is configured"}
    subject = make(containers={})
    await subject.miniature.start()
    assert subject.said[-1].startswith("Started, but nothing runs")
    assert "Ready" not in subject.text
    assert "[containers.web]" in subject.text  # the remedy
    status = await subject.ask("status")
    assert (status["state"], status["ready"]) == ("degraded", False)


async def test_unavailable_packages_are_reported_and_block_no_other_container(
    make: Make, world: World
) -> None:
    world.failing["installs app"] = TaskError("uv pip failed for it", remedy="check the index")
    subject = make()
    await subject.miniature.start()
    assert "uv pip failed for it\n      check the index" in subject.text
    assert "✗ containers" in subject.text
    assert world.done[-1] == "services roll out"


async def test_a_failed_migration_ends_the_start_before_the_services(
    make: Make, world: World
) -> None:
    world.exit_codes = {"migrate": 3}
    subject = make()
    with pytest.raises(MiniatureError, match="migration: exit code 3") as caught:
        await subject.miniature.start()
    assert "its last word" in caught.value.remedy
    assert "services roll out" not in world.done


async def test_a_failed_database_ends_the_parallel_steps(make: Make, world: World) -> None:
    world.hold("installs app")
    world.failing["database main starts"] = DatabaseError("no port", remedy="end the other")
    with pytest.raises(DatabaseError, match="no port"):
        await asyncio.wait_for(make().miniature.start(), 60)
    assert "runs migrate" not in world.done


async def test_your_own_server_is_named_before_it_is_used(make: Make, world: World) -> None:
    world.failing["database main starts"] = DatabaseError("it is somebody else's")
    subject = make(database_url="postgresql://me:hunter2@db.example:5433/x")
    with pytest.raises(DatabaseError):
        await subject.miniature.start()
    assert "using the PostgreSQL server at db.example:5433, as me" in subject.text
    assert "hunter2" not in subject.text


async def test_the_console_opens_before_terraform_and_shows_the_start(
    make: Make, world: World, tmp_path: Path
) -> None:
    world.console = Console(ConsoleSettings(0, tmp_path / "console"))
    go_on = world.hold("edge starts")
    subject = make()
    starting = asyncio.create_task(subject.miniature.start())
    await reached(world, "edge starts")
    url = subject.said[0].removeprefix("Console: ")
    async with httpx.AsyncClient(base_url=url.partition("/?")[0], timeout=60) as person:
        await person.get(url)
        shown = (await person.get("/data/overview")).json()["data"]
        assert shown["state"] == "starting"
        assert any("terraform" in line for line in shown["lines"])
        go_on.set()
        await starting
        shown = (await person.get("/data/overview")).json()["data"]
        assert (shown["state"], shown["lines"]) == ("ready", [])
        assert (await subject.ask("status"))["console"]["url"] == url
        assert url in subject.text
        await subject.miniature.stop()
        with pytest.raises(httpx.ConnectError):
            await person.get("/data/overview")

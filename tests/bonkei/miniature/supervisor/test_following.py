"""New definitions, and new tasks for a service."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm
from bonkei.config import Config, load
from bonkei.miniature import changes, control
from bonkei.miniature.home import MiniatureError
from bonkei.services.ecs import TaskError
from tests.bonkei.miniature.doubles import World
from tests.bonkei.miniature.supervisor.subject import (
    BLUEPRINT,
    DEFINITION,
    SERVICES,
    Make,
    cluster,
    reached,
)


def with_new_tasks() -> Blueprint:
    """The blueprint with another revision for its services."""
    changed = replace(DEFINITION, arn="arn:web:2", revision=2)
    services = tuple(replace(one, task_definition_arn=changed.arn) for one in SERVICES)
    return replace(BLUEPRINT, services=services, task_definitions=(changed,))


async def test_applied_definitions_are_followed_in_the_order_of_a_release(
    make: Make, world: World, settled: list[bool]
) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    assert settled == [False]
    world.blueprint = replace(BLUEPRINT, database_clusters=(cluster(), cluster("second")))
    heard: list[str] = []
    await subject.ask("reload", report=heard.append)
    assert subject.since(count) == [
        "edge follows",
        "database main follows",
        "database second starts",
        "cloud follows",
        "runs migrate",
        "services roll out",
    ]
    assert any("database" in line for line in heard)
    assert all(line in subject.said for line in heard)  # and in the miniature's own log
    names = [database["identifier"] for database in (await subject.ask("status"))["databases"]]
    assert names == ["main", "second"]
    assert settled == [False, True]  # what the reload has replaced is garbage


async def test_an_alarm_is_evaluated_once_its_topics_and_functions_are_there(
    make: Make, world: World
) -> None:
    """Its first action may come at once, and would find no topic."""
    subject = make()
    await subject.miniature.start()
    monitor = subject.miniature._assembly.monitor
    alarm = Alarm("a", "arn:aws:cloudwatch:eu-west-1:1:alarm:a", "a", "LessThanThreshold", 1, 1, 1)
    world.blueprint = replace(BLUEPRINT, alarms=(alarm,))
    world.done.clear()
    created = world.hold("cloud follows")
    reloading = asyncio.create_task(subject.ask("reload"))
    await reached(world, "cloud follows")
    before = monitor.state_of("a")
    created.set()
    await reloading
    assert (before, monitor.state_of("a")) == ("", "INSUFFICIENT_DATA")


async def test_whoever_applied_does_not_wait_for_the_search_for_garbage(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    waited: list[bool] = []
    subject = make()
    await subject.miniature.start()

    def search(*, has_replaced: bool) -> None:
        assert has_replaced
        waited.append(answered.wait(60))  # the miniature does nothing else meanwhile

    monkeypatch.setattr(changes, "settle_memory", search)

    def ask() -> None:
        control.call(subject.home, "reload")
        answered.set()

    await asyncio.to_thread(ask)
    assert waited == [True]


async def test_declared_resources_are_checked_after_the_answer(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    assert not world.checked.is_set()
    await subject.ask("reload")
    await asyncio.wait_for(world.checked.wait(), 60)


async def test_a_removed_cluster_is_stopped(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    world.blueprint = replace(BLUEPRINT, database_clusters=())
    await subject.ask("reload")
    assert "database main stops" in world.done
    status = await subject.ask("status")
    assert (status["databases"], status["ready"]) == ([], True)


async def test_a_migration_comes_only_before_new_tasks(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    await subject.ask("reload")
    assert "runs migrate" not in subject.since(count)
    world.blueprint = with_new_tasks()
    await subject.ask("reload")
    assert subject.since(count).count("runs migrate") == 1


async def test_a_migration_that_failed_for_a_new_database_runs_again(
    make: Make, world: World
) -> None:
    subject = make()
    await subject.miniature.start()
    world.blueprint = replace(BLUEPRINT, database_clusters=(cluster("other"),))
    world.exit_codes = {"migrate": 1}
    for _ in range(2):
        with pytest.raises(MiniatureError, match="no new task is started"):
            await subject.ask("reload")
    world.exit_codes = {}
    count = len(world.done)
    await subject.ask("reload")
    await subject.ask("reload")
    assert subject.since(count).count("runs migrate") == 1


async def test_a_failed_migration_leaves_the_old_tasks(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    world.exit_codes = {"migrate": 1}
    world.blueprint = with_new_tasks()
    for call, done in (("reload", "applied"), ("restart", "not restarted")):
        with pytest.raises(MiniatureError, match=f"{done}, and no new task is started") as caught:
            await subject.ask(call, service="web")
        assert "keep serving" in caught.value.remedy
    assert [what for what in subject.since(count) if "roll out" in what] == []
    # A failed restart does not affect the next one.
    world.exit_codes = {}
    await subject.ask("restart", service="api")
    assert world.done[-1] == "services roll out 1"


async def test_a_folder_is_prepared_before_its_new_tasks(
    make: Make, world: World, config: Config
) -> None:
    """A failed build leaves the old tasks, as a failed migration does."""
    config.file.write_text(
        '[containers.web]\ndirectory = "app"\ncommand = ["run"]\nprepare = ["make"]\n'
    )
    subject = make(containers=load(config.file, {}).containers)
    await subject.miniature.start()
    assert world.done.index("app is prepared") < world.done.index("runs migrate")
    world.blueprint = with_new_tasks()
    await subject.ask("reload")
    assert world.done[-3:] == ["app is prepared", "runs migrate", "services roll out"]
    count = len(world.done)
    await subject.ask("restart", service="web")
    assert subject.since(count) == ["app is prepared", "runs migrate", "services roll out 1"]
    count = len(world.done)
    world.failing["app is prepared"] = TaskError("`make` has failed", remedy="correct it")
    with pytest.raises(MiniatureError, match="not restarted, and no new task is started: `make`"):
        await subject.ask("restart", service="web")
    assert subject.since(count) == ["app is prepared"]


async def test_a_restart_replaces_one_service_after_its_migration(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    await subject.ask("restart", service="web")
    await subject.ask("restart", service="web")
    assert subject.since(count) == [
        "runs migrate",
        "services roll out 1",
        "runs migrate",
        "services roll out 2",
    ]


@pytest.mark.parametrize(
    ("name", "why", "done"),
    [
        ("nobody", "no service is called", []),
        # A program may be there again: its folder is looked at when the deployment begins.
        ("api", "is not run", ["runs migrate", "services roll out 1"]),
    ],
)
async def test_an_impossible_restart_is_reported(
    make: Make, world: World, name: str, why: str, done: list[str]
) -> None:
    world.refused = {"api": "no directory is configured"}
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    with pytest.raises(MiniatureError, match=why):
        await subject.ask("restart", service=name)
    assert subject.since(count) == done


async def test_two_changes_take_turns(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    go_on = world.hold("edge follows")
    count = len(world.done)
    first = asyncio.create_task(subject.ask("reload"))
    await reached(world, "edge follows")
    second = asyncio.create_task(subject.ask("restart", service="web"))
    await asyncio.sleep(0.05)
    assert subject.since(count) == ["edge follows"]
    go_on.set()
    await asyncio.gather(first, second)
    assert subject.since(count)[-1] == "services roll out 1"
    assert subject.since(count).count("services roll out") == 1


async def test_a_failed_change_lets_the_next_one_run(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    world.failing["edge follows"] = MiniatureError("the port is taken")
    with pytest.raises(MiniatureError, match="the port is taken"):
        await subject.ask("reload")
    world.failing.clear()
    await asyncio.wait_for(subject.ask("reload"), 60)
    assert (await subject.ask("status"))["ready"]


async def test_a_service_that_becomes_unhealthy_ends_the_command(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    world.unhealthy = {"api"}
    world.blueprint = with_new_tasks()  # otherwise the old state would count
    with pytest.raises(MiniatureError, match="applied, but not healthy: api"):
        await subject.ask("reload")

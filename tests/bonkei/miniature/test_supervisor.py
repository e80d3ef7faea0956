"""The supervisor: the order of its steps, and failures of its parts.

Its parts are doubles that note what is asked of them; the control socket, the loopback addresses
and the bus are real.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.database import DatabaseCluster
from bonkei.blueprint.service import Container, Service, TaskDefinition
from bonkei.cloud.cloud import Cloud
from bonkei.config import Config, OneOff
from bonkei.database import Database, DatabaseError
from bonkei.edge import Edge
from bonkei.edge.snapshot import ListenerState
from bonkei.miniature import control, parts
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.lifecycle.together import close_all, do_all
from bonkei.miniature.supervisor import Miniature
from bonkei.tasks import TaskError, Tasks
from tests.bonkei.miniature import doubles
from tests.bonkei.miniature.doubles import World, parts_of

DEFINITION = TaskDefinition("a", "arn:web:1", "web", 1, 256, 512, (Container("web", "web:1"),))
SERVICES = tuple(
    Service("a", f"arn:{name}", name, "cluster", DEFINITION.arn, 1) for name in ("web", "api")
)
SITE = ListenerState("distribution", "d", "site", "http://127.0.0.1:8080/", "127.0.0.1", 8080, 0, 0)
START = [
    "terraform apply",
    "cloud starts",
    "edge starts",
    "database main starts",
    "installs app",
    "cloud follows",
    "runs migrate",
    "services roll out",
]


def cluster(identifier: str = "main") -> DatabaseCluster:
    arn = f"arn:aws:rds:eu-west-1:123456789012:cluster:{identifier}"
    return DatabaseCluster(
        "c", arn, identifier, "aurora-postgresql", "18.1", f"{identifier}.e", "", 5432, "app", "m"
    )


BLUEPRINT = Blueprint(
    services=SERVICES, task_definitions=(DEFINITION,), database_clusters=(cluster(),)
)


@pytest.fixture
def world() -> World:
    return World(BLUEPRINT, listeners=(SITE,))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    for name in ("app", "infrastructure"):
        (tmp_path / name).mkdir()
    (tmp_path / "app" / "Dockerfile").write_text('FROM python\nCMD ["python"]\n')
    (tmp_path / "app" / "requirements.txt").touch()
    (tmp_path / "bonkei.toml").touch()
    return Config(
        file=tmp_path / "bonkei.toml",
        root=tmp_path,
        definitions=tmp_path / "infrastructure",
        home=tmp_path / "home",
        containers={"web": tmp_path / "app"},
        one_offs=(OneOff("migration", "web", "web", ("migrate",), "each-start"),),
    )


class Subject:
    """One miniature of doubles, and what it says."""

    def __init__(self, world: World, config: Config) -> None:
        self.world = world
        self.said: list[str] = []
        self.home = Home(config.home).make()
        self.miniature = Miniature(config, self.home, self.said.append, parts_of(world))

    async def ask(self, name: str, **more: Any) -> Any:
        return await asyncio.to_thread(control.call, self.home, name, **more)

    def since(self, count: int) -> list[str]:
        return self.world.done[count:]

    @property
    def text(self) -> str:
        return "\n".join(self.said)


Make = Callable[..., Subject]


@pytest.fixture
async def make(world: World, config: Config) -> AsyncIterator[Make]:
    made: list[Subject] = []

    def build(**changes: Any) -> Subject:
        made.append(Subject(world, replace(config, **changes)))
        return made[-1]

    yield build
    world.failing.clear()
    for event in world.holding.values():
        event.set()
    for subject in made:
        await subject.miniature.stop()


async def reached(world: World, what: str) -> None:
    async with asyncio.timeout(10):
        while what not in world.done:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("double", "real"),
    [
        (doubles.Definitions, parts.Definitions),
        (doubles.Edge, Edge),
        (doubles.Tasks, Tasks),
        (doubles.Database, Database),
        (doubles.Cloud, Cloud),
        (doubles.Parts, parts.Parts),
    ],
)
def test_the_doubles_are_asked_as_the_parts_are(double: type, real: type) -> None:
    """Or what passes with them would not run."""
    for name, method in inspect.getmembers(double, inspect.isfunction):
        if not name.startswith("_"):
            assert _asked(method) == _asked(getattr(real, name)), f"{real.__name__}.{name}"
    if double is doubles.Parts:
        assert {one.name for one in fields(double)} == {one.name for one in fields(real)}
        make = parts_of(World(BLUEPRINT))
        assert _asked(make) == _asked(parts.real_parts)


def _asked(function: Callable[..., Any]) -> tuple[list[str], bool]:
    return list(inspect.signature(function).parameters), inspect.iscoroutinefunction(function)


# --- The start -----------------------------------------------------------------------------------


async def test_a_start_goes_from_the_definitions_to_the_services(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    # Side by side: Terraform and the endpoint's start, then all that the first task needs.
    assert sorted(world.done[:2]) == sorted(START[:2])
    assert sorted(world.done[3:6]) == sorted(START[3:6])
    assert [*START[:2], world.done[2], *START[3:6], *world.done[6:]] == START
    assert "Ready after" in subject.said[-1]
    assert SITE.url in subject.text
    status = await subject.ask("status")
    assert (status["state"], status["ready"]) == ("ready", True)


async def test_definitions_that_have_not_changed_are_not_applied(make: Make, world: World) -> None:
    world.is_current = True
    await make().miniature.start()
    assert "terraform apply" not in world.done
    assert world.done[:2] == ["cloud starts", "edge starts"]


async def test_while_it_starts_status_answers_and_changes_are_refused(
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
    await waiting  # it had to wait for the start, and was carried out then
    assert world.done.count("edge follows") == 1


async def test_before_its_start_nothing_can_be_changed(make: Make, world: World) -> None:
    world.failing["edge starts"] = MiniatureError("the port is taken")
    subject = make()
    with pytest.raises(MiniatureError, match="the port is taken"):
        await subject.miniature.start()
    for call in ("reload", "restart", "environment"):
        with pytest.raises(MiniatureError, match="has not started yet"):
            await subject.ask(call, service="web")
    assert "services roll out" not in world.done


async def test_a_service_that_is_not_healthy_does_not_end_the_start(
    make: Make, world: World
) -> None:
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
    assert "[containers.web]" in subject.text  # what to do about it
    status = await subject.ask("status")
    assert (status["state"], status["ready"]) == ("degraded", False)


async def test_packages_that_cannot_be_had_are_told_and_keep_no_other_container_from_it(
    make: Make, world: World
) -> None:
    world.failing["installs app"] = TaskError("uv pip failed for it", remedy="check the index")
    subject = make()
    await subject.miniature.start()
    assert "uv pip failed for it\n      check the index" in subject.text
    assert "✗ containers" in subject.text
    assert world.done[-1] == "services roll out"


async def test_a_migration_that_fails_ends_the_start_before_the_services(
    make: Make, world: World
) -> None:
    world.exit_codes = {"migrate": 3}
    subject = make()
    with pytest.raises(MiniatureError, match="migration: exit code 3") as caught:
        await subject.miniature.start()
    assert "its last word" in caught.value.remedy
    assert "services roll out" not in world.done


async def test_a_database_that_fails_ends_what_is_done_beside_it(make: Make, world: World) -> None:
    world.hold("installs app")
    world.failing["database main starts"] = DatabaseError("no port", remedy="end the other")
    with pytest.raises(DatabaseError, match="no port"):
        await asyncio.wait_for(make().miniature.start(), 10)
    assert "runs migrate" not in world.done


async def test_a_server_of_ones_own_is_named_before_it_is_touched(make: Make, world: World) -> None:
    world.failing["database main starts"] = DatabaseError("it is somebody else's")
    subject = make(database_url="postgresql://me:hunter2@db.example:5433/x")
    with pytest.raises(DatabaseError):
        await subject.miniature.start()
    assert "using the PostgreSQL server at db.example:5433, as me" in subject.text
    assert "hunter2" not in subject.text


# --- The end -------------------------------------------------------------------------------------

END = ["edge drains", "tasks stop", "edge stops", "database main stops", "cloud stops"]


async def test_an_end_goes_from_the_visitors_to_the_data(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    await subject.miniature.stop()
    assert subject.since(count) == END
    with pytest.raises(MiniatureError, match="no miniature runs here"):
        await subject.ask("status")


@pytest.mark.parametrize(
    ("where", "end"),
    [
        ("edge starts", ["edge stops", "cloud stops"]),
        ("database main starts", END),
        ("installs app", END),
        ("runs migrate", END),
        ("services roll out", END),
    ],
)
async def test_it_ends_in_order_wherever_its_start_is_interrupted(
    make: Make, world: World, where: str, end: list[str]
) -> None:
    world.hold(where)
    subject = make()
    starting = asyncio.create_task(subject.miniature.start())
    await reached(world, where)
    if where == "installs app":
        await reached(world, "database main starts")
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    count = len(world.done)
    await subject.miniature.stop()
    assert subject.since(count) == end


@pytest.mark.parametrize("broken", END)
async def test_a_part_that_does_not_end_in_order_keeps_no_other_from_it(
    make: Make, world: World, broken: str
) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    world.failing[broken] = OSError("it broke")
    with pytest.raises(OSError, match="it broke"):
        await subject.miniature.stop()
    assert subject.since(count) == END


async def test_terraform_ends_where_it_reports_once_the_miniature_is_stopped(
    make: Make, world: World
) -> None:
    """It runs in a thread, and a thread cannot be cancelled."""
    begun, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(report: Callable[[str], None]) -> None:
        loop.call_soon_threadsafe(begun.set)
        try:
            while True:
                report("25 of 120 resources")
                time.sleep(0.005)
        finally:
            loop.call_soon_threadsafe(ended.set)

    world.on_apply = work
    subject = make()
    starting = asyncio.create_task(subject.miniature.start())
    await begun.wait()
    starting.cancel()
    await subject.miniature.stop()
    await asyncio.wait_for(ended.wait(), 10)
    with contextlib.suppress(asyncio.CancelledError, MiniatureError):
        await starting
    assert "edge starts" not in world.done


async def test_a_second_ctrl_c_waits_for_nothing_and_kills(make: Make, world: World) -> None:
    world.hold("edge drains")
    subject = make()
    await subject.miniature.start()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stubborn:
        world.pids = (stubborn.pid, 2**22 + 1)  # the second has ended already
        stopping = asyncio.create_task(subject.miniature.stop())
        await reached(world, "edge drains")
        subject.miniature.hurry()
        await asyncio.wait_for(stopping, 10)
        assert stubborn.wait(10) == -9
    assert world.done[-len(END) :] == END


async def test_bonkei_down_asks_whoever_runs_it_to_stop(make: Make) -> None:
    subject = make()
    asked = asyncio.Event()
    subject.miniature.when_asked_to_stop(asked.set)
    await subject.miniature.start()
    await subject.ask("stop")
    assert asked.is_set()


# --- Following the definitions -------------------------------------------------------------------


async def test_what_was_applied_is_followed_in_the_order_of_a_release(
    make: Make, world: World
) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
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


async def test_a_cluster_that_is_gone_is_stopped(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    world.blueprint = replace(BLUEPRINT, database_clusters=())
    await subject.ask("reload")
    assert "database main stops" in world.done
    status = await subject.ask("status")
    assert (status["databases"], status["ready"]) == ([], True)


async def test_a_migration_that_fails_leaves_the_tasks_from_before(
    make: Make, world: World
) -> None:
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    world.exit_codes = {"migrate": 1}
    for call, done in (("reload", "applied"), ("restart", "not restarted")):
        with pytest.raises(MiniatureError, match=f"{done}, and no new task is started") as caught:
            await subject.ask(call, service="web")
        assert "serve on" in caught.value.remedy
    assert [what for what in subject.since(count) if "roll out" in what] == []
    # A restart that was not one leaves no trace in the next.
    world.exit_codes = {}
    await subject.ask("restart", service="api")
    assert world.done[-1] == "services roll out 1"


async def test_a_restart_is_one_service_anew_after_its_migration(make: Make, world: World) -> None:
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
    ("name", "why"), [("nobody", "no service is called"), ("api", "is not run")]
)
async def test_what_cannot_be_restarted_is_not_begun(
    make: Make, world: World, name: str, why: str
) -> None:
    world.refused = {"api": "no directory is configured"}
    subject = make()
    await subject.miniature.start()
    count = len(world.done)
    with pytest.raises(MiniatureError, match=why):
        await subject.ask("restart", service=name)
    assert subject.since(count) == []


async def test_two_changes_at_once_take_turns(make: Make, world: World) -> None:
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


async def test_a_change_that_fails_leaves_the_next_one_its_turn(make: Make, world: World) -> None:
    subject = make()
    await subject.miniature.start()
    world.failing["edge follows"] = MiniatureError("the port is taken")
    with pytest.raises(MiniatureError, match="the port is taken"):
        await subject.ask("reload")
    world.failing.clear()
    await asyncio.wait_for(subject.ask("reload"), 10)
    assert (await subject.ask("status"))["ready"]


async def test_a_service_that_gets_unhealthy_is_the_end_of_the_command(
    make: Make, world: World
) -> None:
    subject = make()
    await subject.miniature.start()
    world.unhealthy = {"api"}
    # A deployment of its own, or nothing of before would count.
    changed = replace(DEFINITION, arn="arn:web:2", revision=2)
    services = tuple(replace(one, task_definition_arn=changed.arn) for one in SERVICES)
    world.blueprint = replace(BLUEPRINT, services=services, task_definitions=(changed,))
    with pytest.raises(MiniatureError, match="applied, but not healthy: api"):
        await subject.ask("reload")


# --- Side by side, and one after the other -------------------------------------------------------


async def test_of_jobs_side_by_side_the_first_failure_is_told_and_ends_the_others() -> None:
    cancelled = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async def fail() -> None:
        await asyncio.sleep(0)
        raise MiniatureError("it failed")

    with pytest.raises(MiniatureError, match="it failed"):
        await do_all(wait(), fail())
    assert cancelled.is_set()
    await do_all()


async def test_everything_is_closed_and_the_first_failure_is_told() -> None:
    closed: list[int] = []

    async def close(number: int) -> None:
        closed.append(number)
        if number > 1:
            raise OSError(str(number))

    with pytest.raises(OSError, match="2"):
        await close_all(*(lambda n=n: close(n) for n in (1, 2, 3)))  # type: ignore[misc]
    assert closed == [1, 2, 3]

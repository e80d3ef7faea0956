"""The miniature's services in `ecs` descriptions while a change starts."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Cluster, Service, TaskDefinition
from bonkei.definitions.provider.counters import FileCounters
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.parts.ecs.view import EcsView
from bonkei.miniature.rollout.registered import RegisteredDefinitions
from bonkei.services.ecs.api import descriptions
from bonkei.services.ecs.api.values import EcsService, RunTask, ServiceChange
from bonkei.services.ecs.snapshot import (
    ContainerSnapshot,
    DeploymentSnapshot,
    ServiceSnapshot,
    TaskSnapshot,
    TasksSnapshot,
)
from bonkei.services.ecs.task_spec import ContainerOverride

CLUSTER, WEB = "arn:aws:ecs:eu-west-1:1:cluster/shop", "arn:aws:ecs:eu-west-1:1:service/shop/web"
FAILURE = MiniatureError("the migration failed", remedy="look at it")
DEFINITION = "arn:aws:ecs:eu-west-1:1:task-definition/web:3"


class Double:
    """The tasks, in memory."""

    def __init__(self) -> None:
        self.deployment = "ecs-svc/1"
        self.others: tuple[DeploymentSnapshot, ...] = ()
        self.started: list[Any] = []

    def snapshot(self) -> TasksSnapshot:
        one = DeploymentSnapshot(
            self.deployment, "PRIMARY", "web:3", "COMPLETED", 2, 0, 1, created_at=7.5
        )
        shown = (one, *self.others) if self.deployment else ()
        runs = TaskSnapshot(
            "id", "family:web", "web:3", "RUNNING", "UNKNOWN", "", "", (), 1.0, 0, 0,
            (ContainerSnapshot("web", "RUNNING", image="shop:1"),),
        )  # fmt: skip
        tasks = (runs,) if self.started else ()
        return TasksSnapshot((ServiceSnapshot(WEB, "web", 2, 2, 0, 2, shown),), tasks, (), ())

    def start_task(self, *arguments: Any) -> str:
        self.started.append(arguments)
        return "id"


class World:
    def __init__(self, home: Path) -> None:
        self.tasks, self.reports = Double(), list[str]()
        self.placed: list[tuple[str, str]] = []
        self.began, self.goes_on = asyncio.Event(), asyncio.Event()
        self.problem: Exception | None = None
        self.now = 1000.0
        tasks: Any = self.tasks
        blueprint = Blueprint(
            clusters=(Cluster("c", CLUSTER, "shop"),),
            services=(Service("s", WEB, "web", CLUSTER, DEFINITION, 2),),
            task_definitions=(TaskDefinition("d", DEFINITION, "web", 3, 256, 512, ()),),
        )
        self.registered = RegisteredDefinitions(home / "made.json", FileCounters(home / "numbers"))
        self.view = EcsView(
            lambda: blueprint, lambda: tasks, self.change, self.reports.append, self.registered,
            lambda image: f"sha256:of {image}" if image else "",
            lambda *placed: self.placed.append(placed), lambda: self.now,
        )  # fmt: skip

    async def change(self, arn: str, change: ServiceChange) -> None:
        self.began.set()
        await self.goes_on.wait()
        if self.problem is not None:
            raise self.problem

    @property
    def web(self) -> EcsService:
        [service] = self.view.describe().services
        return service


async def test_a_new_deployment_is_shown_before_it_starts(tmp_path: Path) -> None:
    """A migration may run first, and `aws ecs wait services-stable` must not end before the
    deployment.
    """
    world = World(tmp_path)
    world.view.change_service(WEB, ServiceChange(force_new_deployment=True))
    coming, old = world.web.deployments
    assert (coming.status, coming.rollout_state) == ("PRIMARY", "IN_PROGRESS")
    assert [world.web.desired_of(one) for one in (coming, old)] == [2, 0]
    assert coming.created_at == world.now
    assert (old.id, old.status, old.running_count) == ("ecs-svc/1", "ACTIVE", 2)
    assert (old.failed_tasks, old.created_at) == (1, 7.5)
    await world.began.wait()
    world.tasks.deployment = coming.id  # the deployment starts under the announced id
    assert [one.id for one in world.web.deployments] == [coming.id]


async def test_a_failed_change_is_reported_and_no_longer_shown(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.problem = FAILURE
    world.view.change_service(WEB, ServiceChange(desired_count=5, force_new_deployment=True))
    assert world.web.desired == 5
    world.goes_on.set()
    while world.web.desired == 5:
        await asyncio.sleep(0)
    old, given_up = world.web.deployments  # a waiting client must see the failure
    assert (old.id, old.status) == ("ecs-svc/1", "PRIMARY")
    assert (given_up.rollout_state, given_up.reason) == ("FAILED", "the migration failed")
    assert world.reports == ["the migration failed\nlook at it"]
    world.now += 15
    assert world.web.deployments == (old, given_up), "a waiter of AWS looks again after 15 s"
    world.now += 10
    assert world.web.deployments == (old,), "and waits until it is the only one"


async def test_a_change_that_the_machine_refuses_is_reported_and_has_failed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.problem = OSError(errno.ENOSPC, "No space left on device")
    world.view.change_service(WEB, ServiceChange(force_new_deployment=True))
    world.goes_on.set()
    while not world.reports:
        await asyncio.sleep(0)
    assert world.reports == [f"a change of {WEB} cannot be kept: {world.problem}"]
    await asyncio.sleep(0)
    assert world.web.deployments[-1].rollout_state == "FAILED"


@pytest.mark.parametrize(("status", "left"), [("INACTIVE", 1), ("ACTIVE", 2)])
def test_a_rolled_back_deployment_is_shown_for_a_while_and_while_it_has_tasks(
    tmp_path: Path, status: str, left: int
) -> None:
    world = World(tmp_path)
    failed = DeploymentSnapshot("ecs-svc/2", status, "web:4", "FAILED", 0, 0, 3, "no", 1000.0)
    world.tasks.others = (failed,)
    world.now += 15
    assert [one.id for one in world.web.deployments] == ["ecs-svc/1", "ecs-svc/2"]
    world.now += 10
    assert len(world.web.deployments) == left


async def test_the_first_release_of_a_service_that_could_not_run(tmp_path: Path) -> None:
    """Its image is in no registry before, so it has no deployment here; on AWS it has."""
    world = World(tmp_path)
    world.tasks.deployment, world.problem = "", FAILURE
    world.view.change_service(WEB, ServiceChange(force_new_deployment=True))
    [coming] = world.web.deployments
    assert (coming.status, coming.rollout_state) == ("PRIMARY", "IN_PROGRESS")
    world.goes_on.set()
    while world.web.deployments[0].rollout_state == "IN_PROGRESS":
        await asyncio.sleep(0)
    world.now += 60  # there is nothing else to show, on AWS neither
    [given_up] = world.web.deployments
    assert (given_up.status, given_up.rollout_state) == ("PRIMARY", "FAILED")


async def test_an_unchanged_definition_starts_no_deployment(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.view.change_service(WEB, ServiceChange(definition_arn=DEFINITION))
    assert [one.id for one in world.web.deployments] == ["ecs-svc/1"]


def test_a_task_runs_with_its_overrides(tmp_path: Path) -> None:
    async def run() -> World:
        world = World(tmp_path)
        override = ContainerOverride("web", ("x",), (("A", "b"),))
        task = RunTask(DEFINITION, (override,), "me", task_role_arn="role")
        assert world.view.run_task(task) == "id"
        assert world.placed == []
        own = replace(task, network=(("subnet-1", "subnet-2"), ("sg-1",), True))
        world.view.run_task(own)
        assert world.placed == [("id", "awsvpc web subnet-1,subnet-2 sg-1 public")]
        [shown] = world.view.describe().tasks
        [container] = descriptions.task(shown)["containers"]
        image = container["image"], container["imageDigest"]
        assert image == ("shop:1", "sha256:of shop:1")
        assert (shown.cluster_arn, shown.execute_command) == (CLUSTER, False)
        other = CLUSTER.replace("shop", "other")
        world.view.run_task(replace(task, cluster_arn=other, execute_command=True))
        [shown] = world.view.describe().tasks
        assert (shown.cluster_arn, shown.execute_command) == (other, True)
        assert shown.arn == "arn:aws:ecs:eu-west-1:1:task/other/id"
        assert (shown.group, shown.tags) == ("family:web", ())
        world.view.run_task(replace(task, group="nightly", tags=(("a", "b"),)))
        [shown] = world.view.describe().tasks
        assert (shown.group, shown.tags) == ("nightly", (("a", "b"),))
        return world

    (definition, overrides, started_by), *_ = asyncio.run(run()).tasks.started
    assert (definition.arn, definition.task_role_arn) == (DEFINITION, "role")
    assert overrides == (ContainerOverride("web", ("x",), (("A", "b"),)),)
    assert started_by == "me"

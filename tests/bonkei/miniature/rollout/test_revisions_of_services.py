"""What a service runs, by ECS's own life cycle of revisions, deployments and counts.

Sources: DeregisterTaskDefinition and UpdateService in the Amazon ECS API Reference ("existing tasks
and services that reference an INACTIVE task definition continue to run without disruption. Existing
services that reference an INACTIVE task definition can still scale up or down by modifying the
service's desired count … you can't use an INACTIVE task definition to run new tasks or create new
services, and you can't update an existing service to reference an INACTIVE task definition"), "How
the Amazon ECS deployment circuit breaker detects failures" (the rollback), Terraform's page on
`lifecycle` (`ignore_changes`), and the provider's on `aws_ecs_task_definition` (`skip_destroy`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.events import Bus, DeploymentStateChanged, DesiredCountChanged
from bonkei.blueprint import Blueprint, read
from bonkei.definitions.provider.counters import FileCounters
from bonkei.miniature.parts.ecs import described as ecs_described
from bonkei.miniature.rollout.registered import RegisteredDefinitions
from bonkei.miniature.rollout.service_changes import ARGUMENTS, ServiceChanges
from bonkei.services.ecs.api.definitions import require_active
from bonkei.services.ecs.api.values import ServiceChange
from bonkei.services.ecs.compose import compose

PLACE = "arn:aws:ecs:eu-west-1:123456789012:task-definition"
CLUSTER = {"arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main", "name": "main"}
SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/main/web"
IGNORED = frozenset({"task_definition"})
COUNT_IGNORED = frozenset({"desired_count"})
PIPELINES = frozenset(ARGUMENTS)


def arn(number: int) -> str:
    return f"{PLACE}/web:{number}"


def declared(number: int, **more: Any) -> dict[str, Any]:
    containers = [{"name": "web", "image": f"web:{number}", "portMappings": []}]
    return {
        "arn": arn(number),
        "family": "web",
        "revision": number,
        "cpu": "256",
        "memory": "512",
        "network_mode": "awsvpc",
        "volume": [{"name": "data"}],
        "tags_all": {"a": "b"},
        "container_definitions": json.dumps(containers),
        **more,
    }


class World:
    """ECS's memory and Terraform's state, in a home. `keeps`: as `ignore_changes` says, or all for
    a service of a pipeline's apply."""

    def __init__(self, home: Path, keeps: frozenset[str]) -> None:
        self.home, self.keeps = home, keeps
        self.state: dict[str, Any] = {}
        self.restart()

    def restart(self) -> None:
        self.bus = Bus()
        file = self.home / "ecs" / "service-changes.json"
        self.changes = ServiceChanges(file, lambda _: self.keeps)
        self.changes.hear(self.bus)
        self.number = FileCounters(self.home / "counters.json")
        self.registered = RegisteredDefinitions(self.home / "ecs" / "made.json", self.number)
        self._follow()

    def apply(self, has: int, service: int | None = None, count: int = 1, **more: Any) -> None:
        """Terraform's state after an apply: a revision, and the one that the service names."""
        if arn(has) not in {one.arn for one in self.registered.revisions}:
            assert self.number("ecs/123456789012/eu-west-1/web") == has
        named = {"id": SERVICE, "name": "web", "cluster": CLUSTER["arn"], "desired_count": count,
                 "task_definition": arn(has if service is None else service)}  # fmt: skip
        resources = [
            {
                "address": f"{kind}.web",
                "mode": "managed",
                "type": kind,
                "name": "web",
                "values": one,
            }
            for kind, one in (
                ("aws_ecs_cluster", CLUSTER),
                ("aws_ecs_task_definition", declared(has, **more)),
                ("aws_ecs_service", named),
            )
        ]
        self.state = {"values": {"root_module": {"resources": resources}}}
        self._follow()

    def _follow(self) -> None:
        self.blueprint = read(self.state, (), self.registered.revisions)
        self.changes.definitions_win()
        self.registered.follow(self.blueprint, [])

    def register(self, number: int) -> None:
        containers = [{"name": "web", "image": f"web:{number}"}]
        document = {"family": "web", "cpu": "256", "memory": "512"}
        made = self.registered.register({**document, "containerDefinitions": containers}, PLACE)
        assert made.revision == number

    def update(self, **change: Any) -> None:
        [service] = self.blueprint.services
        self.changes.add(service, ServiceChange(**change))
        self.changes.over(self.blueprint)

    def decides(self, state: str, number: int, reason: str = "") -> None:
        self.bus.publish(DeploymentStateChanged(SERVICE, arn(number), state, reason, "d"))

    def scales(self, count: int) -> None:
        self.bus.publish(DesiredCountChanged(SERVICE, count, "load"))

    def withdraw(self, number: int) -> None:
        self.registered.withdraw(arn(number))

    def asked(self) -> Blueprint:
        return self.changes.over(self.registered.over(self.blueprint))

    def runs(self) -> tuple[int, int]:
        """Revision and count."""
        [service] = self.asked().services
        definition = self.asked().task_definition(service.task_definition_arn)
        return definition.revision, service.desired_count

    def may_be_used(self, number: int) -> bool:
        """For new tasks, new services, and by UpdateService."""
        inactive = self.registered.withdrawn
        known = {
            one.arn: ecs_described.definition(one, one.arn in inactive)
            for one in self.asked().task_definitions
        }
        ecs: Any = SimpleNamespace(describe=lambda: SimpleNamespace(definitions=known))
        with suppress(AwsServiceError):
            return require_active(ecs, arn(number)) == arn(number)
        return False


Step = Callable[[World], None]


def apply(has: int, service: int | None = None, count: int = 1, **more: Any) -> Step:
    return lambda world: world.apply(has, service, count, **more)


def release(number: int, **more: Any) -> Step:
    """The revision, and the service's update to it."""

    def step(world: World) -> None:
        world.register(number)
        world.update(definition_arn=arn(number), force_new_deployment=True, **more)
        world.decides("IN_PROGRESS", number)

    return step


def complete(number: int) -> Step:
    return lambda world: world.decides("COMPLETED", number)


def rolled_back(failed: int, back: int) -> Step:
    def step(world: World) -> None:
        world.decides("FAILED", failed, "tasks failed to start.")
        world.decides("IN_PROGRESS", back, "rolling back")
        world.decides("COMPLETED", back)

    return step


def withdraw(number: int) -> Step:
    return lambda world: world.withdraw(number)


def count(number: int) -> Step:
    return lambda world: world.update(desired_count=number)


def scale(number: int) -> Step:
    return lambda world: world.scales(number)


restart: Step = World.restart
NONE: frozenset[str] = frozenset()
CASES: dict[str, tuple[frozenset[str], tuple[Step, ...], tuple[int, int]]] = {
    "an apply updates the service": (NONE, (apply(1), apply(2)), (2, 1)),
    "a service keeps a revision that has become INACTIVE": (
        IGNORED, (apply(1), apply(2, service=1)), (1, 1)),
    "… after several applies": (
        IGNORED, (apply(1), apply(2, service=1), apply(3, service=1)), (1, 1)),
    "… and after a restart, whose replacement tasks it is for": (
        IGNORED, (apply(1), apply(2, service=1), restart), (1, 1)),
    "… and is scaled with it by an update": (
        IGNORED, (apply(1), apply(2, service=1), count(3)), (1, 3)),
    "… and by an apply": (IGNORED, (apply(1), apply(2, service=1, count=3)), (1, 3)),
    "a revision that a call withdraws is kept, too": (
        PIPELINES, (apply(1), release(2), complete(2), withdraw(2), restart), (2, 1)),
    "an ignored task definition is the pipeline's: an apply leaves it": (
        IGNORED, (apply(1), release(2), complete(2), apply(3, service=1)), (2, 1)),
    "… a restart, too": (IGNORED, (apply(1), release(2), complete(2), restart), (2, 1)),
    "… also where a refresh has put it into the state": (
        IGNORED, (apply(1), release(2), complete(2), apply(3, service=2)), (2, 1)),
    "a declared one is reset by an apply": (
        NONE, (apply(1), release(2), complete(2), apply(1)), (1, 1)),
    "an ignored count stays at an apply": (
        COUNT_IGNORED, (apply(1), count(3), apply(2)), (2, 3)),
    "… and at a restart": (COUNT_IGNORED, (apply(1), count(3), restart), (1, 3)),
    "a declared count is reset by an apply": (NONE, (apply(1), count(3), apply(2)), (2, 1)),
    "… though the task definition is ignored": (
        IGNORED, (apply(1), release(2, desired_count=3), complete(2), apply(3, service=1)), (2, 1)),
    "what auto scaling has set is there after a restart": (
        COUNT_IGNORED, (apply(1), scale(4), restart), (1, 4)),
    "… until an update sets another": (
        COUNT_IGNORED, (apply(1), scale(4), count(2), restart), (1, 2)),
    "a completed release outlives a restart": (
        PIPELINES, (apply(1), release(2), complete(2), restart), (2, 1)),
    "a failed release does not": (
        PIPELINES,
        (apply(1), release(2), complete(2), release(3), rolled_back(3, 2), withdraw(3), restart),
        (2, 1)),
    "… nor does it come back with an apply": (
        PIPELINES,
        (apply(1), release(2), complete(2), release(3), rolled_back(3, 2), apply(1)), (2, 1)),
    "… nor the first one": (
        PIPELINES, (apply(1), complete(1), release(2), rolled_back(2, 1), restart), (1, 1)),
    "a rollback leaves the count": (
        PIPELINES,
        (apply(1), complete(1), release(2, desired_count=2), rolled_back(2, 1), restart), (1, 2)),
    "a deployment that is not complete is not begun with": (
        PIPELINES, (apply(1), release(2), complete(2), release(3), restart), (2, 1)),
    "… nor one that failed without a rollback": (
        PIPELINES,
        (apply(1), release(2), complete(2), release(3),
         lambda world: world.decides("FAILED", 3, "tasks failed to start."), restart), (2, 1)),
    "an apply's deployment that was rolled back does not come back": (
        PIPELINES, (apply(1), complete(1), apply(2), rolled_back(2, 1), restart), (1, 1)),
    "a later apply that declares another one does": (
        PIPELINES,
        (apply(1), complete(1), apply(2), rolled_back(2, 1), restart, apply(3)), (3, 1)),
    "the release after a failed one is the one that runs": (
        PIPELINES,
        (apply(1), complete(1), release(2), rolled_back(2, 1), withdraw(2), restart, release(3),
         complete(3), restart), (3, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_a_service_runs(tmp_path: Path, name: str) -> None:
    keeps, steps, expected = CASES[name]
    world = World(tmp_path, keeps)
    for step in steps:
        step(world)
        world.asked()
    assert world.runs() == expected


@pytest.mark.parametrize(
    ("steps", "number", "usable"),
    [
        ((apply(1), apply(2)), 1, False),
        ((apply(1), apply(2)), 2, True),
        ((apply(1), apply(2, service=1), restart), 1, False),
        ((apply(1, skip_destroy=True), restart, apply(2)), 1, True),
        ((apply(1), release(2), withdraw(2)), 2, False),
        ((apply(1), release(2), complete(2), apply(2), restart), 1, True),  # `track_latest`
        ((apply(1), release(2), complete(2), apply(2), restart), 2, True),
    ],
)
def test_an_inactive_revision_is_for_nothing_new(
    tmp_path: Path, steps: tuple[Step, ...], number: int, usable: bool
) -> None:
    world = World(tmp_path, IGNORED)
    for step in steps:
        step(world)
    assert world.may_be_used(number) is usable


def test_a_service_with_an_inactive_revision_is_not_deployed_again(tmp_path: Path) -> None:
    """ "… continue to run without disruption", also when the miniature has read it from disk."""
    world = World(tmp_path, IGNORED)
    world.apply(1)
    before = compose(world.asked(), {}).services
    specs = partial(compose, sources={})
    world.apply(2, service=1)
    assert specs(world.asked()).services == before
    world.restart()
    assert specs(world.asked()).services == before


def test_a_start_does_not_put_a_completed_release_on_trial_again(tmp_path: Path) -> None:
    world = World(tmp_path, PIPELINES)
    for step in (apply(1), complete(1)):
        step(world)
    world.register(2)
    world.update(definition_arn=arn(2), deployment_id="ecs-svc/1")
    world.decides("COMPLETED", 2)
    assert world.asked().services[0].deployment_id == "ecs-svc/1"
    world.restart()
    assert world.asked().services[0].deployment_id == ""


@pytest.mark.parametrize("keeps", [NONE, IGNORED, PIPELINES])
def test_an_update_to_what_ecs_has_gone_back_to_deploys_nothing(
    tmp_path: Path, keeps: frozenset[str]
) -> None:
    """A release is forced, and put back while an alarm rings for that deployment, too. The next
    update names the revision that runs: ECS begins no deployment."""
    world = World(tmp_path, keeps)
    for step in (apply(1), complete(1)):
        step(world)
    before = compose(world.asked(), {}).services[0].deployment_key
    release(2)(world)
    world.update(definition_arn=arn(1), deployment_id="ecs-svc/back")
    assert compose(world.asked(), {}).services[0].deployment_key != before
    world.decides("FAILED", 1, "an alarm rings")
    world.decides("IN_PROGRESS", 1, "rolling back")
    world.update(desired_count=1)
    assert compose(world.asked(), {}).services[0].deployment_key == before

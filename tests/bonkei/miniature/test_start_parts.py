"""Steps, one-off commands and the wait for health, without anything that runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import Service, TaskDefinition
from bonkei.config import OneOff
from bonkei.events import Bus, DeploymentStateChanged, TaskStateChanged
from bonkei.miniature.health import Watch
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.one_offs import Started, task_definition
from bonkei.miniature.steps import Steps


def definition(family: str) -> TaskDefinition:
    return TaskDefinition("a", f"arn:{family}", family, 1, 256, 512, ())


def service(name: str, count: int = 1) -> Service:
    return Service("a", f"arn:{name}", name, "cluster", "definition:1", count)


def one_off(name: str, when: str = "each-start") -> OneOff:
    return OneOff(name, "migrate", "web", ("x",), when)  # type: ignore[arg-type]


def test_steps_tell_what_was_done_and_what_failed() -> None:
    lines: list[str] = []
    times = iter([0.0, 1.0, 3.5, 4.0, 5.0])
    steps = Steps(lines.append, lambda: next(times))
    with steps.step("terraform") as step:
        step.detail = "84 resources"
    with pytest.raises(ValueError), steps.step("database"):  # noqa: PT011
        raise ValueError
    assert "✓ terraform" in lines[0]
    assert "84 resources" in lines[0]
    assert lines[0].endswith("2.5 s")
    assert "✗ database" in lines[1]


def test_a_one_off_names_the_end_of_a_family() -> None:
    blueprint = Blueprint(
        task_definitions=(definition("app-dev-migrate"), definition("app-dev-web"))
    )
    assert task_definition(blueprint, one_off("m")).family == "app-dev-migrate"


@pytest.mark.parametrize("families", [(), ("a-migrate", "b-migrate")])
def test_a_one_off_that_names_none_or_many(families: tuple[str, ...]) -> None:
    blueprint = Blueprint(task_definitions=tuple(definition(family) for family in families))
    with pytest.raises(MiniatureError, match="'migrate'"):
        task_definition(blueprint, one_off("m"))


def test_a_first_start_command_runs_until_it_has_succeeded(tmp_path: Path) -> None:
    every, first = one_off("migration"), one_off("sample data", "first-start")
    started = Started(tmp_path / "started")
    assert started.due([every, first]) == [every, first]
    started.remember(every)
    started.remember(first)
    assert Started(tmp_path / "started").due([every, first]) == [every]


async def test_the_start_waits_for_each_service() -> None:
    bus = Bus()
    watch = Watch(bus)
    told: list[str] = []
    services = (service("web"), service("api"))
    waiting = asyncio.create_task(watch.settled(services, 30, told.append))
    await asyncio.sleep(0)
    bus.publish(DeploymentStateChanged("arn:web", "definition:0", "COMPLETED"))
    assert [one.service.name for one in watch.waiting(services)] == ["web", "api"]
    bus.publish(DeploymentStateChanged("arn:web", "definition:1", "COMPLETED"))
    assert [one.service.name for one in watch.waiting(services)] == ["api"]
    for _ in range(2):
        bus.publish(TaskStateChanged("arn:api", "t", "STOPPED", "UNKNOWN", "exit code 3"))
        await asyncio.sleep(0)
    bus.publish(DeploymentStateChanged("arn:api", "definition:1", "COMPLETED"))
    assert await waiting == []
    assert told == ["api: exit code 3"]


async def test_a_service_that_never_comes_is_told_with_its_reason() -> None:
    bus = Bus()
    watch = Watch(bus)
    waiting = asyncio.create_task(watch.settled((service("web"),), 0.05, lambda _: None))
    await asyncio.sleep(0)
    bus.publish(TaskStateChanged("arn:web", "t", "STOPPED", "UNKNOWN", "exit code 1"))
    (missing,) = await waiting
    assert missing.reason == "exit code 1"

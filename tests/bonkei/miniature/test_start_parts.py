"""Steps, one-off commands and the wait for health, without running processes."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.base.events import Bus, DeploymentStateChanged, TaskStateChanged
from bonkei.base.kept import DamagedError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service, TaskDefinition
from bonkei.config import OneOff
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.lifecycle.begun import seconds_before
from bonkei.miniature.lifecycle.one_offs import Started, task_definition
from bonkei.miniature.rollout.rollout import find_service
from bonkei.miniature.rollout.service_changes import ARGUMENTS, FORCED, ServiceChanges
from bonkei.miniature.rollout.watch import Watch
from bonkei.miniature.steps import Steps
from bonkei.services.ecs.api.values import ServiceChange


def definition(family: str) -> TaskDefinition:
    return TaskDefinition("a", f"arn:{family}", family, 1, 256, 512, ())


def service(name: str, count: int = 1) -> Service:
    return Service("a", f"arn:{name}", name, "cluster", "definition:1", count)


def one_off(name: str, when: str = "each-start") -> OneOff:
    return OneOff(name, "migrate", "web", ("x",), when)  # type: ignore[arg-type]


def test_steps_report_success_and_failure() -> None:
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


def test_the_time_of_a_start_counts_from_the_command() -> None:
    times = iter([100.0, 103.0])
    assert Steps(lambda _: None, lambda: next(times), before=2.5).elapsed == 5.5
    own = seconds_before({})
    assert 0 < own < 3600
    now = time.time()
    assert seconds_before({"BONKEI_BEGUN": str(now - own - 60)}, now) == pytest.approx(own + 60)
    # A value left in the environment, or one that is not a time, is ignored.
    for strange in ("", "yesterday", str(now + 60), str(now - own - 9999), "nan"):
        assert seconds_before({"BONKEI_BEGUN": strange}, now) == pytest.approx(own, abs=30)


def test_the_time_of_a_command_is_not_a_second_too_long() -> None:
    code = "from bonkei.miniature.lifecycle.begun import seconds_before; print(seconds_before({}))"
    before = time.monotonic()
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert 0 < float(said.stdout) < time.monotonic() - before + 0.02  # the kernel counts in 0.01 s


def test_a_one_off_may_have_the_end_of_a_familys_name() -> None:
    blueprint = Blueprint(
        task_definitions=(definition("app-dev-migrate"), definition("app-dev-web"))
    )
    assert task_definition(blueprint, one_off("m")).family == "app-dev-migrate"


@pytest.mark.parametrize("families", [(), ("a-migrate", "b-migrate")])
def test_a_one_off_without_exactly_one_family(families: tuple[str, ...]) -> None:
    blueprint = Blueprint(task_definitions=tuple(definition(family) for family in families))
    with pytest.raises(MiniatureError, match="'migrate'"):
        task_definition(blueprint, one_off("m"))


def test_a_first_start_command_runs_until_it_succeeds(tmp_path: Path) -> None:
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
    waiting = asyncio.create_task(watch.settled(services, 600, told.append))
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


async def test_a_service_that_never_starts_is_reported_with_its_reason() -> None:
    bus = Bus()
    watch = Watch(bus)
    waiting = asyncio.create_task(watch.settled((service("web"),), 0.05, lambda _: None))
    await asyncio.sleep(0)
    bus.publish(TaskStateChanged("arn:web", "t", "STOPPED", "UNKNOWN", "exit code 1"))
    (missing,) = await waiting
    assert missing.reason == "exit code 1"


def stopped(name: str, task: str, reason: str = "exit code 3") -> TaskStateChanged:
    return TaskStateChanged(f"arn:{name}", task, "STOPPED", "UNKNOWN", reason)


def new_deployment(name: str) -> DeploymentStateChanged:
    return DeploymentStateChanged(f"arn:{name}", "definition:1", "IN_PROGRESS")


async def test_a_service_that_ends_repeatedly_is_not_awaited() -> None:
    bus = Bus()
    watch = Watch(bus)
    bus.publish(new_deployment("web"))
    waiting = asyncio.create_task(watch.settled((service("web"),), 600, lambda _: None))
    for number in range(3):
        assert not waiting.done()
        bus.publish(stopped("web", f"t{number}"))
        await asyncio.sleep(0)
    (missing,) = await asyncio.wait_for(waiting, 60)
    assert missing.failing
    assert missing.reason == "exit code 3"


def test_tasks_that_fail_together_count_as_one_failure() -> None:
    bus = Bus()
    watch = Watch(bus)
    three = service("web", 3)
    for number in range(4):
        bus.publish(stopped("web", f"t{number}"))
    assert not watch.waiting([three])[0].failing
    bus.publish(stopped("web", "t4"))
    assert watch.waiting([three])[0].failing


def test_only_tasks_of_the_newest_deployment_count() -> None:
    bus = Bus()
    watch = Watch(bus)
    for number in range(3):
        bus.publish(TaskStateChanged("arn:web", f"old{number}", "RUNNING", "UNKNOWN"))
    bus.publish(new_deployment("web"))
    for number in range(3):
        bus.publish(stopped("web", f"old{number}", "Task failed ELB health checks"))
    bus.publish(stopped("web", "new", "Scaling activity initiated by (deployment d)"))
    (one,) = watch.waiting([service("web")])
    assert (one.failing, one.reason) == (False, "no task is healthy yet")


def test_failures_before_a_dependency_existed_do_not_count() -> None:
    bus = Bus()
    watch = Watch(bus)
    for number in range(2):
        bus.publish(stopped("web", f"t{number}"))
    bus.publish(DeploymentStateChanged("arn:api", "definition:1", "COMPLETED"))
    bus.publish(stopped("web", "t2"))
    assert not watch.waiting([service("web")])[0].failing


def test_a_forced_deployment_that_was_rolled_back_has_failed() -> None:
    bus = Bus()
    watch = Watch(bus)
    bus.publish(DeploymentStateChanged("arn:web", "definition:1", "COMPLETED"))
    bus.publish(new_deployment("web"))
    bus.publish(DeploymentStateChanged("arn:web", "definition:1", "FAILED", "circuit breaker"))
    bus.publish(
        DeploymentStateChanged("arn:web", "definition:1", "IN_PROGRESS", "rolling back to it")
    )
    bus.publish(DeploymentStateChanged("arn:web", "definition:1", "COMPLETED"))
    (one,) = watch.waiting([service("web")])
    assert (one.failing, one.reason) == (True, "circuit breaker")
    bus.publish(new_deployment("web"))
    bus.publish(DeploymentStateChanged("arn:web", "definition:1", "COMPLETED"))
    assert watch.waiting([service("web")]) == []


def test_a_failed_step_is_marked_although_the_start_continues() -> None:
    lines: list[str] = []
    with Steps(lines.append).step("services") as step:
        step.failed = True
    assert "✗ services" in lines[0]


def test_a_service_is_found_by_its_name_or_the_end_of_it() -> None:
    blueprint = Blueprint(services=(service("app-web"), service("app-api"), service("web")))
    assert find_service(blueprint, "web").name == "web"
    assert find_service(blueprint, "api").name == "app-api"
    with pytest.raises(MiniatureError, match="no service is called nobody") as caught:
        find_service(blueprint, "nobody")
    assert "app-api, app-web, web" in caught.value.remedy
    both = Blueprint(services=(service("a-web"), service("b-web")))
    with pytest.raises(MiniatureError, match="more than one service is called web"):
        find_service(both, "web")


def test_a_restart_is_a_new_deployment_of_one_service_only() -> None:
    blueprint = Blueprint(services=(service("web"), service("api")))
    changes = ServiceChanges()
    changes.add(service("web"), FORCED)
    once = changes.over(blueprint)
    changes.add(service("web"), FORCED)
    twice = changes.over(blueprint)
    tokens = {b.services[0].force_new_deployment_token for b in (blueprint, once, twice)}
    assert len(tokens) == 3
    assert once.services[1] == blueprint.services[1]


def test_the_count_from_update_service_stays_until_the_next_apply() -> None:
    blueprint, changes = Blueprint(services=(service("web"),)), ServiceChanges()
    changes.add(service("web"), ServiceChange(desired_count=5))
    changes.add(service("web"), ServiceChange(definition_arn="arn:other"))
    changes.add(service("web"), FORCED)
    [asked] = changes.over(blueprint).services
    assert (asked.desired_count, asked.task_definition_arn) == (5, "arn:other")
    changes.definitions_win()
    [applied] = changes.over(blueprint).services
    assert applied.desired_count == blueprint.services[0].desired_count
    assert applied.task_definition_arn == blueprint.services[0].task_definition_arn
    assert applied.force_new_deployment_token == asked.force_new_deployment_token


def test_what_a_release_asked_of_a_pipelines_service_outlives_a_start(tmp_path: Path) -> None:
    """Until a later apply declares the service otherwise."""
    file, bus = tmp_path / "ecs" / "changes.json", Bus()
    every = frozenset(ARGUMENTS)
    first = ServiceChanges(file, lambda arn: every if arn == "arn:web" else frozenset())
    first.hear(bus)
    for name in ("web", "api"):
        released = ServiceChange(desired_count=2, definition_arn="arn:released")
        first.add(service(name), released)
        bus.publish(DeploymentStateChanged(f"arn:{name}", "arn:released", "COMPLETED"))
    first.definitions_win()
    [web, api] = first.over(Blueprint(services=(service("web"), service("api")))).services
    assert (web.task_definition_arn, web.desired_count) == ("arn:released", 2)
    assert api.task_definition_arn == service("api").task_definition_arn

    again = ServiceChanges(file, lambda _: every)
    [web] = again.over(Blueprint(services=(service("web"),))).services
    assert (web.task_definition_arn, web.desired_count) == ("arn:released", 2)
    otherwise = replace(service("web"), task_definition_arn="arn:later")
    [web] = again.over(Blueprint(services=(otherwise,))).services
    assert (web.task_definition_arn, web.desired_count) == ("arn:later", otherwise.desired_count)
    for text in ("", "{", '{"arn:web": 1}'):
        file.write_text(text)
        with pytest.raises(DamagedError, match=r"changes\.json is damaged"):
            ServiceChanges(file)


def test_a_change_that_a_full_disk_refuses_has_not_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = ServiceChanges(tmp_path / "changes.json", lambda _: frozenset(ARGUMENTS))

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        changes.add(service("web"), FORCED)
    assert changes.over(Blueprint(services=(service("web"),))).services == (service("web"),)

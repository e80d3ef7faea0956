"""Deploy looks at the tasks until they have run for a while."""

from __future__ import annotations

from typing import Any

import pytest
import release as module
import rollout
from endings import died_again
from release import Release, ReleaseError

from tests.environment.releases.account import AS_BEFORE, EXITED, Account, at
from tests.environment.releases.conftest import Clock

pytestmark = pytest.mark.timeout(60)


SICK = {
    "stopCode": "ServiceSchedulerInitiated",
    "stoppedReason": "Task failed container health checks",
}
SCALED = {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Scaling activity initiated by"}


@pytest.mark.parametrize("ends", [EXITED, SICK])
def test_a_task_that_ends_soon_after_its_deployment_is_complete_fails_the_release(
    account: Account, release: Release, ends: dict[str, Any]
) -> None:
    account.ends = {"app-frontend": ends}
    with pytest.raises(ReleaseError, match=f"app-frontend: task ended.* {ends['stoppedReason']}"):
        module.deploy(account, release)
    assert account.runs("app-backend") == account.runs("app-frontend") == "old"
    assert account.latest == AS_BEFORE


@pytest.mark.parametrize(
    "ends", [SCALED, {**EXITED, "startedBy": "ecs-svc/another"}, {**EXITED, "startedAt": None}]
)
def test_other_stopped_tasks_do_not(
    account: Account, release: Release, ends: dict[str, Any]
) -> None:
    """What ECS has scaled in, the earlier release's, and what never ran: ECS counts that."""
    account.ends = {"app-frontend": ends}
    module.deploy(account, release)
    assert account.runs("app-frontend") == "new"


def test_one_call_describes_tasks_that_run_and_those_that_have_stopped(
    account: Account, release: Release
) -> None:
    """Above a hundred tasks a call is not enough."""
    account.ends = {"app-frontend": SCALED}
    account.services["app-backend"].desired = 100
    account.services["app-frontend"].desired = 100
    module.deploy(account, release)
    described = [call for call in account.calls if call[1] == "describe_tasks"]
    rolled = [len(call[2]["tasks"]) for call in described]
    assert sorted(rolled)[-3:] == [1, 100, 100]
    account.calls.clear()
    account.services["app-frontend"].desired = 2
    module.deploy(account, release)
    described = [call for call in account.calls if call[1] == "describe_tasks"]
    assert [call[2]["tasks"][-1] for call in described].count("arn:task/app-frontend/ended") == 1
    named = [call[2]["tasks"] for call in described]
    assert "arn:task/app-frontend/t1" in next(tasks for tasks in named if "ended" in tasks[-1])


def test_each_look_takes_three_calls_for_all_services(
    account: Account, release: Release, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They list those that run and those that have stopped, and describe both."""
    monkeypatch.setattr(rollout, "STAYS_FOR", 60.0)
    account.age = 0.0
    module.deploy(account, release)
    looks = [call[1] for call in account.calls if call[1].endswith("_tasks")]
    assert looks == ["list_tasks", "list_tasks", "describe_tasks"] * 5
    each = ["describe_task_definition", "register_task_definition", "update_service"]
    assert [call[1] for call in account.calls][:8] == [
        "describe_services",
        *each,
        *each,
        "describe_services",
    ]
    account.calls.clear()
    module.verify(account, release)
    looks = [call[1] for call in account.calls if call[1] in ("list_tasks", "describe_services")]
    assert looks == ["describe_services", "list_tasks"]


def test_what_goes_back_is_looked_at_sooner_than_a_release(
    account: Account, release: Release, clock: Clock
) -> None:
    account.fails = {"app-frontend"}
    with pytest.raises(ReleaseError, match="app-backend is back"):
        module.deploy(account, release)
    assert clock.slept == [5.0, 5.0, 1.0, 2.0]


def test_the_tasks_are_watched_until_they_have_run_for_a_while(
    account: Account, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never for longer than that, whatever auto scaling starts meanwhile."""
    monkeypatch.setattr(rollout, "STAYS_FOR", 0.2)
    account.age = 0.0
    module.deploy(account, release)
    assert [call[1] for call in account.calls].count("list_tasks") > 4
    monkeypatch.setattr(rollout, "STAYS_FOR", 50.0)
    account.age = 51.0
    module.deploy(account, release)


def test_the_watch_ends_when_the_youngest_task_has_run_for_long_enough(
    account: Account, release: Release, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with the next look after that."""
    monkeypatch.setattr(rollout, "STAYS_FOR", 60.0)
    started = clock.moment - 42.0

    def task(arn: str) -> dict[str, Any]:
        account.age = clock.moment - started
        return Account.task(account, arn)

    monkeypatch.setattr(account, "task", task)
    module.deploy(account, release)
    assert clock.moment == started + 60.0


def test_a_deployment_without_a_task_is_no_release(
    account: Account, release: Release, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to watch. The tasks may be listed late."""
    late = clock.moment + 20.0

    def task(arn: str) -> dict[str, Any]:
        unknown = {} if clock.moment >= late else {"startedBy": "somebody"}
        return {**Account.task(account, arn), **unknown}

    monkeypatch.setattr(account, "task", task)
    module.deploy(account, release)
    assert clock.moment >= late
    late = clock.moment + 1000.0
    with pytest.raises(ReleaseError, match="app-backend, app-frontend: no task of this release"):
        module.deploy(account, release)


@pytest.mark.parametrize("counted", [True, False])
def test_a_second_task_that_ends_before_its_deployment_is_complete_fails_the_release(
    account: Account, release: Release, clock: Clock, counted: bool
) -> None:
    """ECS waits for the third, and may not count it. The service beside it goes back, too."""
    account.dies["app-frontend"] = counted
    with pytest.raises(ReleaseError) as failed:
        module.deploy(account, release)
    first, *others = str(failed.value).split("\n  ")
    assert "app-frontend: task ended" in first
    assert EXITED["stoppedReason"] in first
    assert others == [f"{name} is back at {name}:1" for name in ("app-backend", "app-frontend")]
    assert account.latest == AS_BEFORE


@pytest.mark.parametrize(
    ("first", "second", "is_so"),
    [
        ({}, {}, True),
        ({}, SICK, True),
        ({}, SCALED, False),
        ({}, {"startedBy": "ecs-svc/another"}, False),
        ({}, {"startedAt": at(55)}, False),  # ECS counts that, and says why
        ({}, {"stoppedAt": None}, False),
    ],
)
def test_two_tasks_that_have_run_for_a_while(
    first: dict[str, Any], second: dict[str, Any], is_so: bool
) -> None:
    died = {**EXITED, "startedBy": "d", "startedAt": at(30), "containers": [],
            "stoppedAt": at(60), "lastStatus": "STOPPED"}  # fmt: skip
    tasks = [{**died, "taskArn": "t/1", **first}, {**died, "taskArn": "t/2", **second}]
    assert (died_again(tasks, "d") is not None) is is_so

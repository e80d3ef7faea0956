"""What ECS has decided, by answers of DescribeServices."""

from __future__ import annotations

from typing import Any

import putting_back
import pytest
import release as module
from release import Release, ReleaseError
from settling import Awaited, has_gone_back, verdict

from tests.environment.releases.account import AS_BEFORE, Account, Service
from tests.environment.releases.conftest import Clock

pytestmark = pytest.mark.timeout(60)

BEFORE, RELEASED = (f"arn:aws:ecs:r:1:task-definition/app-frontend:{n}" for n in (41, 42))
OLD, OURS = "ecs-svc/1111111111111111111", "ecs-svc/2222222222222222222"
FAILURE = f"(service app-frontend) (deployment {OURS}) deployment failed: tasks failed to start."


def deployment(identifier: str, status: str, state: str, **more: Any) -> dict[str, Any]:
    definition = RELEASED if identifier == OURS else BEFORE
    members = {"id": identifier, "status": status, "rolloutState": state, "desiredCount": 2}
    members["runningCount"] = 2 if state == "COMPLETED" else 1
    return {**members, "taskDefinition": definition, **more}


def answer(definition: str, *deployments: dict[str, Any], events: str = "") -> dict[str, Any]:
    """As DescribeServices describes one service."""
    messages = [{"id": "e", "createdAt": 1.0, "message": events}] if events else []
    found = {"serviceName": "app-frontend", "taskDefinition": definition, "events": messages}
    return {**found, "deployments": list(deployments)}


STALE = answer(BEFORE, deployment(OLD, "PRIMARY", "COMPLETED"))
GOING_ON = answer(
    RELEASED,
    deployment(OURS, "PRIMARY", "IN_PROGRESS", rolloutStateReason="in progress."),
    deployment(OLD, "ACTIVE", "COMPLETED"),
)
GIVEN_UP = answer(
    BEFORE,
    deployment(OLD, "PRIMARY", "IN_PROGRESS", rolloutStateReason="rolling back"),
    deployment(OURS, "ACTIVE", "FAILED", rolloutStateReason="ECS deployment circuit breaker"),
    events=FAILURE,
)
FORGOTTEN = answer(BEFORE, deployment(OLD, "PRIMARY", "COMPLETED"), events=FAILURE)
TAKEN_OVER = answer(
    BEFORE, deployment(OLD, "PRIMARY", "IN_PROGRESS"), deployment(OURS, "ACTIVE", "IN_PROGRESS")
)
DRAINING = answer(
    RELEASED, deployment(OURS, "PRIMARY", "COMPLETED"), deployment(OLD, "DRAINING", "COMPLETED")
)
DONE = answer(
    RELEASED, deployment(OURS, "PRIMARY", "COMPLETED"), deployment(OLD, "INACTIVE", "FAILED")
)


@pytest.mark.parametrize(
    ("shown", "seen", "waited", "expected"),
    [
        (STALE, False, 1.0, None),
        (GOING_ON, False, 1.0, None),
        (DONE, False, 1.0, ""),
        (GIVEN_UP, True, 9.0, "its deployment failed: ECS deployment circuit breaker"),
        (STALE, True, 30.0, "another deployment replaced this one: rolled back"),
        (FORGOTTEN, True, 30.0, f"its deployment failed: {FAILURE}"),
        (FORGOTTEN, False, 30.0, f"its deployment failed: {FAILURE}"),
        (STALE, False, 61.0, f"its deployment is not listed, and it runs {BEFORE}: rolled back"),
        (TAKEN_OVER, True, 9.0, "another deployment replaced this one: rolled back"),
        (DRAINING, True, 9.0, None),
    ],
)
def test_the_verdict_about_a_deployment(
    shown: dict[str, Any], seen: bool, waited: float, expected: str | None
) -> None:
    assert verdict(shown, Awaited("app-frontend", OURS, seen), waited) == expected


def test_a_service_is_back_when_its_tasks_run_and_no_others() -> None:
    """Alarms are watched for minutes after that."""
    runs = deployment(OURS, "PRIMARY", "IN_PROGRESS", runningCount=2)
    back, release = (
        Awaited("app-frontend", OURS, runs_is_enough=True),
        Awaited("app-frontend", OURS),
    )
    assert verdict(answer(RELEASED, runs), back, 1.0) == ""
    assert verdict(answer(RELEASED, runs), release, 1.0) is None
    assert verdict(answer(RELEASED, {**runs, "runningCount": 1}), back, 1.0) is None
    draining = deployment(OLD, "ACTIVE", "COMPLETED")
    assert verdict(answer(RELEASED, runs, draining), back, 1.0) is None


def test_the_event_of_another_deployment_says_nothing_of_this_one() -> None:
    other = FAILURE.replace(OURS, f"{OURS}3")
    shown = answer(BEFORE, deployment(OLD, "PRIMARY", "COMPLETED"), events=other)
    assert verdict(shown, Awaited("app-frontend", OURS), 1.0) is None


def test_an_answer_of_another_form_is_no_success() -> None:
    unknown = deployment(OURS, "PRIMARY", "COMPLETED")
    del unknown["rolloutState"]
    with pytest.raises(KeyError):
        verdict(answer(RELEASED, unknown), Awaited("app-frontend", OURS), 1.0)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [(STALE, False), (GOING_ON, False), (GIVEN_UP, True), (FORGOTTEN, True)],
)
def test_an_old_answer_is_not_taken_for_a_service_that_went_back(
    shown: dict[str, Any], expected: bool
) -> None:
    assert has_gone_back(shown, OURS, BEFORE) is expected


def forgetting(monkeypatch: pytest.MonkeyPatch) -> None:
    """ECS lists a failed deployment no longer, as after the time in which it does."""
    going_on = Service.go_on

    def forgets(service: Service) -> None:
        going_on(service)
        del service.deployments[1:]

    monkeypatch.setattr(Service, "go_on", forgets)


def test_a_service_that_fails_while_another_is_awaited_ends_the_release_at_once(
    account: Account, release: Release, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backend takes long. The frontend is rolled back before anybody has looked at it."""
    forgetting(monkeypatch)
    account.fails, account.stale = {"app-frontend"}, 1
    begun = clock.moment
    slow = account.services["app-backend"]
    monkeypatch.setattr(slow, "go_on", lambda: None)
    monkeypatch.setattr(putting_back, "BACK_WITHIN", 10.0)
    with pytest.raises(ReleaseError) as refused:
        module.deploy(account, release)
    assert "app-frontend: its deployment failed: (service app-frontend)" in str(refused.value)
    assert clock.moment - begun < 30.0
    assert account.runs("app-backend") == account.runs("app-frontend") == "old"


def test_a_release_in_a_form_that_nobody_expects_leaves_no_service_on_it(
    account: Account, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = Service.describe

    def without_state(service: Service) -> dict[str, Any]:
        found = describe(service)
        for each in found["deployments"]:
            each.pop("rolloutState")
        return found

    monkeypatch.setattr(Service, "describe", without_state)
    with pytest.raises(ReleaseError, match="KeyError"):
        module.deploy(account, release)
    assert account.runs("app-backend") == account.runs("app-frontend") == "old"


def test_a_service_goes_back_although_the_answer_is_from_before_the_release(
    account: Account, release: Release
) -> None:
    account.fails, account.stale = {"app-frontend"}, 2
    with pytest.raises(ReleaseError):
        module.deploy(account, release)
    assert account.runs("app-backend") == account.runs("app-frontend") == "old"
    assert account.latest == AS_BEFORE


def test_all_services_are_described_in_one_call(account: Account, release: Release) -> None:
    module.deploy(account, release)
    described = [call for call in account.calls if call[1] == "describe_services"]
    assert described[-1][2]["services"] == ["app-backend", "app-frontend"]

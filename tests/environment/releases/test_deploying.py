"""Deploy: a release stays as a whole, or not at all."""

from __future__ import annotations

import putting_back
import pytest
import release as module
import rollout
from release import Release, ReleaseError

from tests.environment.releases.account import AS_BEFORE, FAMILIES, Account, Service
from tests.environment.releases.conftest import Clock

pytestmark = pytest.mark.timeout(60)


def test_a_release_is_recorded_after_it_runs(account: Account, release: Release) -> None:
    module.migrate(account, release)
    module.deploy(account, release)
    assert account.parameters == {}
    module.verify(account, release)
    assert account.parameters == {"/app/backend/image-tag": "new", "/app/router/image-tag": "new"}
    assert account.latest == dict.fromkeys(FAMILIES, 2)


def test_an_earlier_deployment_is_not_mistaken_for_this_one(
    account: Account, release: Release
) -> None:
    """A description may still show the state before the update: one deployment, and complete."""
    account.stale = 3
    account.fails = {"app-backend"}
    with pytest.raises(ReleaseError, match="app-backend: its deployment failed: circuit breaker"):
        module.deploy(account, release)


@pytest.mark.parametrize("failing", ["app-backend", "app-frontend"])
def test_when_one_service_fails_the_other_is_put_back_too(
    account: Account, release: Release, failing: str
) -> None:
    module.migrate(account, release)
    account.fails = {failing}
    with pytest.raises(ReleaseError) as refused:
        module.deploy(account, release)
    assert f"{failing}: its deployment failed: circuit breaker" in str(refused.value)
    for name in ("app-backend", "app-frontend"):
        assert f"{name} is back at {name}:1" in str(refused.value)
        assert account.runs(name) == "old"
        primary = account.services[name].deployments[0]
        assert (primary["status"], primary["rolloutState"]) == ("PRIMARY", "COMPLETED")
    # Terraform finds the released revisions, including the migration's.
    assert account.latest == AS_BEFORE


def test_a_deployment_that_another_replaces_is_no_release(
    account: Account, release: Release
) -> None:
    """This holds when ECS no longer lists it, and when someone has updated the service
    meanwhile.
    """
    account.fails = {"app-backend"}
    going_on = Service.go_on

    def forgets(service: Service) -> None:
        going_on(service)
        del service.deployments[1:], service.events[:]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Service, "go_on", forgets)
        with pytest.raises(ReleaseError, match="another deployment replaced"):
            module.deploy(account, release)
    assert account.latest == AS_BEFORE


def test_a_service_that_cannot_start_puts_the_started_ones_back(
    account: Account, release: Release
) -> None:
    account.refuses = {"app-frontend"}
    with pytest.raises(ReleaseError, match="throttled"):
        module.deploy(account, release)
    assert account.runs("app-backend") == "old"
    assert account.latest == AS_BEFORE


def test_a_missing_service_is_reported(account: Account, release: Release) -> None:
    del account.services["app-frontend"]
    with pytest.raises(ReleaseError, match="there is no service app-frontend"):
        module.deploy(account, release)
    assert account.runs("app-backend") == "old"


def test_a_service_that_cannot_be_put_back_is_reported_and_its_revision_stays(
    account: Account, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.fails = {"app-frontend"}
    monkeypatch.setattr(putting_back, "go_back", refuse)
    with pytest.raises(ReleaseError, match="app-backend could not be put back: no"):
        module.deploy(account, release)
    assert account.runs("app-backend") == "new"
    assert account.latest["app-backend"] == 2


def refuse(*_: object) -> str:
    raise ReleaseError("no")


def test_a_failed_release_of_the_running_commit_deregisters_nothing(
    account: Account, release: Release
) -> None:
    """A rotation of secrets releases the same commit again: its revision is the live one."""
    module.migrate(account, release)
    module.deploy(account, release)
    account.fails = {"app-backend"}
    with pytest.raises(ReleaseError):
        module.deploy(account, release)
    assert account.latest == dict.fromkeys(FAMILIES, 2)
    assert account.runs("app-frontend") == "new"


def test_the_first_release_starts_the_number_of_tasks_in_the_definitions(
    account: Account, release: Release
) -> None:
    for service in account.services.values():
        service.desired = 0
    module.deploy(account, release)
    assert [service.desired for service in account.services.values()] == [2, 2]


@pytest.mark.parametrize("strategy", ["ROLLING", "LINEAR"])
def test_a_failed_first_release_leaves_the_services_empty(
    account: Account, release: Release, strategy: str
) -> None:
    account.fails, account.rolls_back = {"app-backend"}, False
    account.dies["app-frontend"] = True
    for service in account.services.values():
        service.desired, service.strategy = 0, strategy
    with pytest.raises(ReleaseError, match="app-backend is empty again"):
        module.deploy(account, release)
    assert [service.desired for service in account.services.values()] == [0, 0]
    assert account.latest == AS_BEFORE


def test_a_failed_later_release_keeps_its_tasks(account: Account, release: Release) -> None:
    account.fails, account.rolls_back = {"app-backend"}, False
    account.services["app-backend"].desired = 7
    with pytest.raises(ReleaseError, match="circuit breaker"):
        module.deploy(account, release)
    assert account.services["app-backend"].desired == 7


def test_a_release_that_does_not_become_stable_is_put_back(
    account: Account, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "STABLE_WITHIN", 0.0)
    with pytest.raises(ReleaseError, match="has not settled"):
        module.deploy(account, release)
    assert account.runs("app-backend") == account.runs("app-frontend") == "old"


def test_a_release_of_the_running_commit_replaces_its_tasks(
    account: Account, release: Release
) -> None:
    module.deploy(account, release)
    module.deploy(account, release)
    updates = [call for call in account.calls if call[1] == "update_service"]
    assert len(updates) == 4
    assert all(call[2]["forceNewDeployment"] for call in updates)


def test_later_releases_leave_the_number_of_tasks_to_scaling(
    account: Account, release: Release
) -> None:
    account.services["app-backend"].desired = 7
    module.deploy(account, release)
    assert account.services["app-backend"].desired == 7


@pytest.mark.parametrize("strategy", ["ROLLING", "CANARY"])
def test_a_deployment_that_shifts_requests_is_stopped(
    account: Account, release: Release, clock: Clock, strategy: str
) -> None:
    """Another one would shift them back slowly; the earlier tasks still run."""
    for name, service in account.services.items():
        service.strategy, account.dies[name] = strategy, True
    with pytest.raises(ReleaseError, match="app-backend is back at app-backend:1"):
        module.deploy(account, release)
    assert account.runs("app-backend") == account.runs("app-frontend") == "old"
    assert account.latest == AS_BEFORE
    changes = [call[1] for call in account.calls if call[1] in CHANGES]
    assert changes[2:] == [CHANGES[strategy == "CANARY"]] * 2


CHANGES = ("update_service", "stop_service_deployment")


def test_a_deployment_that_can_no_longer_be_stopped_is_replaced(
    account: Account, release: Release, clock: Clock
) -> None:
    service = account.services["app-frontend"]
    service.strategy, account.dies["app-frontend"] = "BLUE_GREEN", True
    account.refuses_to_stop.add("app-frontend")
    with pytest.raises(ReleaseError, match="app-frontend is back at app-frontend:1"):
        module.deploy(account, release)
    assert account.runs("app-frontend") == "old"
    assert [call[1] for call in account.calls if call[1] in CHANGES][-1] == "update_service"

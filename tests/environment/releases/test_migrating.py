"""The migration before a release, with the revisions that it registers."""

from __future__ import annotations

from typing import Any

import pytest
import release as module
import revisions
from release import Release, ReleaseError

from tests.environment.releases.account import APP, AS_BEFORE, ROUTER, Account
from tests.environment.releases.conftest import Clock

pytestmark = pytest.mark.timeout(60)


def test_only_our_own_images_get_the_new_tag(account: Account, release: Release) -> None:
    revision = revisions.next_revision(account.definition("app-backend"), release)
    images = [container["image"] for container in revision["containerDefinitions"]]
    assert images == [f"{APP}:new", f"{ROUTER}:new", "public.ecr.aws/thing:1"]


def test_the_same_release_registers_nothing(account: Account, release: Release) -> None:
    first, again = (
        revisions.register(account, revisions.latest(account, "app-backend"), release)
        for _ in range(2)
    )
    assert first == again
    assert [call[1] for call in account.calls].count("register_task_definition") == 1


def test_the_migration_runs_in_private_subnets_with_the_new_image(
    account: Account, release: Release
) -> None:
    module.migrate(account, release)
    looks = [call for call in account.calls if call[1] == "describe_task_definition"]
    assert len(looks) == 1
    (run,) = [call for call in account.calls if call[1] == "run_task"]
    assert run[2]["taskDefinition"] == "arn:aws:ecs:r:1:task-definition/app-migrate:2"
    network = run[2]["networkConfiguration"]
    assert network["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


@pytest.mark.parametrize("code", [1, 137, None])
def test_a_failed_migration_ends_the_release_and_leaves_no_revision(
    account: Account, release: Release, code: int | None
) -> None:
    account.exit_code = code
    with pytest.raises(ReleaseError, match="the migration failed"):
        module.migrate(account, release)
    assert account.latest == AS_BEFORE


ROUTER_ENDED = {"name": "router", "exitCode": 0}
NOTHING_RUNS: list[dict[str, Any]] = [
    {"run_task": {"tasks": [], "failures": []}},
    {"run_task": {"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]}},
    {"describe_tasks": {"tasks": [{"lastStatus": "STOPPED", "containers": []}]}},
    {"describe_tasks": {"tasks": [{"lastStatus": "STOPPED", "containers": [ROUTER_ENDED]}]}},
]


@pytest.mark.parametrize("answers", NOTHING_RUNS)
def test_a_migration_that_did_not_run_is_none(
    account: Account,
    release: Release,
    answers: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, answer in answers.items():
        monkeypatch.setattr(account, name, lambda _, answer=answer: answer)
    with pytest.raises(ReleaseError, match="the migration failed"):
        module.migrate(account, release)


def test_the_earlier_program_does_not_migrate_for_the_new_one(
    account: Account, release: Release
) -> None:
    """The log router beside it is one of ours, too."""
    (definition,) = account.revisions["app-migrate"]
    definition["containerDefinitions"][0]["image"] = "elsewhere/backend:old"
    with pytest.raises(ReleaseError, match="web of app-migrate has no image of this release"):
        module.migrate(account, release)


def test_a_failed_migration_of_the_released_commit_deregisters_nothing(
    account: Account, release: Release
) -> None:
    module.migrate(account, release)
    account.exit_code = 1
    with pytest.raises(ReleaseError):
        module.migrate(account, release)
    assert account.latest["app-migrate"] == 2


def test_a_short_migration_is_seen_soon_and_a_long_one_is_not_asked_for_each_second(
    account: Account, release: Release, clock: Clock
) -> None:
    account.not_yet = 0
    module.migrate(account, release)
    assert clock.slept == [1.0]
    account.not_yet = 6
    module.migrate(account, release)
    assert clock.slept[1:] == [1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0]

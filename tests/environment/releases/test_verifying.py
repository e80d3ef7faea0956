"""Verify: what runs is what was built."""

from __future__ import annotations

import pytest
import release as module
from release import Release, ReleaseError

from tests.environment.releases.account import Account

pytestmark = pytest.mark.timeout(60)


def test_another_image_under_the_same_tag_is_noticed_and_its_revision_kept(
    account: Account, release: Release
) -> None:
    module.deploy(account, release)
    account.running_digest = "sha256:other"
    with pytest.raises(ReleaseError, match="another image"):
        module.verify(account, release)
    assert account.parameters == {}
    # It runs: after a deregistration, none of its tasks could start.
    assert account.latest["app-backend"] == 2


def test_a_service_that_was_rolled_back_after_the_deploy_is_no_release(
    account: Account, release: Release
) -> None:
    module.deploy(account, release)
    account.services["app-backend"].deploy(account.arn("app-backend", 1))
    account.services["app-backend"].describe()
    with pytest.raises(ReleaseError, match="rolled back"):
        module.verify(account, release)
    assert account.parameters == {}
    assert account.latest["app-backend"] == 1
    assert account.latest["app-frontend"] == 2  # it runs


def test_a_service_without_tasks_is_no_release(account: Account, release: Release) -> None:
    module.deploy(account, release)
    account.services["app-backend"].desired = 0
    with pytest.raises(ReleaseError, match="no task runs"):
        module.verify(account, release)

"""Verify: what runs is what was built."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import release as module
from release import Release, ReleaseError
from verification import Running, unlike

from tests.environment.releases.account import APP, ROUTER, SYSTEM, Account
from tests.environment.releases.conftest import Clock

pytestmark = pytest.mark.timeout(60)


def test_another_image_under_the_same_tag_is_noticed_and_its_revision_kept(
    account: Account, release: Release
) -> None:
    module.deploy(account, release)
    account.shown = {"imageDigest": "sha256:other"}
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


def test_a_service_without_tasks_is_no_release(
    account: Account, release: Release, clock: Clock
) -> None:
    module.deploy(account, release)
    account.services["app-backend"].desired = 0
    with pytest.raises(ReleaseError, match="no task runs"):
        module.verify(account, release)


BUILT = {APP: "sha256:app", ROUTER: "sha256:router"}
WEB = {"name": "web", "image": f"{APP}:new", "imageDigest": "sha256:app"}
BESIDE = {"name": "router", "image": f"{ROUTER}:new", "imageDigest": "sha256:router"}
TASK = {"taskArn": "arn:task/app/t1", "containers": [WEB, BESIDE]}


def found(*tasks: dict[str, Any], **images: str) -> Running:
    """A service with these tasks; `images`: what its definition has besides the usual ones."""
    usual = {"web": f"{APP}:new", "router": f"{ROUTER}:new", "other": "public.ecr.aws/thing:1"}
    containers = [{"name": n, "image": image} for n, image in {**usual, **images}.items() if image]
    return Running("app", {"containerDefinitions": containers}, tasks)


def with_web(**members: str | None) -> dict[str, Any]:
    return {**TASK, "containers": [{**WEB, **members}, BESIDE]}


@pytest.mark.parametrize(
    "image",
    [f"{APP}:new", f"{APP}@sha256:app", f"{APP}:new@sha256:app"],
)
@pytest.mark.parametrize("digest", ["sha256:app", None])
def test_the_built_image_is_known_by_tag_and_by_digest(
    release: Release, image: str, digest: str | None
) -> None:
    troubles = list(unlike([found(with_web(image=image, imageDigest=digest))], release, BUILT))
    said = digest is None and "@" not in image
    assert troubles == (["app: task t1 does not say which image web runs"] if said else [])


@pytest.mark.parametrize(
    ("task", "trouble"),
    [
        (with_web(image=f"{APP}@sha256:x", imageDigest=None), "another image of web.*sha256:x"),
        (with_web(image=f"{APP}:new@sha256:x"), "another image of web.*sha256:x"),
        (with_web(imageDigest="sha256:x"), "another image of web.*sha256:x"),
        (with_web(image=f"{APP}:old"), "t1 runs web old, not new"),
        (with_web(image=None, imageDigest=None), "does not say which image web runs"),
        ({**TASK, "containers": [WEB]}, "t1 has no container router"),
        ({**TASK, "containers": []}, "t1 has no container web"),
    ],
)
def test_a_task_that_is_not_compared_is_a_difference(
    release: Release, task: dict[str, Any], trouble: str
) -> None:
    assert re.search(trouble, "\n".join(unlike([found(TASK, task)], release, BUILT)))


@pytest.mark.parametrize(
    ("services", "trouble"),
    [
        ([], f"no service runs {APP}"),
        ([found()], "app: no task runs"),
        ([found(TASK, router="")], f"no service runs {ROUTER}"),
        ([found(TASK, web="", router="")], "none of its containers has an image"),
        ([found(TASK, web=f"{APP}:old")], "it runs web old, not new: rolled back"),
        ([found(TASK, web=f"{APP}@sha256:x")], "it runs web sha256:x, not new: rolled back"),
    ],
)
def test_a_release_that_nothing_runs_is_a_difference(
    release: Release, services: list[Running], trouble: str
) -> None:
    assert trouble in "\n".join(unlike(services, release, BUILT))


def test_only_running_tasks_of_the_primary_deployment_are_compared(
    account: Account, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Auto scaling starts a task, whose image is not there yet; an earlier one has not ended."""
    module.deploy(account, release)
    others = {
        "t0": {"lastStatus": "PENDING", "containers": [{"name": "web"}, {"name": "router"}]},
        "t1": {"startedBy": "ecs-svc/0", "containers": []},
    }
    for service in account.services.values():
        service.desired = 3

    def task(arn: str) -> dict[str, Any]:
        return {**Account.task(account, arn), **others.get(arn.rpartition("/")[2], {})}

    monkeypatch.setattr(account, "task", task)
    module.verify(account, release)
    assert set(account.parameters.values()) == {"new"}


def test_a_task_that_is_starting_is_waited_for(
    account: Account, release: Release, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.deploy(account, release)
    until = clock.moment + 30.0

    def task(arn: str) -> dict[str, Any]:
        status = "RUNNING" if clock.moment >= until else "PENDING"
        return {**Account.task(account, arn), "lastStatus": status}

    monkeypatch.setattr(account, "task", task)
    module.verify(account, release)
    assert until <= clock.moment < until + 10.0


def test_a_tag_without_a_digest_in_the_registry_is_no_release(
    account: Account, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.deploy(account, release)
    for answer in ({"imageDetails": []}, {"imageDetails": [{"imageTags": ["new"]}]}):
        monkeypatch.setattr(account, "describe_images", lambda _, answer=answer: answer)
        with pytest.raises(ReleaseError, match="has no image new"):
            module.verify(account, release)
    assert account.parameters == {}


@pytest.mark.parametrize(
    ("system", "tag"),
    [({**SYSTEM, "services": {}}, "new"), ({**SYSTEM, "images": {}}, "new"), (SYSTEM, "")],
)
def test_a_release_of_nothing_is_refused(system: dict[str, Any], tag: str) -> None:
    with pytest.raises(ReleaseError, match=r"RELEASE names no|IMAGE_TAG is empty"):
        Release(system, tag)


@pytest.mark.parametrize("action", ["migrate", "deploy", "verify"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "KeyError: 'RELEASE'"),
        ({"RELEASE": "{}", "IMAGE_TAG": "new"}, "KeyError: 'services'"),
        ({"RELEASE": json.dumps({**SYSTEM, "images": {}}), "IMAGE_TAG": "new"}, "error: RELEASE"),
        ({"RELEASE": json.dumps(SYSTEM), "IMAGE_TAG": ""}, "error: IMAGE_TAG is empty"),
    ],
)
def test_an_action_that_is_not_told_what_to_release_fails(
    action: str, given: dict[str, str], said: str
) -> None:
    command = [sys.executable, str(module.__file__), action]
    outcome = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert said in outcome.stderr


@pytest.mark.parametrize("stage", [module.migrate, module.deploy])
def test_a_definition_without_an_image_of_the_release_is_not_released(
    account: Account, release: Release, stage: Callable[[Account, Release], None]
) -> None:
    """The earlier program would migrate, or serve, as the released one."""
    for family in account.revisions:
        (definition,) = account.revisions[family]
        definition["containerDefinitions"] = definition["containerDefinitions"][2:]
    with pytest.raises(ReleaseError, match="image of this release"):
        stage(account, release)


@pytest.mark.parametrize("image", [f"{APP}:old", f"{APP}@sha256:a", f"{APP}:old@sha256:a"])
def test_an_image_that_is_pinned_by_its_digest_is_released(release: Release, image: str) -> None:
    assert release.image(image) == f"{APP}:new"
    assert release.image("localhost:5000/app") == "localhost:5000/app"

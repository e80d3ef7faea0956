"""Migrate, Deploy and Verify against a recorded AWS: a rollback never counts as a release."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILDSPECS = ROOT / "environment" / "buildspecs"
REGISTRY = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com"
APP, ROUTER = f"{REGISTRY}/app/backend", f"{REGISTRY}/app/router"
SYSTEM = {
    "cluster": "app",
    "services": {
        "backend": {
            "service": "app-backend",
            "family": "app-backend",
            "container": "web",
            "tasks": 2,
        }
    },
    "migrate": {
        "family": "app-migrate",
        "container": "web",
        "subnets": ["subnet-1"],
        "security_group": "sg-1",
        "log_group": "/app/migrate",
    },
    "images": {
        "backend": {"repository": APP, "tag_parameter": "/app/backend/image-tag"},
        "router": {"repository": ROUTER, "tag_parameter": "/app/router/image-tag"},
    },
}


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", BUILDSPECS / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["release"] = module
    spec.loader.exec_module(module)
    module._POLL = 0.0  # type: ignore[attr-defined]
    return module


class Account:
    """The `aws` command of an account with one service, as far as a release calls it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.definitions = {
            "app-backend": self.definition("app-backend"),
            "app-migrate": self.definition("app-migrate"),
        }
        self.running_tag = "old"
        self.running_digest = "sha256:new"
        self.rolls_back = False
        self.rollout_state = "COMPLETED"
        self.earlier_deployments: list[dict[str, str]] = []
        self.desired = 1
        self.exit_code: int | None = 0
        self.parameters: dict[str, str] = {}
        self.deregistered: list[str] = []

    def definition(self, family: str, revision: int = 1, tag: str = "old") -> dict[str, Any]:
        return {
            "taskDefinitionArn": f"arn:aws:ecs:r:1:task-definition/{family}:{revision}",
            "revision": revision,
            "status": "ACTIVE",
            "family": family,
            "cpu": "256",
            "containerDefinitions": [
                {"name": "web", "image": f"{APP}:{tag}"},
                {"name": "router", "image": f"{ROUTER}:{tag}"},
                {"name": "other", "image": "public.ecr.aws/thing:1"},
            ],
        }

    def __call__(self, *arguments: str) -> Any:
        self.calls.append(arguments)
        options = dict(zip(arguments[2::2], arguments[3::2], strict=False))
        return getattr(self, arguments[1].replace("-", "_"))(options)

    def describe_task_definition(self, options: dict[str, str]) -> Any:
        return {"taskDefinition": self.definitions[options["--task-definition"]], "tags": []}

    def register_task_definition(self, options: dict[str, str]) -> Any:
        given = json.loads(options["--cli-input-json"])
        assert "revision" not in given
        assert "status" not in given
        family = given["family"]
        made = {**given, "taskDefinitionArn": f"arn:aws:ecs:r:1:task-definition/{family}:2"}
        self.definitions[family] = made
        return {"taskDefinition": made}

    def deregister_task_definition(self, options: dict[str, str]) -> Any:
        self.deregistered.append(options["--task-definition"])

    def run_task(self, _options: dict[str, str]) -> Any:
        return {"tasks": [{"taskArn": "arn:task/app/m1"}], "failures": []}

    def update_service(self, options: dict[str, str]) -> Any:
        self.desired = int(options.get("--desired-count", self.desired))
        if not self.rolls_back:
            self.running_tag = "new"

    def describe_services(self, _options: dict[str, str]) -> Any:
        deployments = [
            {"rolloutState": self.rollout_state, "rolloutStateReason": "circuit breaker"}
        ]
        deployments += self.earlier_deployments
        return {"services": [{"desiredCount": self.desired, "deployments": deployments}]}

    def list_tasks(self, _options: dict[str, str]) -> Any:
        return {"taskArns": ["arn:task/app/t1"] if self.desired else []}

    def describe_tasks(self, options: dict[str, str]) -> Any:
        if options["--tasks"].endswith("m1"):
            containers = [
                {"name": "web", "exitCode": self.exit_code},
                {"name": "router", "exitCode": 0},
            ]
            task = {
                "lastStatus": "STOPPED",
                "stoppedReason": "Essential container exited",
                "containers": containers,
            }
            return {"tasks": [task]}
        containers = [
            {
                "name": "web",
                "image": f"{APP}:{self.running_tag}",
                "imageDigest": self.running_digest,
            },
            {"name": "other", "image": "public.ecr.aws/thing:1", "imageDigest": "sha256:x"},
        ]
        return {"tasks": [{"taskArn": "arn:task/app/t1", "containers": containers}]}

    def describe_images(self, _options: dict[str, str]) -> Any:
        return {"imageDetails": [{"imageDigest": "sha256:new"}]}

    def put_parameter(self, options: dict[str, str]) -> Any:
        self.parameters[options["--name"]] = options["--value"]


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def release(module: ModuleType) -> Any:
    return module.Release(SYSTEM, "new")


def test_only_our_own_images_get_the_new_tag(
    module: ModuleType, account: Account, release: Any
) -> None:
    revision = module.next_revision(account.definition("app-backend"), release)
    images = [container["image"] for container in revision["containerDefinitions"]]
    assert images == [f"{APP}:new", f"{ROUTER}:new", "public.ecr.aws/thing:1"]


def test_the_same_release_again_registers_nothing(
    module: ModuleType, account: Account, release: Any
) -> None:
    first = module.register(account, "app-backend", release)
    again = module.register(account, "app-backend", release)
    assert first == again
    assert [call[1] for call in account.calls].count("register-task-definition") == 1


def test_a_release_is_recorded_once_it_runs(
    module: ModuleType, account: Account, release: Any
) -> None:
    module.migrate(account, release)
    module.deploy(account, release)
    assert account.parameters == {}
    module.verify(account, release)
    assert account.parameters == {"/app/backend/image-tag": "new", "/app/router/image-tag": "new"}
    assert account.deregistered == []


def test_the_migration_runs_in_private_with_the_new_image(
    module: ModuleType, account: Account, release: Any
) -> None:
    module.migrate(account, release)
    (run,) = [call for call in account.calls if call[1] == "run-task"]
    assert "arn:aws:ecs:r:1:task-definition/app-migrate:2" in run
    network = json.loads(run[run.index("--network-configuration") + 1])
    assert network["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


@pytest.mark.parametrize("code", [1, 137, None])
def test_a_failed_migration_ends_the_release(
    module: ModuleType, account: Account, release: Any, code: int | None
) -> None:
    account.exit_code = code
    with pytest.raises(module.ReleaseError, match="the migration failed"):
        module.migrate(account, release)


def test_a_rollback_fails_the_release_and_leaves_no_trace(
    module: ModuleType, account: Account, release: Any
) -> None:
    account.rolls_back = True
    module.deploy(account, release)
    with pytest.raises(module.ReleaseError, match="rolled back"):
        module.verify(account, release)
    assert account.parameters == {}
    assert account.deregistered == ["arn:aws:ecs:r:1:task-definition/app-backend:2"]


@pytest.mark.timeout(20)
def test_a_first_release_that_fails_does_not_wait_for_a_rollback_that_cannot_be(
    module: ModuleType, account: Account, release: Any
) -> None:
    account.rollout_state = "FAILED"
    with pytest.raises(module.ReleaseError, match="nothing to go back to: circuit breaker"):
        module.deploy(account, release)


@pytest.mark.timeout(20)
def test_a_first_release_that_fails_leaves_the_service_empty(
    module: ModuleType, account: Account, release: Any
) -> None:
    account.rollout_state, account.desired = "FAILED", 0
    account.earlier_deployments = [{"rolloutState": "COMPLETED"}]  # the bootstrap's
    with pytest.raises(module.ReleaseError, match="nothing to go back to"):
        module.deploy(account, release)
    assert account.desired == 0
    assert account.deregistered == ["arn:aws:ecs:r:1:task-definition/app-backend:2"]


@pytest.mark.timeout(20)
def test_a_later_release_that_fails_keeps_its_tasks(
    module: ModuleType, account: Account, release: Any
) -> None:
    account.rollout_state = "FAILED"
    with pytest.raises(module.ReleaseError, match="nothing to go back to"):
        module.deploy(account, release)
    assert account.desired == 1


def test_another_image_under_the_same_tag_is_noticed(
    module: ModuleType, account: Account, release: Any
) -> None:
    module.deploy(account, release)
    account.running_digest = "sha256:other"
    with pytest.raises(module.ReleaseError, match="another image"):
        module.verify(account, release)


def test_a_service_without_tasks_is_no_release(
    module: ModuleType, account: Account, release: Any
) -> None:
    account.running_tag, account.desired = "new", 0
    with pytest.raises(module.ReleaseError, match="no task runs"):
        module.verify(account, release)


def test_the_first_release_starts_as_many_as_scaling_wants(
    module: ModuleType, account: Account, release: Any
) -> None:
    account.desired = 0
    module.deploy(account, release)
    assert account.desired == 2


def test_a_release_of_what_runs_replaces_its_tasks(
    module: ModuleType, account: Account, release: Any
) -> None:
    module.deploy(account, release)
    module.deploy(account, release)
    updates = [call for call in account.calls if call[1] == "update-service"]
    assert len(updates) == 2
    assert all("--force-new-deployment" in call for call in updates)


def test_later_releases_leave_the_number_to_scaling(
    module: ModuleType, account: Account, release: Any
) -> None:
    account.desired = 7
    module.deploy(account, release)
    assert account.desired == 7

"""Migrate, Deploy and Verify on an account in memory: a release stays as a whole, or not at all."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import release as module
import revisions
import rollout
from release import Release, ReleaseError

REGISTRY = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com"
APP, ROUTER = f"{REGISTRY}/app/backend", f"{REGISTRY}/app/router"
SYSTEM = {
    "cluster": "app",
    "services": {
        name: {"service": f"app-{name}", "family": f"app-{name}", "container": "web", "tasks": 2}
        for name in ("backend", "frontend")
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
FAMILIES = ("app-backend", "app-frontend", "app-migrate")
pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "POLL", 0.0)


@dataclass
class Service:
    """A service with its deployments, the primary one first, as DescribeServices returns them."""

    revision: str
    desired: int = 1
    deployments: list[dict[str, Any]] = field(default_factory=list)
    stale: int = 0  # this many descriptions still show the state before the last update
    before: dict[str, Any] = field(default_factory=dict)
    number: int = 0

    def describe(self) -> dict[str, Any]:
        if self.stale:
            self.stale -= 1
            return self.before
        found = {
            "taskDefinition": self.revision,
            "desiredCount": self.desired,
            "deployments": [dict(each) for each in self.deployments],
        }
        self._go_on()
        return found

    def _go_on(self) -> None:
        """The work of ECS between two descriptions: one deployment completes or is rolled back."""
        primary = self.deployments[0]
        if primary["rolloutState"] == "IN_PROGRESS":
            if primary.get("fails"):
                primary["rolloutState"] = "FAILED"
                primary["rolloutStateReason"] = "circuit breaker"
                if primary.get("rolls_back"):
                    self.deploy(primary["rolls_back"])
            else:
                primary["rolloutState"] = "COMPLETED"
                gone = [d for d in self.deployments[1:] if d["rolloutState"] == "FAILED"]
                self.deployments[1:] = [{**d, "status": "INACTIVE"} for d in gone[:1]]

    def deploy(self, revision: str, **how: Any) -> None:
        self.before = {**self.describe_now(), "deployments": [dict(d) for d in self.deployments]}
        for each in self.deployments:
            each["status"] = "ACTIVE"
        self.number += 1
        new = {
            "id": f"ecs-svc/{self.number}",
            "status": "PRIMARY",
            "rolloutState": "IN_PROGRESS",
        }
        self.deployments.insert(0, {**new, "taskDefinition": revision, **how})
        self.revision = revision

    def describe_now(self) -> dict[str, Any]:
        return {"taskDefinition": self.revision, "desiredCount": self.desired}


class Account:
    """The `aws` command on an account with two services, as far as a release calls it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.revisions = {family: [self.definition(family)] for family in FAMILIES}
        self.services: dict[str, Service] = {}
        for name in ("app-backend", "app-frontend"):
            service = Service(self.arn(name, 1))
            service.deploy(self.arn(name, 1))
            service.describe()
            self.services[name] = service
        self.running_digest = "sha256:new"
        self.fails: set[str] = set()
        self.refuses: set[str] = set()
        self.rolls_back = True
        self.stale = 0
        self.not_yet = 1
        self.exit_code: int | None = 0
        self.ends: dict[str, dict[str, Any]] = {}  # by service: how a task of its release ends
        self.age = 100.0  # seconds
        self.parameters: dict[str, str] = {}
        self.deregistered: list[dict[str, Any]] = []

    @staticmethod
    def arn(family: str, revision: int) -> str:
        return f"arn:aws:ecs:r:1:task-definition/{family}:{revision}"

    def definition(self, family: str, revision: int = 1, tag: str = "old") -> dict[str, Any]:
        return {
            "taskDefinitionArn": self.arn(family, revision),
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

    @property
    def latest(self) -> dict[str, int]:
        """The number of the latest revision of each family."""
        return {family: found[-1]["revision"] for family, found in self.revisions.items()}

    def runs(self, name: str) -> str:
        """The tag that a service runs."""
        arn = self.services[name].deployments[0]["taskDefinition"]
        for found in self.everything:
            if found["taskDefinitionArn"] == arn:
                return str(found["containerDefinitions"][0]["image"].rpartition(":")[2])
        raise AssertionError(arn)

    def __call__(self, *arguments: str) -> Any:
        self.calls.append(arguments)
        options = dict(zip(arguments[2::2], arguments[3::2], strict=False))
        return getattr(self, arguments[1].replace("-", "_"))(options)

    @property
    def everything(self) -> list[dict[str, Any]]:
        return [each for found in self.revisions.values() for each in found] + self.deregistered

    def describe_task_definition(self, options: dict[str, str]) -> Any:
        return {"taskDefinition": self.revisions[options["--task-definition"]][-1], "tags": []}

    def register_task_definition(self, options: dict[str, str]) -> Any:
        given = json.loads(options["--cli-input-json"])
        assert "revision" not in given
        assert "status" not in given
        family = given["family"]
        number = 1 + max(e["revision"] for e in self.everything if e["family"] == family)
        made = {**given, "taskDefinitionArn": self.arn(family, number), "revision": number}
        self.revisions[family].append(made)
        return {"taskDefinition": made}

    def deregister_task_definition(self, options: dict[str, str]) -> Any:
        for found in self.revisions.values():
            for each in list(found):
                if each["taskDefinitionArn"] == options["--task-definition"]:
                    found.remove(each)
                    self.deregistered.append(each)

    def run_task(self, _options: dict[str, str]) -> Any:
        return {"tasks": [{"taskArn": "arn:task/app/m1"}], "failures": []}

    def update_service(self, options: dict[str, str]) -> Any:
        name = options["--service"]
        service = self.services[name]
        if name in self.refuses:
            raise ReleaseError("aws ecs update-service: throttled")
        revision, before = options["--task-definition"], service.revision
        service.desired = int(options.get("--desired-count", service.desired))
        fails = name in self.fails and not revision.endswith(":1")
        service.deploy(
            revision, fails=fails, rolls_back=before if fails and self.rolls_back else None
        )
        service.stale = self.stale
        return {"service": {"deployments": [dict(each) for each in service.deployments]}}

    def describe_services(self, options: dict[str, str]) -> Any:
        if options["--services"] not in self.services:
            return {"services": [], "failures": [{"reason": "MISSING"}]}
        return {"services": [self.services[options["--services"]].describe()]}

    def list_tasks(self, options: dict[str, str]) -> Any:
        name = options["--service-name"]
        if options.get("--desired-status") == "STOPPED":
            return {"taskArns": [f"arn:task/{name}/ended"] if name in self.ends else []}
        count = self.services[name].desired
        return {"taskArns": [f"arn:task/{name}/t{number}" for number in range(count)]}

    def describe_tasks(self, options: dict[str, str]) -> Any:
        if options["--tasks"].endswith("m1") and self.not_yet:
            self.not_yet -= 1
            return {"tasks": [], "failures": [{"reason": "MISSING"}]}
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
        arns = self.calls[-1][self.calls[-1].index("--tasks") + 1 :]
        assert len(arns) <= 100, "the API refuses more"
        return {"tasks": [self.task(arn) for arn in arns]}

    def task(self, arn: str) -> dict[str, Any]:
        name = arn.split("/")[1]
        by = self.services[name].deployments[0]["id"]
        if arn.endswith("ended"):
            ended = {"lastStatus": "STOPPED", "startedBy": by, "startedAt": 1.0, "containers": []}
            return {**ended, "taskArn": arn, **self.ends[name]}
        started = datetime.fromtimestamp(time.time() - self.age, UTC).isoformat()
        runs = {"lastStatus": "RUNNING", "startedBy": by, "startedAt": started}
        containers = [
            {
                "name": "web",
                "image": f"{APP}:{self.runs(name)}",
                "imageDigest": self.running_digest,
            },
            {"name": "other", "image": "public.ecr.aws/thing:1", "imageDigest": "sha256:x"},
        ]
        return {**runs, "taskArn": arn, "containers": containers}

    def describe_images(self, _options: dict[str, str]) -> Any:
        return {"imageDetails": [{"imageDigest": "sha256:new"}]}

    def put_parameter(self, options: dict[str, str]) -> Any:
        self.parameters[options["--name"]] = options["--value"]


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def release() -> Release:
    return Release(SYSTEM, "new")


AS_BEFORE = dict.fromkeys(FAMILIES, 1)


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
    assert [call[1] for call in account.calls].count("register-task-definition") == 1


# --- Migrate -------------------------------------------------------------------------------------


def test_the_migration_runs_in_private_subnets_with_the_new_image(
    account: Account, release: Release
) -> None:
    module.migrate(account, release)
    looks = [call for call in account.calls if call[1] == "describe-task-definition"]
    assert len(looks) == 1, "each takes a second"
    (run,) = [call for call in account.calls if call[1] == "run-task"]
    assert "arn:aws:ecs:r:1:task-definition/app-migrate:2" in run
    network = json.loads(run[run.index("--network-configuration") + 1])
    assert network["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


@pytest.mark.parametrize("code", [1, 137, None])
def test_a_failed_migration_ends_the_release_and_leaves_no_revision(
    account: Account, release: Release, code: int | None
) -> None:
    account.exit_code = code
    with pytest.raises(ReleaseError, match="the migration failed"):
        module.migrate(account, release)
    assert account.latest == AS_BEFORE


def test_a_failed_migration_of_the_released_commit_deregisters_nothing(
    account: Account, release: Release
) -> None:
    module.migrate(account, release)
    account.exit_code = 1
    with pytest.raises(ReleaseError):
        module.migrate(account, release)
    assert account.latest["app-migrate"] == 2


# --- Deploy --------------------------------------------------------------------------------------


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
    with pytest.raises(ReleaseError, match="app-backend failed: circuit breaker"):
        module.deploy(account, release)


@pytest.mark.parametrize("failing", ["app-backend", "app-frontend"])
def test_when_one_service_fails_the_other_is_put_back_too(
    account: Account, release: Release, failing: str
) -> None:
    module.migrate(account, release)
    account.fails = {failing}
    with pytest.raises(ReleaseError) as refused:
        module.deploy(account, release)
    assert f"{failing} failed: circuit breaker" in str(refused.value)
    for name in ("app-backend", "app-frontend"):
        assert f"{name} is back at {name}:1" in str(refused.value)
        assert account.runs(name) == "old"
        primary = account.services[name].deployments[0]
        assert (primary["status"], primary["rolloutState"]) == ("PRIMARY", "COMPLETED")
    # Terraform finds the released revisions, including the migration's.
    assert account.latest == AS_BEFORE


EXITED = {
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
}
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
    """The command takes a second to start. Above a hundred tasks a call is not enough."""
    account.ends = {"app-frontend": SCALED}
    account.services["app-backend"].desired = 100
    account.services["app-frontend"].desired = 100
    module.deploy(account, release)
    described = [call for call in account.calls if call[1] == "describe-tasks"]
    rolled = [len(call) - call.index("--tasks") - 1 for call in described]
    assert sorted(rolled)[-3:] == [1, 100, 100]
    account.calls.clear()
    account.services["app-frontend"].desired = 2
    module.deploy(account, release)
    described = [call for call in account.calls if call[1] == "describe-tasks"]
    assert [call[-1] for call in described].count("arn:task/app-frontend/ended") == 1
    assert "arn:task/app-frontend/t1" in next(c for c in described if c[-1].endswith("ended"))


def test_the_tasks_are_watched_until_they_have_run_for_a_while(
    account: Account, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never for longer than that, whatever auto scaling starts meanwhile."""
    monkeypatch.setattr(rollout, "STAYS_FOR", 0.2)
    account.age = 0.0
    module.deploy(account, release)
    assert [call[1] for call in account.calls].count("list-tasks") > 4
    monkeypatch.setattr(rollout, "STAYS_FOR", 50.0)
    account.age = 51.0
    module.deploy(account, release)


@dataclass
class Clock:
    """The times and the sleep of the stages. A sleep only moves it on."""

    moment: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds

    def now(self) -> float:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(rollout, "POLL", 5.0)
    monkeypatch.setattr(time, "sleep", made.sleep)
    for name in ("time", "monotonic"):
        monkeypatch.setattr(time, name, made.now)
    return made


def test_a_short_migration_is_seen_soon_and_a_long_one_is_not_asked_for_each_second(
    account: Account, release: Release, clock: Clock
) -> None:
    account.not_yet = 0
    module.migrate(account, release)
    assert clock.slept == [1.0]
    account.not_yet = 6
    module.migrate(account, release)
    assert clock.slept[1:] == [1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0]


def test_the_watch_ends_when_the_youngest_task_has_run_for_long_enough(
    account: Account, release: Release, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with the next look after that."""
    monkeypatch.setattr(rollout, "STAYS_FOR", 60.0)
    started = clock.moment - 53.0

    def task(arn: str) -> dict[str, Any]:
        account.age = clock.moment - started
        return Account.task(account, arn)

    monkeypatch.setattr(account, "task", task)
    module.deploy(account, release)
    assert clock.moment == started + 60.0


def test_both_versions_of_the_aws_command_are_read() -> None:
    assert rollout.seconds("2026-11-26T09:00:00.5+09:00") == 1795651200.5
    assert rollout.seconds("2026-11-26T00:00:00Z") == rollout.seconds(1795651200) == 1795651200


def test_a_deployment_that_another_replaces_is_no_release(
    account: Account, release: Release
) -> None:
    """This holds when ECS no longer lists it, and when someone has updated the service
    meanwhile.
    """
    account.fails = {"app-backend"}
    going_on = Service._go_on

    def forgets(service: Service) -> None:
        going_on(service)
        del service.deployments[1:]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Service, "_go_on", forgets)
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
    monkeypatch.setattr(rollout, "_go_back", refuse)
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


def test_a_failed_first_release_leaves_the_services_empty(
    account: Account, release: Release
) -> None:
    account.fails, account.rolls_back = {"app-backend"}, False
    for service in account.services.values():
        service.desired = 0
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
    updates = [call for call in account.calls if call[1] == "update-service"]
    assert len(updates) == 4
    assert all("--force-new-deployment" in call for call in updates)


def test_later_releases_leave_the_number_of_tasks_to_scaling(
    account: Account, release: Release
) -> None:
    account.services["app-backend"].desired = 7
    module.deploy(account, release)
    assert account.services["app-backend"].desired == 7


# --- Verify --------------------------------------------------------------------------------------


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

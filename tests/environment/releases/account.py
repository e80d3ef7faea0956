"""An account in memory, as far as a release calls it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pages import Answer
from release import ReleaseError

REGISTRY = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com"
APP, ROUTER = f"{REGISTRY}/app/backend", f"{REGISTRY}/app/router"
SITE = "https://app.example.com"
SYSTEM = {
    "cluster": "app",
    "site": SITE,
    "services": {
        name: {
            "service": f"app-{name}",
            "family": f"app-{name}",
            "container": "web",
            "tasks": 2,
            "pages": [f"/{name}", f"/{name}/fresh"],
        }
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


EXITED = {
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
}
AS_BEFORE = dict.fromkeys(FAMILIES, 1)


@dataclass
class Service:
    """A service with its deployments, the primary one first, as DescribeServices returns them."""

    name: str
    revision: str
    desired: int = 1
    strategy: str = "ROLLING"
    deployments: list[dict[str, Any]] = field(default_factory=list)
    stale: int = 0  # this many descriptions still show the state before the last update
    before: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    died: int = 0  # tasks that ended by themselves
    events: list[dict[str, Any]] = field(default_factory=list)  # the newest first

    def describe(self) -> dict[str, Any]:
        if self.stale:
            self.stale -= 1
            return self.before
        found = {**self.describe_now(), "deployments": [dict(each) for each in self.deployments]}
        self.go_on()
        return found

    def go_on(self) -> None:
        """The work of ECS between two descriptions: one deployment completes or is rolled back."""
        primary = self.deployments[0]
        if primary["rolloutState"] == "IN_PROGRESS":
            if primary.get("dies") is not None:
                self.died += 1
                primary["runningCount"] = self.died % 2  # another one starts
                primary["failedTasks"] = self.died if primary["dies"] else 0
            elif primary.get("fails"):
                primary["rolloutState"] = "FAILED"
                primary["rolloutStateReason"] = "circuit breaker"
                which = f"(service {self.name}) (deployment {primary['id']})"
                self.events.insert(0, {"message": f"{which} deployment failed: no start."})
                if primary.get("rolls_back"):
                    self.deploy(primary["rolls_back"])
            else:
                primary.update(rolloutState="COMPLETED", runningCount=primary["desiredCount"])
                gone = [d for d in self.deployments[1:] if d["rolloutState"] == "FAILED"]
                self.deployments[1:] = [{**d, "status": "INACTIVE"} for d in gone[:1]]

    def deploy(self, revision: str, **how: Any) -> None:
        self.before = {**self.describe_now(), "deployments": [dict(d) for d in self.deployments]}
        for each in self.deployments:
            each["status"] = "ACTIVE"
        self.number += 1
        new = {
            "id": f"ecs-svc/{self.name}-{self.number}",
            "status": "PRIMARY",
            "rolloutState": "IN_PROGRESS",
            "desiredCount": self.desired,
            "runningCount": 0,
        }
        self.deployments.insert(0, {**new, "taskDefinition": revision, **how})
        self.revision = revision

    def describe_now(self) -> dict[str, Any]:
        return {
            "serviceName": self.name,
            "taskDefinition": self.revision,
            "desiredCount": self.desired,
            "deploymentConfiguration": {"strategy": self.strategy},
            "currentServiceDeployment": f"arn:service-deployment/app/{self.name}/{self.number}",
            "events": list(self.events),
        }


def at(seconds: float) -> datetime:
    """A moment as boto3 has it."""
    return datetime.fromtimestamp(seconds, UTC)


class Account:
    """`aws_calls.Aws` of an account with two services, as far as a release calls it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.revisions = {family: [self.definition(family)] for family in FAMILIES}
        self.services: dict[str, Service] = {}
        for name in ("app-backend", "app-frontend"):
            service = Service(name, self.arn(name, 1))
            service.deploy(self.arn(name, 1))
            service.describe()
            self.services[name] = service
        self.shown: dict[str, Any] = {"imageDigest": "sha256:new"}  # of our containers
        self.fails: set[str] = set()
        self.refuses: set[str] = set()
        self.refuses_to_stop: set[str] = set()
        self.rings: set[str] = set()  # an alarm ends the next way back of these services
        self.rolls_back = True
        self.stale = 0
        self.not_yet = 1
        self.exit_code: int | None = 0
        self.ends: dict[str, dict[str, Any]] = {}  # by service: how a task of its release ends
        # By service: its releases' tasks die after a while; whether ECS counts them.
        self.dies: dict[str, bool] = {}
        self.age = 100.0  # seconds
        self.parameters: dict[str, str] = {}
        self.deregistered: list[dict[str, Any]] = []
        # The site's answers by path and by the tag that its service runs; otherwise good ones.
        self.answers: dict[tuple[str, str], Answer] = {}

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

    def ask(self, url: str) -> Answer:
        path = url.removeprefix(SITE)
        tag = self.runs(f"app-{path.split('/')[1]}")
        return self.answers.get((path, tag), Answer(200, 5))

    def __call__(self, service: str, operation: str, /, **parameters: Any) -> Any:
        self.calls.append((service, operation, parameters))
        return getattr(self, operation)(parameters)

    @property
    def everything(self) -> list[dict[str, Any]]:
        return [each for found in self.revisions.values() for each in found] + self.deregistered

    def describe_task_definition(self, options: dict[str, Any]) -> Any:
        name = options["taskDefinition"]
        if name in self.revisions:
            return {"taskDefinition": self.revisions[name][-1], "tags": []}
        (found,) = [each for each in self.everything if each["taskDefinitionArn"] == name]
        return {"taskDefinition": found}

    def register_task_definition(self, options: dict[str, Any]) -> Any:
        assert "revision" not in options
        assert "status" not in options
        family = options["family"]
        number = 1 + max(e["revision"] for e in self.everything if e["family"] == family)
        made = {**options, "taskDefinitionArn": self.arn(family, number), "revision": number}
        self.revisions[family].append(made)
        return {"taskDefinition": made}

    def deregister_task_definition(self, options: dict[str, Any]) -> Any:
        for found in self.revisions.values():
            for each in list(found):
                if each["taskDefinitionArn"] == options["taskDefinition"]:
                    found.remove(each)
                    self.deregistered.append(each)

    def run_task(self, _options: dict[str, Any]) -> Any:
        return {"tasks": [{"taskArn": "arn:task/app/m1"}], "failures": []}

    def update_service(self, options: dict[str, Any]) -> Any:
        name = options["service"]
        service = self.services[name]
        if name in self.refuses:
            raise ReleaseError("ecs update_service: throttled")
        revision, before = options["taskDefinition"], service.revision
        service.desired = options.get("desiredCount", service.desired)
        fails = name in self.fails and not revision.endswith(":1")
        if name in self.rings and revision.endswith(":1"):
            self.rings.remove(name)
            service.deploy(revision, fails=True, rolls_back=revision)
        elif revision != before or options.get("forceNewDeployment"):
            dies = None if revision.endswith(":1") else self.dies.get(name)
            back = before if fails and self.rolls_back else None
            service.deploy(revision, fails=fails, dies=dies, rolls_back=back)
            service.stale = self.stale
        return {"service": {"deployments": [dict(each) for each in service.deployments]}}

    def stop_service_deployment(self, options: dict[str, Any]) -> None:
        """The earlier deployment has the requests again, and its tasks still run."""
        name, number = options["serviceDeploymentArn"].split("/")[-2:]
        service = self.services[name]
        assert (options["stopType"], number) == ("ROLLBACK", str(service.number))
        if name in self.refuses_to_stop:
            raise ReleaseError("ecs stop_service_deployment: ConflictException")
        stopped, earlier = service.deployments[:2]
        stopped.update(status="ACTIVE", rolloutState="FAILED")
        earlier.update(status="PRIMARY")
        service.deployments = [earlier]
        service.revision = earlier["taskDefinition"]

    def describe_services(self, options: dict[str, Any]) -> Any:
        named = options["services"]
        assert len(named) <= 10, "the API refuses more"
        there = [name for name in named if name in self.services]
        failures = [{"arn": name, "reason": "MISSING"} for name in named if name not in there]
        return {
            "services": [self.services[name].describe() for name in there],
            "failures": failures,
        }

    def list_tasks(self, options: dict[str, Any]) -> Any:
        if options["desiredStatus"] == "STOPPED":
            died = [(name, each.died) for name, each in self.services.items()]
            found = [f"arn:task/{name}/ended{n}" for name, number in died for n in range(number)]
            return {"taskArns": [*found, *(f"arn:task/{name}/ended" for name in self.ends)]}
        return {
            "taskArns": [
                f"arn:task/{name}/t{number}"
                for name, service in self.services.items()
                for number in range(service.desired)
            ]
        }

    def describe_tasks(self, options: dict[str, Any]) -> Any:
        arns = options["tasks"]
        is_migration = arns[0].endswith("m1")
        if is_migration and self.not_yet:
            self.not_yet -= 1
            return {"tasks": [], "failures": [{"reason": "MISSING"}]}
        if is_migration:
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
        assert len(arns) <= 100, "the API refuses more"
        return {"tasks": [self.task(arn) for arn in arns]}

    def task(self, arn: str) -> dict[str, Any]:
        name = arn.split("/")[1]
        by = self.services[name].deployments[0]["id"]
        _, _, number = arn.rpartition("/ended")
        if number != arn:
            ended = {"lastStatus": "STOPPED", "startedBy": by, "startedAt": at(1), "containers": []}
            how = self.ends[name] if not number else {**EXITED, "stoppedAt": at(21 + int(number))}
            return {**ended, "taskArn": arn, **how}
        started = at(time.time() - self.age)
        runs = {"lastStatus": "RUNNING", "startedBy": by, "startedAt": started}
        containers = [
            *(
                {"name": each, "image": f"{image}:{self.runs(name)}", **self.shown}
                for each, image in (("web", APP), ("router", ROUTER))
            ),
            {"name": "other", "image": "public.ecr.aws/thing:1", "imageDigest": "sha256:x"},
        ]
        return {**runs, "taskArn": arn, "containers": containers}

    def describe_images(self, _options: dict[str, Any]) -> Any:
        return {"imageDetails": [{"imageDigest": "sha256:new"}]}

    def put_parameter(self, options: dict[str, Any]) -> Any:
        self.parameters[options["Name"]] = options["Value"]

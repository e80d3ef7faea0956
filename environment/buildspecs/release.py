"""The stages Migrate, Deploy and Verify of the program pipeline: `release.py STAGE`.

It speaks to AWS through the `aws` command, which every CodeBuild image has; what is decided is
decided by pure functions over its JSON. Environment: RELEASE (what Terraform knows of the system,
as JSON), IMAGE_TAG (the commit that was built).

ReleaseError ends a stage with its message and exit code 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Aws = Callable[..., Any]

# What DescribeTaskDefinition tells and RegisterTaskDefinition does not take.
_READ_ONLY = (
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
    "registeredAt", "registeredBy", "deregisteredAt",
)  # fmt: skip
_POLL = 10.0  # seconds
_STABLE_WITHIN = 40 * 60.0  # seconds; the stage's own limit is above


class ReleaseError(Exception):
    """The release cannot go on; the message says what ran instead."""


@dataclass(frozen=True, slots=True)
class Release:
    """What is released: Terraform's description of the system, and the tag of its images."""

    system: Json
    tag: str

    @property
    def repositories(self) -> list[str]:
        return [image["repository"] for image in self.system["images"].values()]

    def image(self, reference: str) -> str:
        """`reference` with the released tag if it is one of ours, else as it is."""
        repository = reference.rpartition(":")[0]
        return f"{repository}:{self.tag}" if repository in self.repositories else reference


def next_revision(definition: Json, release: Release) -> Json:
    """The input of RegisterTaskDefinition: as the latest revision, with the released images."""
    revision = {key: value for key, value in definition.items() if key not in _READ_ONLY}
    revision["containerDefinitions"] = [
        {**container, "image": release.image(container["image"])}
        for container in definition["containerDefinitions"]
    ]
    return revision


def register(aws: Aws, family: str, release: Release) -> str:
    """Register the next revision of a family, unless the latest is it. Returns its ARN."""
    latest = aws(
        "ecs", "describe-task-definition", "--task-definition", family, "--include", "TAGS"
    )
    definition = latest["taskDefinition"]
    revision = next_revision(definition, release)
    if revision["containerDefinitions"] == definition["containerDefinitions"]:
        return str(definition["taskDefinitionArn"])
    if latest.get("tags"):
        revision["tags"] = latest["tags"]
    made = aws("ecs", "register-task-definition", "--cli-input-json", json.dumps(revision))
    return str(made["taskDefinition"]["taskDefinitionArn"])


def migrate(aws: Aws, release: Release) -> None:
    """Run the migration with the new image, before any new task takes traffic."""
    task = release.system["migrate"]
    network = {
        "awsvpcConfiguration": {
            "subnets": task["subnets"],
            "securityGroups": [task["security_group"]],
            "assignPublicIp": "DISABLED",
        }
    }
    started = aws(
        "ecs", "run-task", "--cluster", release.system["cluster"], "--launch-type", "FARGATE",
        "--task-definition", register(aws, task["family"], release),
        "--network-configuration", json.dumps(network),
    )  # fmt: skip
    if started["failures"] or not started["tasks"]:
        raise ReleaseError(f"the migration could not start: {json.dumps(started['failures'])}")
    arn = started["tasks"][0]["taskArn"]
    ended = wait_until_stopped(aws, release.system["cluster"], arn)
    trouble = why_it_failed(ended, task["container"])
    if trouble:
        raise ReleaseError(f"the migration failed: {trouble}; its log: {task['log_group']}")
    print("migrated")


def wait_until_stopped(aws: Aws, cluster: str, arn: str) -> Json:
    """The task's last description."""
    while True:
        described = aws("ecs", "describe-tasks", "--cluster", cluster, "--tasks", arn)
        task: Json = described["tasks"][0]
        if task["lastStatus"] == "STOPPED":
            return task
        time.sleep(_POLL)


def why_it_failed(task: Json, container: str) -> str:
    """Empty when the container ended with 0; a task that never started it has no exit code."""
    for each in task["containers"]:
        if each["name"] == container and each.get("exitCode") == 0:
            return ""
    codes = {each["name"]: each.get("exitCode") for each in task["containers"]}
    return f"{task.get('stoppedReason', 'stopped')} (exit codes {codes})"


def deploy(aws: Aws, release: Release) -> None:
    """Point each service at its new revision, and wait until ECS has finished with them."""
    cluster = release.system["cluster"]
    first: set[str] = set()
    for service in release.system["services"].values():
        arn = register(aws, service["family"], release)
        name = service["service"]
        count = first_count(aws, cluster, service)
        first |= {name} if count else set()
        aws(
            "ecs", "update-service", "--cluster", cluster, "--service", name,
            "--task-definition", arn, *(["--desired-count", str(count)] if count else []),
            "--force-new-deployment",  # a commit that runs already gets its secrets anew
        )  # fmt: skip
        print(f"{name}: deploying {arn.rpartition('/')[2]}")
    deadline = time.monotonic() + _STABLE_WITHIN
    for service in release.system["services"].values():
        name = service["service"]
        try:
            wait_until_settled(aws, cluster, name, deadline)
        except ReleaseError:
            if name in first:
                undo_first(aws, cluster, service, release)
            raise


def first_count(aws: Aws, cluster: str, service: Json) -> int:
    """The number of tasks a service begins with at its first release; 0 when it has some."""
    described = aws(
        "ecs", "describe-services", "--cluster", cluster, "--services", service["service"]
    )
    return 0 if described["services"][0]["desiredCount"] else int(service["tasks"])


def undo_first(aws: Aws, cluster: str, service: Json, release: Release) -> None:
    """Leave a service as the bootstrap made it: without tasks, and with nothing released."""
    name = service["service"]
    aws("ecs", "update-service", "--cluster", cluster, "--service", name, "--desired-count", "0")
    withdraw(aws, service["family"], release)


def wait_until_settled(aws: Aws, cluster: str, service: str, deadline: float) -> None:
    """Until one deployment is left and ECS calls it completed, be it a rollback: Verify tells.

    ReleaseError when none has succeeded that ECS could go back to, or none settles in time.
    """
    while time.monotonic() < deadline:
        described = aws("ecs", "describe-services", "--cluster", cluster, "--services", service)
        deployments = described["services"][0]["deployments"]  # the primary one is the first
        state = deployments[0].get("rolloutState")
        if state == "COMPLETED" and len(deployments) == 1:
            return
        if state == "FAILED":
            reason = deployments[0].get("rolloutStateReason", "its events say why")
            raise ReleaseError(f"{service} failed, and there is nothing to go back to: {reason}")
        time.sleep(_POLL)
    raise ReleaseError(f"{service} has not settled; its events say why")


def verify(aws: Aws, release: Release) -> None:
    """Fail unless what runs is what was built; then record it as released."""
    cluster = release.system["cluster"]
    digests = {
        image["repository"]: image_digest(aws, image["repository"], release.tag)
        for image in release.system["images"].values()
    }
    troubles: list[str] = []
    for service in release.system["services"].values():
        found = list(differences(running_tasks(aws, cluster, service["service"]), release, digests))
        if found:
            withdraw(aws, service["family"], release)
        troubles += [f"{service['service']}: {trouble}" for trouble in found]
    if troubles:
        raise ReleaseError("what runs is not what was built:\n  " + "\n  ".join(troubles))
    for image in release.system["images"].values():
        aws(
            "ssm", "put-parameter", "--name", image["tag_parameter"], "--type", "String",
            "--value", release.tag, "--overwrite",
        )  # fmt: skip
    print(f"released {release.tag}")


def image_digest(aws: Aws, repository: str, tag: str) -> str:
    """The digest of a tag, which is immutable."""
    described = aws(
        "ecr", "describe-images", "--repository-name", repository.partition("/")[2],
        "--image-ids", f"imageTag={tag}",
    )  # fmt: skip
    return str(described["imageDetails"][0]["imageDigest"])


def running_tasks(aws: Aws, cluster: str, service: str) -> list[Json]:
    """The tasks of a service, at most 100 (what one call describes)."""
    listed = aws("ecs", "list-tasks", "--cluster", cluster, "--service-name", service)
    arns = listed["taskArns"][:100]
    if not arns:
        return []
    described = aws("ecs", "describe-tasks", "--cluster", cluster, "--tasks", *arns)
    return list(described["tasks"])


def differences(
    tasks: Iterable[Json], release: Release, digests: Mapping[str, str]
) -> Iterable[str]:
    """How the running tasks differ from the release: by tag, and by what the tag points at."""
    count = 0
    for task in tasks:
        count += 1
        name = task["taskArn"].rpartition("/")[2]
        for container in task["containers"]:
            repository, _, tag = container.get("image", "").rpartition(":")
            if repository not in digests:
                continue
            if tag != release.tag:
                yield f"task {name} runs {container['name']} {tag}, not {release.tag}: rolled back"
            elif container.get("imageDigest") != digests[repository]:
                yield f"task {name} runs another image under {tag}: {container.get('imageDigest')}"
    if not count:
        yield "no task runs"


def withdraw(aws: Aws, family: str, release: Release) -> None:
    """A revision that did not stay must not be the latest, or Terraform takes it for released."""
    latest = aws("ecs", "describe-task-definition", "--task-definition", family)["taskDefinition"]
    images = [container["image"] for container in latest["containerDefinitions"]]
    if any(image.endswith(f":{release.tag}") for image in images):
        aws("ecs", "deregister-task-definition", "--task-definition", latest["taskDefinitionArn"])


def run_aws(*arguments: str) -> Any:
    """One call of the `aws` command. ReleaseError with its words when it fails."""
    command = ["aws", *arguments, "--output", "json"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise ReleaseError(f"aws {arguments[0]} {arguments[1]}: {outcome.stderr.strip()}")
    return json.loads(outcome.stdout or "{}")


STAGES: Mapping[str, Callable[[Aws, Release], None]] = {
    "migrate": migrate,
    "deploy": deploy,
    "verify": verify,
}


def main() -> None:
    """Run the stage that the command line names."""
    if len(sys.argv) != 2 or sys.argv[1] not in STAGES:
        sys.exit(f"usage: release.py {'|'.join(STAGES)}")
    release = Release(json.loads(os.environ["RELEASE"]), os.environ["IMAGE_TAG"])
    try:
        STAGES[sys.argv[1]](run_aws, release)
    except ReleaseError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()

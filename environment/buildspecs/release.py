"""The stages Migrate, Deploy and Verify of the program pipeline: `release.py STAGE`.

It calls AWS through the `aws` command, part of every CodeBuild image. Decisions are pure functions
over its JSON. Environment: RELEASE (Terraform's description of the system, as JSON), IMAGE_TAG (the
commit that was built).

ReleaseError ends a stage with its message and exit code 1.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping

import rollout
from revisions import Aws, Json, Release, ReleaseError, latest, register, run_aws, withdraw
from rollout import roll_out, withdraw_all


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
    known = latest(aws, task["family"])
    before = known["taskDefinition"]["taskDefinitionArn"]
    revision = register(aws, known, release)
    started = aws(
        "ecs", "run-task", "--cluster", release.system["cluster"], "--launch-type", "FARGATE",
        "--task-definition", revision,
        "--network-configuration", json.dumps(network),
    )  # fmt: skip
    if started["failures"] or not started["tasks"]:
        trouble = f"could not start: {json.dumps(started['failures'])}"
    else:
        arn = started["tasks"][0]["taskArn"]
        ended = wait_until_stopped(aws, release.system["cluster"], arn)
        trouble = why_it_failed(ended, task["container"])
    if trouble:
        withdraw(aws, task["family"], release, frozenset({before}))
        raise ReleaseError(f"the migration failed: {trouble}; its log: {task['log_group']}")
    print("migrated")


def wait_until_stopped(aws: Aws, cluster: str, arn: str) -> Json:
    """The task's last description."""
    waits = rollout.pauses()
    while True:
        time.sleep(next(waits))
        described = aws("ecs", "describe-tasks", "--cluster", cluster, "--tasks", arn)
        for task in described["tasks"]:  # empty for a moment after the start
            if task["lastStatus"] == "STOPPED":
                return dict(task)


def why_it_failed(task: Json, container: str) -> str:
    """Empty when the container ended with 0. Without a start it has no exit code."""
    for each in task["containers"]:
        if each["name"] == container and each.get("exitCode") == 0:
            return ""
    codes = {each["name"]: each.get("exitCode") for each in task["containers"]}
    return f"{task.get('stoppedReason', 'stopped')} (exit codes {codes})"


def deploy(aws: Aws, release: Release) -> None:
    """Let the services run the new images, all of them or none."""
    roll_out(aws, release)


def verify(aws: Aws, release: Release) -> None:
    """Fail unless the running images are the built ones; then record the tag as released."""
    cluster = release.system["cluster"]
    digests = {
        image["repository"]: image_digest(aws, image["repository"], release.tag)
        for image in release.system["images"].values()
    }
    troubles: list[str] = []
    for service in release.system["services"].values():
        found = list(differences(running_tasks(aws, cluster, service["service"]), release, digests))
        troubles += [f"{service['service']}: {trouble}" for trouble in found]
    if troubles:
        troubles += withdraw_all(aws, release)
        raise ReleaseError("the running images are not the built ones:\n  " + "\n  ".join(troubles))
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
    """How the running tasks differ from the release, by tag and by digest."""
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

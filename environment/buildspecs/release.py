"""The actions Migrate, Deploy and Verify of the program pipeline: `release.py ACTION`.

Decisions are pure functions over the answers of AWS. Environment: RELEASE (Terraform's description
of the system, as JSON), IMAGE_TAG (the commit that was built).

ReleaseError ends a stage with its message and exit code 1.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping

from aws_calls import Aws, caller
from putting_back import withdraw_all
from revisions import Json, Release, ReleaseError, latest, register, withdraw
from rollout import roll_out
from services import pauses
from verification import built_digest, running, unlike


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
    containers = known["taskDefinition"]["containerDefinitions"]
    images = {each["name"]: each["image"] for each in containers}
    if not release.owns(images.get(task["container"], "")):  # its log router's alone may be
        raise ReleaseError(f"{task['container']} of {task['family']} has no image of this release")
    revision = register(aws, known, release)
    started = aws(
        "ecs", "run_task", cluster=release.system["cluster"], launchType="FARGATE",
        taskDefinition=revision, networkConfiguration=network,
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
    waits = pauses()
    while True:
        time.sleep(next(waits))
        described = aws("ecs", "describe_tasks", cluster=cluster, tasks=[arn])
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
    images = release.system["images"].values()
    digests = {
        image["repository"]: built_digest(aws, image["repository"], release.tag) for image in images
    }
    services = [service["service"] for service in release.system["services"].values()]
    found = running(aws, release.system["cluster"], services)
    if troubles := list(unlike(found, release, digests)):
        troubles += withdraw_all(aws, release)
        raise ReleaseError("the running images are not the built ones:\n  " + "\n  ".join(troubles))
    for image in images:
        aws(
            "ssm", "put_parameter", Name=image["tag_parameter"], Type="String", Value=release.tag,
            Overwrite=True,
        )  # fmt: skip
    print(f"released {release.tag}")


STAGES: Mapping[str, Callable[[Aws, Release], None]] = {
    "migrate": migrate,
    "deploy": deploy,
    "verify": verify,
}


def main() -> None:
    """Run the stage that the command line names."""
    if len(sys.argv) != 2 or sys.argv[1] not in STAGES:
        sys.exit(f"usage: release.py {'|'.join(STAGES)}")
    try:
        release = Release(json.loads(os.environ["RELEASE"]), os.environ["IMAGE_TAG"])
        STAGES[sys.argv[1]](caller(ReleaseError), release)
    except ReleaseError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()

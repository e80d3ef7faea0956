"""Whether the running images are the built ones, by tag and by digest.

What is compared comes from the definitions of the tasks: an image that they have and a task does
not is a difference, and so is a release that nothing runs.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aws_calls import Aws
from endings import tasks_in
from revisions import Json, Release, ReleaseError, reference
from services import describe_all, pauses, primary_deployment

RUNNING_WITHIN = 120.0  # seconds; auto scaling may be replacing what Deploy has seen run


@dataclass(frozen=True, slots=True)
class Running:
    """A service: the definition of its primary deployment's tasks, and those that run."""

    service: str
    definition: Json
    tasks: tuple[Json, ...]


def unlike(found: Iterable[Running], release: Release, digests: Mapping[str, str]) -> Iterator[str]:
    """How what runs differs from the release. `digests`: of the built images, by repository."""
    compared: set[str] = set()
    for one in found:
        ours = {
            container["name"]: reference(container["image"])
            for container in one.definition["containerDefinitions"]
            if release.owns(container["image"])
        }
        compared |= {image.repository for image in ours.values()}
        troubles = [
            f"it runs {name} {image.tag or image.digest}, not {release.tag}: rolled back"
            for name, image in ours.items()
            if image.tag != release.tag
        ]
        if not ours:
            troubles = ["none of its containers has an image of this release"]
        elif not troubles:
            wanted = {name: digests[image.repository] for name, image in ours.items()}
            troubles = list(_differences(one.tasks, release.tag, wanted))
        yield from (f"{one.service}: {trouble}" for trouble in troubles)
    for repository in sorted(set(digests) - compared):
        yield f"no service runs {repository}"


def _differences(tasks: Iterable[Json], tag: str, wanted: Mapping[str, str]) -> Iterator[str]:
    """`wanted`: the digests by the containers' names."""
    count = 0
    for task in tasks:
        count += 1
        name = task["taskArn"].rpartition("/")[2]
        containers = {container["name"]: container for container in task["containers"]}
        for container, digest in wanted.items():
            if container not in containers:
                yield f"task {name} has no container {container}"
            elif trouble := _difference(containers[container], tag, digest):
                yield f"task {name} {trouble}"
    if not count:
        yield "no task runs"


def _difference(container: Json, tag: str, digest: str) -> str:
    """ECS may name the image of a running container by its digest, with its tag or without."""
    image = reference(container.get("image") or "")
    name = container["name"]
    if image.tag not in ("", tag):
        return f"runs {name} {image.tag}, not {tag}"
    known = {image.digest, container.get("imageDigest") or ""} - {""}
    if not known:
        return f"does not say which image {name} runs"
    others = sorted(known - {digest})
    return f"runs another image of {name} under {tag}: {', '.join(others)}" if others else ""


def running(aws: Aws, cluster: str, services: Iterable[str]) -> list[Running]:
    """The tasks of each service's primary deployment that are RUNNING. Those that are starting have
    no image yet, so while a service has none that runs, this waits."""
    names = list(services)
    deadline, waits = time.monotonic() + RUNNING_WITHIN, pauses()
    while True:
        deployments = {
            service["serviceName"]: primary_deployment(service)
            for service in describe_all(aws, cluster, names)
        }
        tasks = _running_by_deployment(aws, cluster)
        are_there = all(tasks[each["id"]] for each in deployments.values())
        if are_there or time.monotonic() >= deadline:
            break
        time.sleep(next(waits))
    return [
        Running(name, _definition(aws, each["taskDefinition"]), tuple(tasks[each["id"]]))
        for name, each in deployments.items()
    ]


def _running_by_deployment(aws: Aws, cluster: str) -> Mapping[str, list[Json]]:
    found: defaultdict[str, list[Json]] = defaultdict(list)
    for task in tasks_in(aws, cluster, "RUNNING"):
        if task["lastStatus"] == "RUNNING":
            found[task.get("startedBy", "")].append(task)
    return found


def _definition(aws: Aws, arn: str) -> Json:
    found: Json = aws("ecs", "describe_task_definition", taskDefinition=arn)
    return dict(found["taskDefinition"])


def built_digest(aws: Aws, repository: str, tag: str) -> str:
    """The digest of a tag, which is immutable."""
    described = aws(
        "ecr", "describe_images", repositoryName=repository.partition("/")[2],
        imageIds=[{"imageTag": tag}],
    )  # fmt: skip
    for image in described["imageDetails"]:
        if digest := image.get("imageDigest"):
            return str(digest)
    raise ReleaseError(f"{repository} has no image {tag}")

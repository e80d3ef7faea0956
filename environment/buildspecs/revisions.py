"""Revisions of task definitions: registered with the released images, withdrawn after a failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from aws_calls import Aws

Json = dict[str, Any]

# Members of DescribeTaskDefinition's answer that RegisterTaskDefinition does not accept.
_READ_ONLY = (
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
    "registeredAt", "registeredBy", "deregisteredAt",
)  # fmt: skip


class ReleaseError(Exception):
    """The release failed; the message gives the reason."""


class Reference(NamedTuple):
    """A container's image: `repository:tag`, `repository@digest` or `repository:tag@digest`.
    An absent part is empty.
    """

    repository: str
    tag: str
    digest: str


def reference(image: str) -> Reference:
    """Read the image of a container, as a task definition or a running task has it."""
    name, _, digest = image.partition("@")
    repository, _, tag = name.rpartition(":")
    if not repository or "/" in tag:  # the colon of a registry's port
        repository, tag = name, ""
    return Reference(repository, tag, digest)


@dataclass(frozen=True, slots=True)
class Release:
    """A release: Terraform's description of the system, and the tag of its images.

    ReleaseError when it has nothing to release: each stage would succeed without doing anything.
    """

    system: Json
    tag: str

    def __post_init__(self) -> None:
        for name in ("services", "images"):
            if not self.system[name]:
                raise ReleaseError(f"RELEASE names no {name}: nothing would be released")
        for service in self.system["services"].values():
            if not service.get("pages") or not self.system.get("site"):
                raise ReleaseError(
                    f"RELEASE names no page of {service['service']}, so a broken one would be "
                    "released: apply the infrastructure of this commit first"
                )
        if not self.tag:
            raise ReleaseError("IMAGE_TAG is empty: nothing says which images to release")

    @property
    def repositories(self) -> list[str]:
        return [image["repository"] for image in self.system["images"].values()]

    def owns(self, image: str) -> bool:
        """Whether an image is one of ours, whatever its tag or digest."""
        return reference(image).repository in self.repositories

    def image(self, image: str) -> str:
        """The image with the released tag if it is one of ours, else as it is."""
        return f"{reference(image).repository}:{self.tag}" if self.owns(image) else image


def next_revision(definition: Json, release: Release) -> Json:
    """The input of RegisterTaskDefinition: as the latest revision, with the released images.

    ReleaseError when none of its images is ours: the old program would run as the released one.
    """
    if not any(release.owns(each["image"]) for each in definition["containerDefinitions"]):
        raise ReleaseError(f"no container of {definition['family']} has an image of this release")
    revision = {key: value for key, value in definition.items() if key not in _READ_ONLY}
    revision["containerDefinitions"] = [
        {**container, "image": release.image(container["image"])}
        for container in definition["containerDefinitions"]
    ]
    return revision


def latest(aws: Aws, family: str) -> Json:
    """The latest revision of a family that is not withdrawn, with its tags."""
    found: Json = aws("ecs", "describe_task_definition", taskDefinition=family, include=["TAGS"])
    return found


def register(aws: Aws, known: Json, release: Release) -> str:
    """Register the revision after the latest one (`known`), unless that one has the released images
    already. Returns its ARN."""
    definition = known["taskDefinition"]
    revision = next_revision(definition, release)
    if revision["containerDefinitions"] == definition["containerDefinitions"]:
        return str(definition["taskDefinitionArn"])
    if known.get("tags"):
        revision["tags"] = known["tags"]
    made = aws("ecs", "register_task_definition", **revision)
    return str(made["taskDefinition"]["taskDefinitionArn"])


def withdraw(aws: Aws, family: str, release: Release, in_use: frozenset[str]) -> bool:
    """Deregister a family's latest revision if it has the released images; true if it did.

    A failed revision must not stay the latest: Terraform would take it for released. `in_use` are
    ARNs of revisions to keep.
    """
    definition = latest(aws, family)["taskDefinition"]
    images = [container["image"] for container in definition["containerDefinitions"]]
    ours = any(release.image(image) == image for image in images if release.owns(image))
    if not ours or definition["taskDefinitionArn"] in in_use:
        return False
    arn = definition["taskDefinitionArn"]
    aws("ecs", "deregister_task_definition", taskDefinition=arn)
    return True

"""Whether a plan would put programs back: `plan_programs.py plan PLAN.json PROGRAMS.json`, and
later `plan_programs.py apply PROGRAMS.json`.

A plan fixes the images and the revisions of its task definitions when it is made, and an approval
may come days later. A release by the program pipeline in the meantime does not change the state, so
Terraform would apply the plan and roll the programs back. Here `plan` refuses a plan made during a
release, and `apply` refuses a plan older than a release.

PLAN.json is the output of `terraform show -json`. `plan` writes to PROGRAMS.json what `apply` has
to know of it, so that the plan is not shown again. Prints and writes names and tags, never another
value. PlanError ends it with its message and exit code 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aws_calls import Aws, caller

Json = Mapping[str, Any]

_TAG_PARAMETER = "/image-tag"
_REMEDY = "nothing is changed; release the infrastructure again for a new plan"


class PlanError(Exception):
    """The plan must not be applied; the message names the newer release."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs in a plan: the released tag by parameter; the latest revision and the images of
    each task definition, by family; and whether the plan changes any running program."""

    tags: Mapping[str, str]
    revisions: Mapping[str, int]
    images: Mapping[str, list[str]]
    changed: bool


def programs(plan: Json) -> Programs:
    """Read a plan. New resources are left out: they do not run yet.

    PlanError when it names no resources, as one of another format would: nothing would be compared.
    """
    if not plan.get("resource_changes"):
        raise PlanError("the plan names no resources: is it the output of terraform show -json?")
    tags: dict[str, str] = {}
    revisions: dict[str, int] = {}
    images: dict[str, list[str]] = {}
    changed = False
    for resource in plan["resource_changes"]:
        before = resource["change"].get("before")
        if resource.get("mode") != "managed" or not before:
            continue
        match resource["type"]:
            case "aws_ssm_parameter" if before["name"].endswith(_TAG_PARAMETER):
                tags[before["name"]] = before.get("insecure_value") or before["value"]
            case "aws_ecs_task_definition":
                family = before["family"]
                revisions[family] = int(before["revision"])
                containers = json.loads(before["container_definitions"])
                images[family] = [container["image"] for container in containers]
            case "aws_ecs_service":
                pass
            case _:
                continue
        if resource["type"] != "aws_ssm_parameter":
            changed |= resource["change"]["actions"] != ["no-op"]
    return Programs(tags, revisions, images, changed)


def unreleased(found: Programs) -> Iterator[str]:
    """Families whose latest revision does not have the released image."""
    for family, references in sorted(found.images.items()):
        for reference in references:
            repository, tag = _repository_and_tag(reference)
            parameter = f"/{repository.partition('/')[2]}{_TAG_PARAMETER}"
            released = found.tags.get(parameter, tag)
            if tag != released:
                yield f"{family} is registered with {tag or reference}, but {released} is released"


def _repository_and_tag(reference: str) -> tuple[str, str]:
    """Of `repository:tag`, `repository@digest` (no tag) or `repository:tag@digest`."""
    name = reference.partition("@")[0]
    repository, _, tag = name.rpartition(":")
    return (repository, tag) if repository and "/" not in tag else (name, "")


def moved_on(found: Programs, aws: Aws) -> Iterator[str]:
    """Tags released, and revisions registered, since the plan was made."""
    if found.tags:
        names = sorted(found.tags)
        answer = aws("ssm", "get_parameters", Names=names)
        now = {each["Name"]: each["Value"] for each in answer["Parameters"]}
        for name in names:
            if now.get(name) != found.tags[name]:
                yield f"{name} is {now.get(name, 'gone')}, and the plan has {found.tags[name]}"
    for family, revision in sorted(found.revisions.items()):
        answer = aws("ecs", "describe_task_definition", taskDefinition=family)
        latest = int(answer["taskDefinition"]["revision"])
        if latest != revision:
            yield f"{family} is at revision {latest}, and the plan has {revision}"


def refuse_to_put_back(found: Programs, when: str, aws: Aws) -> str:
    """A sentence on the result. PlanError when applying the plan would put programs back."""
    if not found.changed:
        return "The plan leaves the programs as they run."
    if found.images and not found.tags:
        raise PlanError(f"no parameter *{_TAG_PARAMETER} says what is released: {_REMEDY}")
    if when == "plan":
        troubles = list(unreleased(found))
        said = "a release of the programs is running, or has failed; once it is over"
    else:
        troubles = list(moved_on(found, aws))
        said = "programs have been released since this plan was made, and it would put them back"
    if troubles:
        raise PlanError(f"{said}: {_REMEDY}\n  " + "\n  ".join(troubles))
    return "The programs are as the plan expects them."


def main() -> None:
    """Check the plan that the command line names."""
    match sys.argv[1:]:
        case ["plan" as when, file, to]:
            found = programs(json.loads(Path(file).read_text(encoding="utf-8")))
            Path(to).write_text(json.dumps(asdict(found)), encoding="utf-8")
        case ["apply" as when, file]:
            found = Programs(**json.loads(Path(file).read_text(encoding="utf-8")))
        case _:
            sys.exit("usage: plan_programs.py plan PLAN.json PROGRAMS.json | apply PROGRAMS.json")
    print(refuse_to_put_back(found, when, caller(PlanError)))


if __name__ == "__main__":
    try:
        main()
    except PlanError as error:
        sys.exit(f"error: {error}")

"""Task definitions: register, deregister, describe, list.

Source: RegisterTaskDefinition, DeregisterTaskDefinition, DescribeTaskDefinition and
ListTaskDefinitions in the Amazon ECS API Reference.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.base.errors import BonkeiError
from bonkei.base.paging import page
from bonkei.services.ecs.api.finding import family_of, find_definition, revision_of
from bonkei.services.ecs.api.values import Ecs

_NOT_HERE = ("placementConstraints", "inferenceAccelerators", "ipcMode")


def require_active(ecs: Ecs, wanted: str) -> str:
    """The ARN of a task definition, if tasks may still be started from it. Raises
    AwsServiceError."""
    definitions = ecs.describe().definitions
    arn = find_definition(definitions, wanted)
    if not arn:
        raise _client_error("TaskDefinition not found.")
    if definitions[arn].get("status") == "INACTIVE":
        raise _client_error("TaskDefinition is inactive")
    return arn


async def _register(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    asked = call.parameters
    if others := [name for name in _NOT_HERE if asked.get(name)]:
        raise _client_error(f"On Fargate there is no {', '.join(others)}.")
    if "EC2" in asked.get("requiresCompatibilities", ()):
        raise _client_error("The miniature has FARGATE only.")
    partition = Arn.of(call.caller.arn).partition or "aws"
    place = f"arn:{partition}:ecs:{call.region}:{call.caller.account}:task-definition"
    try:
        arn = ecs.register_definition(asked, place)
    except BonkeiError as error:
        raise _client_error(error.message) from None
    return _described(ecs, arn)


async def _deregister(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    wanted = call.parameters["taskDefinition"]
    if ":" not in wanted.rpartition("/")[2]:
        raise AwsServiceError(
            "InvalidParameterException", f"Invalid revision number. Number: {wanted}"
        )
    arn = find_definition(ecs.describe().definitions, wanted)
    if not arn:
        raise _client_error("The specified task definition does not exist.")
    ecs.deregister_definition(arn)
    return {"taskDefinition": _described(ecs, arn)["taskDefinition"]}


async def _describe(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    arn = find_definition(ecs.describe().definitions, call.parameters["taskDefinition"])
    if not arn:
        raise _client_error("Unable to describe task definition.")
    described = _described(ecs, arn)
    wants_tags = "TAGS" in call.parameters.get("include", ())
    return described if wants_tags else {"taskDefinition": described["taskDefinition"]}


def _described(ecs: Ecs, arn: str) -> dict[str, Any]:
    document = dict(ecs.describe().definitions[arn])
    tags = document.pop("tags", [])
    return {"taskDefinition": document, "tags": tags}


async def _list(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    family = call.parameters.get("familyPrefix")
    status = call.parameters.get("status", "ACTIVE")
    known = [
        arn
        for arn, one in ecs.describe().definitions.items()
        if family in (None, one["family"]) and one.get("status", "ACTIVE") == status
    ]
    known.sort(key=lambda arn: (family_of(arn), revision_of(arn)))
    if call.parameters.get("sort") == "DESC":
        known.reverse()
    return _page(call, "taskDefinitionArns", known)


async def _list_families(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    prefix = call.parameters.get("familyPrefix", "")
    status = call.parameters.get("status", "ALL")
    found = {
        family
        for family, is_active in _families(ecs)
        if family.startswith(prefix) and status in ("ALL", "ACTIVE" if is_active else "INACTIVE")
    }
    return _page(call, "families", sorted(found))


def _families(ecs: Ecs) -> Iterator[tuple[str, bool]]:
    """Each family, and whether it has an active revision."""
    definitions = ecs.describe().definitions.values()
    active = {one["family"] for one in definitions if one.get("status", "ACTIVE") == "ACTIVE"}
    for family in {one["family"] for one in definitions}:
        yield family, family in active


def _page(call: AwsCall, name: str, items: list[str]) -> Mapping[str, Any]:
    asked = call.parameters
    found, token = page(tuple(items), asked.get("nextToken"), asked.get("maxResults", 100))
    return {name: found, "nextToken": token}


def _client_error(message: str) -> AwsServiceError:
    return AwsServiceError("ClientException", message)


OPERATIONS: Mapping[str, Callable[[Ecs, AwsCall], Awaitable[Mapping[str, Any]]]] = {
    "DeregisterTaskDefinition": _deregister,
    "DescribeTaskDefinition": _describe,
    "ListTaskDefinitionFamilies": _list_families,
    "ListTaskDefinitions": _list,
    "RegisterTaskDefinition": _register,
}

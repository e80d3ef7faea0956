"""Task definitions: register, deregister, describe, list.

Source: RegisterTaskDefinition, DeregisterTaskDefinition, DescribeTaskDefinition and
ListTaskDefinitions in the Amazon ECS API Reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.base.errors import BonkeiError
from bonkei.base.paging import page_of
from bonkei.services.ecs.api.finding import family_of, find_definition, refused, revision_of
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


class TaskDefinitions:
    def __init__(self, ecs: Callable[[], Ecs]) -> None:
        self._ecs = ecs

    async def register_task_definition(self, call: AwsCall) -> Mapping[str, Any]:
        asked = call.parameters
        if others := [name for name in _NOT_HERE if asked.get(name)]:
            raise _client_error(f"On Fargate there is no {', '.join(others)}.")
        if "EC2" in asked.get("requiresCompatibilities", ()):
            raise _client_error("The miniature has FARGATE only.")
        partition = Arn.of(call.caller.arn).partition or "aws"
        place = f"arn:{partition}:ecs:{call.region}:{call.caller.account}:task-definition"
        try:
            arn = self._ecs().register_definition(asked, place)
        except BonkeiError as error:
            raise _client_error(error.message) from None
        return _described(self._ecs(), arn)

    async def deregister_task_definition(self, call: AwsCall) -> Mapping[str, Any]:
        ecs, wanted = self._ecs(), call.parameters["taskDefinition"]
        if ":" not in wanted.rpartition("/")[2]:
            raise refused(f"Invalid revision number. Number: {wanted}")
        arn = find_definition(ecs.describe().definitions, wanted)
        if not arn:
            raise _client_error("The specified task definition does not exist.")
        ecs.deregister_definition(arn)
        return {"taskDefinition": _described(ecs, arn)["taskDefinition"]}

    async def describe_task_definition(self, call: AwsCall) -> Mapping[str, Any]:
        ecs = self._ecs()
        arn = find_definition(ecs.describe().definitions, call.parameters["taskDefinition"])
        if not arn:
            raise _client_error("Unable to describe task definition.")
        described = _described(ecs, arn)
        wants_tags = "TAGS" in call.parameters.get("include", ())
        return described if wants_tags else {"taskDefinition": described["taskDefinition"]}

    async def list_task_definitions(self, call: AwsCall) -> Mapping[str, Any]:
        family = call.parameters.get("familyPrefix")
        status = call.parameters.get("status", "ACTIVE")
        known = [
            arn
            for arn, one in self._ecs().describe().definitions.items()
            if family in (None, one["family"]) and _status(one) == status
        ]
        known.sort(key=lambda arn: (family_of(arn), revision_of(arn)))
        if call.parameters.get("sort") == "DESC":
            known.reverse()
        return _page(call, "taskDefinitionArns", known)

    async def list_task_definition_families(self, call: AwsCall) -> Mapping[str, Any]:
        prefix = call.parameters.get("familyPrefix", "")
        definitions = self._ecs().describe().definitions.values()
        every = {one["family"] for one in definitions if one["family"].startswith(prefix)}
        active = every & {one["family"] for one in definitions if _status(one) == "ACTIVE"}
        wanted = {"ALL": every, "ACTIVE": active, "INACTIVE": every - active}
        return _page(call, "families", sorted(wanted[call.parameters.get("status", "ALL")]))


def _status(definition: Mapping[str, Any]) -> str:
    return str(definition.get("status", "ACTIVE"))


def _described(ecs: Ecs, arn: str) -> dict[str, Any]:
    document = dict(ecs.describe().definitions[arn])
    tags = document.pop("tags", [])
    return {"taskDefinition": document, "tags": tags}


def _page(call: AwsCall, name: str, items: list[str]) -> Mapping[str, Any]:
    return page_of(call, name, items, 100, "InvalidParameterException")


def _client_error(message: str) -> AwsServiceError:
    return AwsServiceError("ClientException", message)

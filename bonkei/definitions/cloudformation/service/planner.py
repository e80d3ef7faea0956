"""Turns a call into the target of the stack."""

from __future__ import annotations

import asyncio
import uuid

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.resources.kind import Place
from bonkei.definitions.cloudformation.service.describing import exports_of
from bonkei.definitions.cloudformation.service.requests import (
    GetObject,
    inputs,
    read,
    refuse,
    refuse_template,
    template_text,
)
from bonkei.definitions.cloudformation.stacks.changes import changes
from bonkei.definitions.cloudformation.stacks.engine import Stacks
from bonkei.definitions.cloudformation.stacks.planning import Surroundings, plan
from bonkei.definitions.cloudformation.stacks.values import Change, Stack, Target

_MOST_STACKS = 2_000
_UNCHANGEABLE = frozenset(
    {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"}
)


class Planner:
    """`get_object` reads a template by its URL from the miniature's S3."""

    def __init__(self, stacks: Stacks, get_object: GetObject) -> None:
        self._stacks = stacks
        self._get_object = get_object

    async def text(self, call: AwsCall, before: Stack | None) -> str:
        return await template_text(call, before, self._get_object)

    async def plan(self, call: AwsCall, stack: Stack) -> Target:
        """Return the stack's target. Raises AwsServiceError if CloudFormation or the miniature
        refuses the call, or if the stack was changed meanwhile."""
        before = stack if stack.inputs.template else None
        template = read(await self.text(call, before))
        given = await asyncio.to_thread(inputs, call, template, before)
        around = self._around(call, stack)
        try:
            target = await asyncio.to_thread(plan, template, given, stack, around)
        except TemplateError as error:
            refuse_template(error)
        for output in target.outputs:
            if output.export in around.imports:
                refuse(f"Export with name {output.export} is already exported by another stack")
        self._require_room(stack)
        self._require_unchanged(stack)
        return target

    async def again(self, call: AwsCall, stack: Stack, target: Target) -> Target:
        """A change set's target with what has been exported since. Raises AwsServiceError."""
        if not any(each.missing_export for each in target.resources):
            return target
        template = read(target.inputs.template)
        try:
            around = self._around(call, stack)
            return await asyncio.to_thread(plan, template, target.inputs, stack, around)
        except TemplateError as error:
            refuse_template(error)

    async def changes(self, call: AwsCall, stack: Stack, target: Target) -> tuple[Change, ...]:
        """What a change set shows of a target."""
        template = read(target.inputs.template)
        return await asyncio.to_thread(changes, stack, target, template, self._around(call, stack))

    def _around(self, call: AwsCall, stack: Stack) -> Surroundings:
        others = (one for one in self._stacks.all(call.region) if one.id != stack.id)
        imports = {name: value for _, name, value in exports_of(iter(others))}
        return Surroundings(place_of(call), imports)

    def _require_unchanged(self, stack: Stack) -> None:
        others = [one for one in self._stacks.all(stack.region) if one.name == stack.name]
        now = next((one for one in others if one.id == stack.id), None)
        if now is not None and now.resources is not stack.resources:
            refuse(f"Stack:{stack.id} is in {now.status} state and can not be updated.")
        if now is None and any(not one.gone for one in others):
            raise AwsServiceError("AlreadyExistsException", f"Stack [{stack.name}] already exists")

    def _require_room(self, stack: Stack) -> None:
        live = [one for one in self._stacks.everywhere() if not one.gone and one.id != stack.id]
        if len(live) >= _MOST_STACKS:
            raise AwsServiceError("LimitExceededException", "Limit for stack has been exceeded")


def place_of(call: AwsCall) -> Place:
    """Where a call is."""
    region = call.region
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
    found = next((one for start, one in partition.items() if region.startswith(f"{start}-")), "aws")
    return Place(found, region, call.caller.account)


def new_stack(name: str, call: AwsCall) -> Stack:
    place = place_of(call)
    return Stack(place.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}"), name, call.time)


def require_changeable(stack: Stack) -> None:
    """Raise AwsServiceError while an operation runs, and for a stack that can only be deleted."""
    if stack.in_progress or stack.status in _UNCHANGEABLE:
        refuse(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")

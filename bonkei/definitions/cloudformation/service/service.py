"""CloudFormation's operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.definitions.cloudformation.service.change_sets import ChangeSets, find_change_set
from bonkei.definitions.cloudformation.service.describing import (
    declaration_answers,
    event_answer,
    exports_of,
    resource_answer,
    resource_detail,
    resource_summary,
    stack_answer,
    summary_answer,
    type_answers,
)
from bonkei.definitions.cloudformation.service.planner import Planner, new_stack, require_changeable
from bonkei.definitions.cloudformation.service.requests import (
    GetObject,
    find,
    read,
    refuse,
    require,
    require_new_name,
)
from bonkei.definitions.cloudformation.stacks.changes import is_empty
from bonkei.definitions.cloudformation.stacks.engine import Stacks
from bonkei.definitions.cloudformation.stacks.planning import required_capability
from bonkei.definitions.cloudformation.stacks.values import Stack, StackResource

Answer = Mapping[str, Any]


def service(stacks: Stacks, get_object: GetObject) -> AwsService:
    """`get_object` reads a template by its URL of S3."""
    planner = Planner(stacks, get_object)
    return Operations.of(
        ChangeSets(stacks, planner), _Changing(stacks, planner), _Asking(stacks, planner)
    )


class _Changing:
    """The operations that change a stack."""

    def __init__(self, stacks: Stacks, planner: Planner) -> None:
        self._stacks = stacks
        self._planner = planner

    async def create_stack(self, call: AwsCall) -> Answer:
        name = str(call.parameters["StackName"])
        require_new_name(name)
        if find(self._stacks, name, call.region) is not None:
            raise AwsServiceError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack = _asked(new_stack(name, call), call)
        target = await self._planner.plan(call, stack)
        await self._stacks.operate(stack, "CREATE_IN_PROGRESS", target)
        return {"StackId": stack.id}

    async def update_stack(self, call: AwsCall) -> Answer:
        name = str(call.parameters["StackName"])
        stack = find(self._stacks, name, call.region)
        if stack is None or stack.status == "REVIEW_IN_PROGRESS":
            refuse(f"Stack [{name}] does not exist")
        require_changeable(stack)
        target = await self._planner.plan(call, stack)
        if "Capabilities" not in call.parameters:
            had = stack.inputs.capabilities
            target = replace(target, inputs=replace(target.inputs, capabilities=had))
        if is_empty(stack, target):
            refuse("No updates are to be performed.")
        await self._stacks.operate(_asked(stack, call), "UPDATE_IN_PROGRESS", target)
        return {"StackId": stack.id}

    async def delete_stack(self, call: AwsCall) -> Answer:
        """A missing stack counts as deleted."""
        stack = find(self._stacks, str(call.parameters["StackName"]), call.region)
        if stack is None or stack.gone:
            return {}
        if stack.protected:
            what = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            refuse(what)
        if stack.in_progress:
            refuse(f"Stack:{stack.id} is in {stack.status} state and can not be deleted.")
        for other in self._stacks.all(call.region):
            if used := _imported(stack, other):
                refuse(f"Export {used} cannot be deleted as it is in use by {other.name}")
        retained = set(call.parameters.get("RetainResources", ()))
        if retained and stack.status != "DELETE_FAILED":
            refuse("Only resources of a stack in DELETE_FAILED can be retained")
        kept = tuple(
            replace(each, deletion_policy="Retain") if each.logical_id in retained else each
            for each in stack.resources
        )
        await self._stacks.operate(
            replace(stack, resources=kept, change_sets=stack.executed), "DELETE_IN_PROGRESS"
        )
        return {}

    async def update_termination_protection(self, call: AwsCall) -> Answer:
        stack = require(self._stacks, call)
        protected = bool(call.parameters["EnableTerminationProtection"])
        self._stacks.put(replace(stack, protected=protected))
        return {"StackId": stack.id}


def _asked(stack: Stack, call: AwsCall) -> Stack:
    """The call's settings about failures."""
    given = call.parameters
    on_failure = str(
        given.get("OnFailure", "DO_NOTHING" if given.get("DisableRollback") else "ROLLBACK")
    )
    return replace(
        stack,
        change_sets=stack.executed,  # the others are for the former state of the stack
        change_set_id="",
        on_failure=on_failure,
        protected=bool(given.get("EnableTerminationProtection", stack.protected)),
        token=str(given.get("ClientRequestToken", "")),
    )


def _imported(stack: Stack, other: Stack) -> str:
    """An export of the first stack that the second one imports."""
    if other.id == stack.id or other.gone or "ImportValue" not in other.inputs.template:
        return ""
    exported = {each.export for each in stack.outputs if each.export}
    return next((name for name in sorted(exported) if name in other.inputs.imports), "")


class _Asking:
    """The operations that change nothing."""

    def __init__(self, stacks: Stacks, planner: Planner) -> None:
        self._stacks = stacks
        self._planner = planner

    async def describe_stacks(self, call: AwsCall) -> Answer:
        if call.parameters.get("StackName"):
            return {"Stacks": [stack_answer(require(self._stacks, call))]}
        live = (one for one in reversed(self._stacks.all(call.region)) if not one.gone)
        return {"Stacks": [stack_answer(one) for one in live]}

    async def list_stacks(self, call: AwsCall) -> Answer:
        wanted = call.parameters.get("StackStatusFilter")
        found = [
            summary_answer(one)
            for one in reversed(self._stacks.all(call.region))
            if not wanted or one.status in wanted
        ]
        return {"StackSummaries": found}

    async def describe_stack_events(self, call: AwsCall) -> Answer:
        """List the events, the newest first."""
        name = str(call.parameters.get("StackName", ""))
        stack = find(self._stacks, name, call.region)
        if stack is None:
            refuse(f"Stack [{name}] does not exist")
        return {"StackEvents": [event_answer(stack, each) for each in reversed(stack.events)]}

    async def describe_stack_resource(self, call: AwsCall) -> Answer:
        name = str(call.parameters["StackName"])
        stack = find(self._stacks, name, call.region)
        if stack is None:
            refuse(f"Stack '{name}' does not exist")
        logical_id = str(call.parameters["LogicalResourceId"])
        found = stack.resource(logical_id)
        if found is None:
            refuse(f"Resource {logical_id} does not exist for stack {name}")
        return {"StackResourceDetail": resource_detail(stack, found)}

    async def describe_stack_resources(self, call: AwsCall) -> Answer:
        """List resources by stack, or by the physical id of one of them."""
        given = call.parameters
        if physical := given.get("PhysicalResourceId"):
            owners = [
                one
                for one in self._stacks.all(call.region)
                if any(each.physical_id == physical for each in one.resources)
            ]
            if not owners:
                refuse(f"Stack for {physical} does not exist")
            stack = owners[0]
        else:
            stack = require(self._stacks, call)
        wanted = given.get("LogicalResourceId")
        found = [one for one in _by_name(stack) if wanted in (None, one.logical_id)]
        return {"StackResources": [resource_answer(stack, each) for each in found]}

    async def list_stack_resources(self, call: AwsCall) -> Answer:
        stack = require(self._stacks, call)
        found = [resource_summary(stack, each) for each in _by_name(stack)]
        return {"StackResourceSummaries": found}

    async def get_template(self, call: AwsCall) -> Answer:
        given = call.parameters
        if given.get("ChangeSetName"):
            if "StackName" not in given and not str(given["ChangeSetName"]).startswith("arn:"):
                refuse("StackName is a required parameter.")
            text = find_change_set(self._stacks, call)[1].target.inputs.template
        elif "StackName" in given:
            text = require(self._stacks, call).inputs.template
        else:
            refuse("StackName is required if ChangeSetName is not specified.")
        return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}

    async def get_template_summary(self, call: AwsCall) -> Answer:
        if call.parameters.get("StackName"):
            stack = require(self._stacks, call)
            if stack.status == "REVIEW_IN_PROGRESS":
                refuse("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
            template = read(stack.inputs.template)
        else:
            template = read(await self._planner.text(call, None))
        needed = _capability(template)
        metadata = template.metadata
        return {
            "Parameters": declaration_answers(template, detailed=True),
            "Metadata": str(metadata) if metadata else None,  # in single quotes
            "Description": template.description or None,
            "Version": "2010-09-09",
            **type_answers(template),
            **needed,
        }

    async def validate_template(self, call: AwsCall) -> Answer:
        template = read(await self._planner.text(call, None))
        return {
            "Parameters": declaration_answers(template, detailed=False),
            "Description": template.description or None,
            **_capability(template),
        }

    async def list_exports(self, call: AwsCall) -> Answer:
        stacks = iter(self._stacks.all(call.region))
        return {
            "Exports": [
                {"ExportingStackId": stack.id, "Name": name, "Value": value}
                for stack, name, value in exports_of(stacks)
            ]
        }

    async def list_imports(self, call: AwsCall) -> Answer:
        name = str(call.parameters["ExportName"])
        found = [
            one.name
            for one in self._stacks.all(call.region)
            if not one.gone and name in one.inputs.imports
        ]
        if not found:
            refuse(f"Export '{name}' is not imported by any stack.")
        return {"Imports": found}


def _by_name(stack: Stack) -> list[StackResource]:
    return sorted(stack.resources, key=lambda each: each.logical_id)


def _capability(template: Any) -> Answer:
    needed = required_capability(template)
    if not needed:
        return {}
    what = "The following resource(s) require capabilities:"
    kinds = sorted({one.type for one in template.resources.values() if "::IAM::" in one.type})
    return {"Capabilities": [needed], "CapabilitiesReason": f"{what} [{', '.join(kinds)}]"}

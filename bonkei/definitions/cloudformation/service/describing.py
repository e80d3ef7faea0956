"""Stacks, resources, events and change sets in the form of the API's answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from bonkei.definitions.cloudformation.resources.schemas import identifiers
from bonkei.definitions.cloudformation.service.hash_order import hash_order
from bonkei.definitions.cloudformation.stacks.events import STACK
from bonkei.definitions.cloudformation.stacks.values import (
    EXECUTED,
    Change,
    ChangeSet,
    Detail,
    Inputs,
    Stack,
    StackEvent,
    StackResource,
)
from bonkei.definitions.cloudformation.template import Template

Answer = dict[str, Any]
HIDDEN = "****"


def stack_answer(stack: Stack) -> Answer:
    """`Stack` of DescribeStacks. A deleted one has lost its change set and its protection."""
    is_left = stack.gone or stack.status.startswith("ROLLBACK_")
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": None if is_left else stack.change_set_id or None,
        "Description": stack.inputs.description or None,
        "Parameters": parameter_answers(stack.inputs) or None,
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated or None,
        "DeletionTime": stack.deleted or None,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason or None,
        "DisableRollback": stack.on_failure == "DO_NOTHING",
        "NotificationARNs": list(stack.inputs.notification_arns),
        "RollbackConfiguration": {},
        "Capabilities": list(stack.inputs.capabilities) or None,
        "Outputs": [
            {
                "OutputKey": each.name,
                "OutputValue": each.value,
                "Description": each.description or None,
                "ExportName": each.export or None,
            }
            for each in stack.outputs
        ]
        or None,
        "RoleARN": stack.inputs.role_arn or None,
        "Tags": tag_answers(stack.inputs.tags),
        "EnableTerminationProtection": None if stack.gone else stack.protected,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "LastOperations": list(_last_operations(stack)) or None,
    }


def _last_operations(stack: Stack) -> Iterator[Answer]:
    """The last one; and before it its rollback, which is an operation of its own ("View stack
    events by operation" in the user guide)."""
    for event in reversed(stack.events):
        verb = event.status.partition("_")[0]
        begins = event.reason == "User Initiated" and verb in ("CREATE", "UPDATE", "DELETE")
        if event.type != STACK or not (begins or event.status.endswith("ROLLBACK_IN_PROGRESS")):
            continue
        kind = f"{verb}_STACK" if begins else "ROLLBACK"
        identifier = str(uuid.uuid5(uuid.NAMESPACE_OID, event.id))
        yield {"OperationType": kind, "OperationId": identifier}
        if begins:
            return


def summary_answer(stack: Stack) -> Answer:
    """`StackSummary` of ListStacks."""
    described = stack_answer(stack)
    names = (
        *("StackId", "StackName", "CreationTime", "LastUpdatedTime", "DeletionTime"),
        *("StackStatus", "StackStatusReason", "DriftInformation"),
    )
    summary = {name: described[name] for name in names}
    return {**summary, "TemplateDescription": described["Description"]}


def parameter_answers(inputs: Inputs) -> list[Answer]:
    """A parameter with NoEcho shows as asterisks."""
    given = inputs.parameters
    return [
        {"ParameterKey": name, "ParameterValue": HIDDEN if name in inputs.no_echo else given[name]}
        for name in hash_order(given)
    ]


def tag_answers(tags: Mapping[str, str]) -> list[Answer]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def resource_answer(stack: Stack, resource: StackResource) -> Answer:
    """`StackResource` of DescribeStackResources."""
    return {
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id or None,
        "ResourceType": resource.type,
        "Timestamp": resource.time,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason or None,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def resource_detail(stack: Stack, resource: StackResource) -> Answer:
    """`StackResourceDetail`. It has another name for the time."""
    described = resource_answer(stack, resource)
    time = described.pop("Timestamp")
    metadata = resource.metadata or "{}"
    return {**described, "LastUpdatedTimestamp": time, "Metadata": metadata}


_OF_DETAIL = ("StackName", "StackId", "Metadata")


def resource_summary(stack: Stack, resource: StackResource) -> Answer:
    """`StackResourceSummary`, without the stack and the metadata."""
    detail = resource_detail(stack, resource)
    return {name: value for name, value in detail.items() if name not in _OF_DETAIL}


def event_answer(stack: Stack, event: StackEvent) -> Answer:
    """`StackEvent` of DescribeStackEvents."""
    return {
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.time,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or None,
        "ResourceProperties": event.properties or None,
        "ClientRequestToken": event.token or None,
    }


def change_set_answer(stack: Stack, found: ChangeSet, *, with_values: bool) -> Answer:
    """The answer of DescribeChangeSet, with the properties' values if they are asked for."""
    inputs = found.target.inputs
    hidden = "without" if with_values else "with"
    return {
        **change_set_summary(stack, found),
        "StatusReason": found.reason or (with_values and _incomplete(found)) or None,
        "Parameters": parameter_answers(inputs) or None,
        "NotificationARNs": list(inputs.notification_arns),
        "RollbackConfiguration": {},
        "Capabilities": list(inputs.capabilities),  # a stack's are absent when there are none
        "Tags": tag_answers(inputs.tags) or None,
        "Changes": [
            _change_answer(change, with_values)
            for change in found.changes
            if not change.modified or any(each.shown != hidden for each in change.modified)
        ],
        "OnStackFailure": found.on_failure or None,
    }


def change_set_summary(stack: Stack, found: ChangeSet) -> Answer:
    """`ChangeSetSummary` of ListChangeSets."""
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": found.id,
        "ChangeSetName": found.name,
        "ExecutionStatus": _execution(stack, found),
        "Status": found.status,
        "StatusReason": found.reason or None,
        "CreationTime": found.created,
        "Description": found.description or None,
        "IncludeNestedStacks": False,
    }


def _incomplete(found: ChangeSet) -> str:
    what = "--include-property-values option can return incomplete ChangeSet data because"
    problems = [
        f"[WARN] {what}: ChangeSet creation failed for resource [{each.logical_id}] because: "
        f"{each.warning}"
        for each in found.changes
        if each.warning
    ]
    return problems[0] if problems else ""


def _execution(stack: Stack, found: ChangeSet) -> str:
    if found.execution != EXECUTED or stack.change_set_id != found.id:
        return found.execution
    if stack.in_progress:
        return "EXECUTE_IN_PROGRESS"
    failed = "FAILED" in stack.status or "ROLLBACK" in stack.status
    return "EXECUTE_FAILED" if failed else EXECUTED


def _change_answer(change: Change, with_values: bool) -> Answer:
    hidden = "without" if with_values else "with"
    details = [each for each in change.modified if each.shown != hidden]
    return {
        "Type": "Resource",
        "ResourceChange": {
            "Action": change.action,
            "PolicyAction": _policy_action(change),
            "LogicalResourceId": change.logical_id,
            "PhysicalResourceId": change.physical_id or None,
            "ResourceType": change.type,
            "Replacement": change.replacement or None,
            "Scope": sorted({each.attribute for each in details}),
            "Details": [_detail_answer(each, with_values) for each in details],
            "BeforeContext": (with_values and change.before) or None,
            "AfterContext": (with_values and change.after) or None,
        },
    }


def _detail_answer(detail: Detail, with_values: bool) -> Answer:
    target: Answer = {
        "Attribute": detail.attribute,
        "Name": detail.name or None,
        "RequiresRecreation": "Always" if detail.replaces else "Never",
    }
    if with_values:
        kind = "Add" if detail.before is None else "Remove" if detail.after is None else "Modify"
        target |= {
            "Path": f"/{detail.attribute}/{detail.name}".rstrip("/"),
            "BeforeValue": detail.before,
            "AfterValue": detail.after,
            "AttributeChangeType": kind,
        }
    return {
        "Target": target,
        "Evaluation": detail.evaluation,
        "ChangeSource": detail.source,
        "CausingEntity": detail.cause or None,
    }


def _policy_action(change: Change) -> str | None:
    keeps = change.policy.startswith("Retain")
    if change.action == "Remove":
        return "Retain" if keeps else "Delete"
    if change.replacement == "True":
        return "ReplaceAndRetain" if keeps else "ReplaceAndDelete"
    return None


def declaration_answers(template: Template, *, detailed: bool) -> list[Answer]:
    """The parameters' declarations, for GetTemplateSummary if `detailed`, else for
    ValidateTemplate."""
    declared = template.parameters
    return [_declaration(declared[name], detailed) for name in hash_order(declared)]


def _declaration(one: Any, detailed: bool) -> Answer:
    answer = {
        "ParameterKey": one.name,
        "DefaultValue": HIDDEN if one.no_echo and one.default is not None else one.default,
        "NoEcho": one.no_echo,
        "Description": one.description or None,
    }
    if detailed:
        constraints = {"AllowedValues": list(one.allowed_values)} if one.allowed_values else {}
        answer |= {"ParameterType": one.type, "ParameterConstraints": constraints}
    return answer


def exports_of(stacks: Iterator[Stack]) -> Iterator[tuple[Stack, str, str]]:
    """Each export's stack, name and value."""
    for stack in stacks:
        for output in stack.outputs:
            if output.export and not stack.gone:
                yield stack, output.export, output.value


def type_answers(template: Template) -> Answer:
    """The types of a template; and by type the resources that could be imported, with the
    properties that identify one."""
    kinds: dict[str, list[str]] = {}
    for one in template.resources.values():
        kinds.setdefault(one.type, []).append(one.logical_id)
    known = identifiers()
    summaries = [
        {
            "ResourceType": kind,
            "LogicalResourceIds": kinds[kind],
            "ResourceIdentifiers": known[kind] or None,
        }
        for kind in hash_order(kinds)
        if kind in known
    ]
    return {"ResourceTypes": hash_order(kinds, 128), "ResourceIdentifierSummaries": summaries}

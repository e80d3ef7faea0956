"""Change sets. `aws cloudformation deploy` creates one, waits for it, and executes it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.definitions.cloudformation.service.describing import (
    change_set_answer,
    change_set_summary,
)
from bonkei.definitions.cloudformation.service.planner import Planner, new_stack, require_changeable
from bonkei.definitions.cloudformation.service.requests import find, refuse, require_new_name
from bonkei.definitions.cloudformation.stacks.changes import is_empty
from bonkei.definitions.cloudformation.stacks.engine import Stacks
from bonkei.definitions.cloudformation.stacks.operation import review
from bonkei.definitions.cloudformation.stacks.values import (
    EXECUTED,
    ChangeSet,
    Stack,
    Target,
)

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_NOTHING = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)
_MOST = 100
"""The most waiting change sets of one stack. On AWS a stack may have 1,000."""
_MOST_FAILED = 20


class ChangeSets:
    """The operations on change sets."""

    def __init__(self, stacks: Stacks, planner: Planner) -> None:
        self._stacks = stacks
        self._planner = planner

    async def create_change_set(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        name, kind = str(given["ChangeSetName"]), str(given.get("ChangeSetType", "UPDATE"))
        if not _NAME.fullmatch(name):
            refuse(
                f"1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy "
                "constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
            )
        if kind not in ("CREATE", "UPDATE"):
            refuse(f"The miniature makes no change set of type {kind}")
        stack = self._stack(call, name, kind)
        waiting = [each for each in stack.change_sets if each.execution == "AVAILABLE"]
        if any(each.name == name for each in waiting):
            what = f"ChangeSet {name} already exists in an available state."
            raise AwsServiceError("AlreadyExistsException", what)
        if len(waiting) >= _MOST:
            raise AwsServiceError("LimitExceededException", "ChangeSet limit exceeded")
        target = await self._planner.plan(call, stack)
        empty = kind == "UPDATE" and is_empty(stack, target)
        made = ChangeSet(
            id=f"{_prefix(stack)}:changeSet/{name}/{uuid.uuid4()}",
            name=name,
            kind=kind,
            created=call.time,
            target=replace(target, resources=()) if empty else target,
            changes=() if empty else await self._planner.changes(call, stack, target),
            status="FAILED" if empty else "CREATE_COMPLETE",
            reason=_NOTHING if empty else "",
            execution="UNAVAILABLE" if empty else "AVAILABLE",
            description=str(given.get("Description", "")),
            on_failure=str(given.get("OnStackFailure", "")),
        )
        now = self._stacks.get(stack.id) or stack  # others may have made one meanwhile
        self._stacks.put(replace(now, change_sets=_with(now.change_sets, made)))
        return {"Id": made.id, "StackId": stack.id}

    def _stack(self, call: AwsCall, change_set: str, kind: str) -> Stack:
        name = str(call.parameters["StackName"])
        found = find(self._stacks, name, call.region)
        if kind == "UPDATE":
            if found is None or found.status == "REVIEW_IN_PROGRESS":
                refuse(f"Stack [{name}] does not exist")
            require_changeable(found)
            return found
        if found is None:
            require_new_name(name)
            return review(new_stack(name, call), call.time)
        if found.status != "REVIEW_IN_PROGRESS":
            what = f"Stack [{name}] already exists and cannot be created again with the changeSet"
            refuse(f"{what} [{change_set}].")
        return found

    async def describe_change_set(self, call: AwsCall) -> Mapping[str, Any]:
        stack, found = self._find(call)
        with_values = bool(call.parameters.get("IncludePropertyValues"))
        return change_set_answer(stack, found, with_values=with_values)

    async def list_change_sets(self, call: AwsCall) -> Mapping[str, Any]:
        name = str(call.parameters["StackName"])
        stack = find(self._stacks, name, call.region)
        if stack is None:
            refuse(f"Stack [{name}] does not exist")
        waiting = [each for each in stack.change_sets if each.execution != EXECUTED]
        return {"Summaries": [change_set_summary(stack, each) for each in waiting]}

    async def delete_change_set(self, call: AwsCall) -> Mapping[str, Any]:
        stack, found = self._find(call)
        kept = tuple(each for each in stack.change_sets if each.id != found.id)
        self._stacks.put(replace(stack, change_sets=kept))
        return {}

    async def execute_change_set(self, call: AwsCall) -> Mapping[str, Any]:
        stack, found = self._find(call)
        if found.execution != "AVAILABLE":
            status = found.execution if found.execution == EXECUTED else found.status
            what = f"ChangeSet [{found.id}] cannot be executed in its current status of"
            raise AwsServiceError("InvalidChangeSetStatus", f"{what} [{status}]")
        if stack.status != "REVIEW_IN_PROGRESS":
            require_changeable(stack)
        on_failure = found.on_failure or "ROLLBACK"
        if call.parameters.get("DisableRollback"):
            on_failure = "DO_NOTHING"
        token = str(call.parameters.get("ClientRequestToken", ""))
        # When a change set is executed, the stack's other change sets are removed.
        done = replace(found, execution=EXECUTED, target=Target(found.target.inputs))
        ready = replace(
            stack, change_sets=(done,), change_set_id=found.id, on_failure=on_failure, token=token
        )
        target = await self._planner.again(call, stack, found.target)
        await self._stacks.operate(ready, f"{found.kind}_IN_PROGRESS", target)
        return {}

    def _find(self, call: AwsCall) -> tuple[Stack, ChangeSet]:
        return find_change_set(self._stacks, call)


def find_change_set(stacks: Stacks, call: AwsCall) -> tuple[Stack, ChangeSet]:
    """The change set that a call names, and its stack. Raises AwsServiceError."""
    name = str(call.parameters["ChangeSetName"])
    wanted = call.parameters.get("StackName")
    if wanted is None and not name.startswith("arn:"):
        refuse("StackName must be specified if ChangeSetName is not specified as an ARN.")
    if wanted is not None and find(stacks, wanted, call.region) is None:
        refuse(f"Stack [{wanted}] does not exist")
    for stack in stacks.all(call.region):
        if wanted not in (None, stack.id) and (wanted != stack.name or stack.gone):
            continue
        for each in stack.change_sets:
            if each.id == name or (wanted is not None and each.name == name):
                return stack, each
    raise AwsServiceError("ChangeSetNotFoundException", f"ChangeSet [{name}] does not exist")


def _with(known: tuple[ChangeSet, ...], made: ChangeSet) -> tuple[ChangeSet, ...]:
    """The waiting change sets, and the last ones that failed. A new one replaces a failed one with
    the same name."""
    failed = [each for each in known if each.status == "FAILED" and each.name != made.name]
    forgotten = {each.id for each in failed[:-_MOST_FAILED]}
    kept = [each for each in known if each.id not in forgotten and each.name != made.name]
    return (*kept, made)


def _prefix(stack: Stack) -> str:
    return stack.id.partition(":stack/")[0]

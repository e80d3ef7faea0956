"""The course of a stack's operation.

`prepare` returns the next target of the stack. Then the miniature follows, and `conclude` receives
the failures. Both functions need only the stack. So an interrupted phase is repeated from the stack
on disk. Statuses and reasons: "Stack status codes" and "Understand stack creation events",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from bonkei.definitions.cloudformation.stacks.values import (
    Stack,
    StackEvent,
    StackResource,
    Target,
)

Failures = Mapping[str, str]
"""Logical id -> reason; "" -> why the miniature could not follow at all."""

_STACK = "AWS::CloudFormation::Stack"
_MOST_EVENTS = 5_000
_REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."


def begin(stack: Stack, status: str, now: float, target: Target | None = None) -> Stack:
    """Return the operation's first state, with its event. `target` is None for a deletion."""
    previous = Target(stack.inputs, stack.resources, stack.outputs)
    # A change set makes a stack for review, so its execution is the stack's first update.
    is_update = status == "UPDATE_IN_PROGRESS" or (
        status == "CREATE_IN_PROGRESS" and bool(stack.change_set_id)
    )
    wanted = target or Target()
    begun = replace(
        stack,
        wanted=wanted,
        previous=previous,
        inputs=stack.inputs if stack.inputs.template else replace(wanted.inputs, imports=()),
        updated=now if is_update else stack.updated,
    )
    return _now(begun, status, now, "User Initiated")


def review(stack: Stack, now: float) -> Stack:
    """A stack whose first change set waits."""
    return _now(stack, "REVIEW_IN_PROGRESS", now, "User Initiated")


def prepare(stack: Stack, faults: Failures, now: float) -> Stack:
    """Return the stack's target after this phase. `faults` are resources that cannot be created at
    all."""
    match stack.status:
        case "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS":
            return _attempt(stack, faults, now)
        case "ROLLBACK_IN_PROGRESS" | "DELETE_IN_PROGRESS":
            return _end(stack, now)
        case "UPDATE_ROLLBACK_IN_PROGRESS":
            return _go_back(stack, now)
    return replace(stack, leaving=())  # ..._CLEANUP_IN_PROGRESS


def conclude(stack: Stack, failures: Failures, now: float) -> Stack:
    """Return the stack after the miniature has followed. It is still in progress if a phase is
    left."""
    match stack.status:
        case "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS":
            return _attempted(stack, failures, now)
        case "ROLLBACK_IN_PROGRESS" | "DELETE_IN_PROGRESS":
            return _ended(stack, failures, now)
        case "UPDATE_ROLLBACK_IN_PROGRESS":
            return _went_back(stack, failures, now)
    for logical_id, reason in failures.items():
        stack = _told(stack, logical_id or stack.name, "", "DELETE_FAILED", now, reason)
    return _now(stack, "UPDATE_COMPLETE", now)


def _attempt(stack: Stack, faults: Failures, now: float) -> Stack:
    """Resources before the first fault are created. After it, nothing is begun."""
    before = {each.logical_id: each for each in stack.previous.resources}
    made: dict[str, StackResource] = {}
    leaving = []
    for wanted in stack.wanted.resources:
        name, old = wanted.logical_id, before.get(wanted.logical_id)
        if name in faults:
            verb = "CREATE" if old is None else "UPDATE"
            failed = replace(old or wanted, status=f"{verb}_FAILED", reason=faults[name], time=now)
            made[name] = failed
            break
        if old is not None and old.generation != wanted.generation:
            leaving.append(old)
        made[name] = _next(old, wanted, now)
    rest = (each for each in stack.previous.resources if each.logical_id not in made)
    stack = replace(stack, resources=(*made.values(), *rest), leaving=tuple(leaving))
    for each in filter(_is_begun, made.values()):
        stack = _events(stack, _begun(before.get(each.logical_id), each), now)
    return stack


def _begun(old: StackResource | None, new: StackResource) -> Iterator[StackResource]:
    """As the events tell it: a new resource has its id once its creation is initiated."""
    if old is not None and old.generation == new.generation:
        yield new
        return
    yield replace(
        new,
        physical_id=old.physical_id if old is not None else "",
        reason=_REPLACED if old is not None else "",
    )
    yield replace(new, reason="Resource creation Initiated")


def _next(old: StackResource | None, wanted: StackResource, now: float) -> StackResource:
    if old is None:
        return replace(wanted, status="CREATE_IN_PROGRESS", time=now)
    same = (old.properties, old.state, old.generation)
    if same == (wanted.properties, wanted.state, wanted.generation):
        status = old.status if old.status.endswith("_COMPLETE") else "UPDATE_COMPLETE"
        return replace(wanted, status=status, time=old.time)
    return replace(wanted, status="UPDATE_IN_PROGRESS", time=now)


def _is_begun(each: StackResource) -> bool:
    return each.status.endswith("_IN_PROGRESS")


def _attempted(stack: Stack, failures: Failures, now: float) -> Stack:
    failed = {
        each.logical_id: failures.get(each.logical_id, each.reason)
        for each in stack.resources
        if each.status.endswith("_FAILED") or (_is_begun(each) and each.logical_id in failures)
    }
    stack = _settle(stack, failed, now)
    if failed:
        return _after_failure(stack, sorted(failed), now)
    return _reached(stack, now)


def _after_failure(stack: Stack, failed: list[str], now: float) -> Stack:
    creates = stack.status == "CREATE_IN_PROGRESS"
    what = "create" if creates else "update"
    reason = f"The following resource(s) failed to {what}: [{', '.join(failed)}]. "
    if stack.on_failure == "DO_NOTHING":
        return _now(stack, "CREATE_FAILED" if creates else "UPDATE_FAILED", now, reason)
    if stack.on_failure == "DELETE" and creates:
        return _now(stack, "DELETE_IN_PROGRESS", now, f"{reason}Delete requested by user.")
    if creates:
        going = replace(stack, deleted=now)
        return _now(going, "ROLLBACK_IN_PROGRESS", now, f"{reason}Rollback requested by user.")
    return _now(stack, "UPDATE_ROLLBACK_IN_PROGRESS", now, reason)


def _reached(stack: Stack, now: float) -> Stack:
    """Everything is created. Resources that are no longer wanted are removed or retained."""
    wanted = {each.logical_id for each in stack.wanted.resources}
    removed = [each for each in stack.resources if each.logical_id not in wanted]
    gone = [
        *((each, each.update_replace_policy) for each in stack.leaving),
        *((each, each.deletion_policy) for each in removed),
    ]
    retained = [each for each, policy in gone if policy.startswith("Retain")]
    leaving = [each for each, policy in gone if not policy.startswith("Retain")]
    stack = replace(
        stack,
        inputs=stack.wanted.inputs,
        outputs=stack.wanted.outputs,
        resources=tuple(each for each in stack.resources if each.logical_id in wanted),
        leaving=tuple(leaving),
        retained=(*stack.retained, *retained),
        wanted=Target(),
        previous=Target(),
    )
    if stack.status == "CREATE_IN_PROGRESS":
        return _now(stack, "CREATE_COMPLETE", now)
    stack = _now(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", now)
    stack = _events(stack, retained, now, status="DELETE_SKIPPED", failures={})
    for status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"):
        stack = _events(stack, leaving, now, status=status, failures={})
    return stack if leaving else _now(stack, "UPDATE_COMPLETE", now)


def _end(stack: Stack, now: float) -> Stack:
    """A deletion, or the end of a failed creation. The last resource is removed first."""
    rolls_back = stack.status == "ROLLBACK_IN_PROGRESS" or bool(stack.wanted.resources)
    keeps = {"Retain"} if rolls_back else {"Retain", "RetainExceptOnCreate"}
    there = [each for each in reversed(stack.resources) if each.status != "CREATE_FAILED"]
    retained = [each for each in there if each.deletion_policy in keeps]
    going = [each for each in there if each.deletion_policy not in keeps]
    going = [replace(each, status="DELETE_IN_PROGRESS", reason="", time=now) for each in going]
    stack = replace(
        stack,
        resources=tuple(reversed(going)),
        retained=(*stack.retained, *retained),
        leaving=(),
    )
    stack = _events(stack, retained, now, status="DELETE_SKIPPED", failures={})
    return _events(stack, going, now)


def _ended(stack: Stack, failures: Failures, now: float) -> Stack:
    failed = {each.logical_id for each in stack.resources if each.logical_id in failures}
    for each in reversed(stack.resources):
        status = "DELETE_FAILED" if each.logical_id in failed else "DELETE_COMPLETE"
        stack = _events(stack, (each,), now, status=status, failures=failures)
    left = tuple(
        replace(each, status="DELETE_FAILED", reason=failures[each.logical_id], time=now)
        for each in stack.resources
        if each.logical_id in failed
    )
    rolls_back = stack.status == "ROLLBACK_IN_PROGRESS"
    stack = replace(stack, resources=left, wanted=Target(), previous=Target())
    if failed or "" in failures:
        reason = f"The following resource(s) failed to delete: [{', '.join(sorted(failed))}]. "
        reason = reason if failed else failures[""]
        return _now(stack, "ROLLBACK_FAILED" if rolls_back else "DELETE_FAILED", now, reason)
    if rolls_back:
        return _now(stack, "ROLLBACK_COMPLETE", now)
    return _now(replace(stack, deleted=now, outputs=()), "DELETE_COMPLETE", now)


def _go_back(stack: Stack, now: float) -> Stack:
    """Return to the resources from before the update. Resources that the update created are
    removed."""
    now_there = {each.logical_id: each for each in stack.resources}
    back = []
    for old in stack.previous.resources:
        current = now_there.get(old.logical_id)
        changed = current is None or (current.state, current.generation) != (
            old.state,
            old.generation,
        )
        back.append(replace(old, status="UPDATE_IN_PROGRESS", time=now) if changed else old)
    stack = replace(stack, resources=tuple(back), leaving=())
    return _events(stack, [each for each in back if each.status == "UPDATE_IN_PROGRESS"], now)


def _went_back(stack: Stack, failures: Failures, now: float) -> Stack:
    begun = {each.logical_id for each in stack.resources if _is_begun(each)}
    failed = {name: reason for name, reason in failures.items() if name in begun}
    stack = _settle(stack, failed, now)
    stack = replace(stack, wanted=Target(), previous=Target())
    if failed:
        reason = f"The following resource(s) failed to update: [{', '.join(sorted(failed))}]. "
        return _now(stack, "UPDATE_ROLLBACK_FAILED", now, reason)
    stack = _now(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", now)
    return _now(stack, "UPDATE_ROLLBACK_COMPLETE", now)


def _settle(stack: Stack, failed: Failures, now: float) -> Stack:
    """Each resource in progress becomes complete or failed, with its event."""
    settled, changed = [], []
    for each in stack.resources:
        if _is_begun(each) or each.logical_id in failed:
            verb = each.status.partition("_")[0]
            end = "FAILED" if each.logical_id in failed else "COMPLETE"
            reason = failed.get(each.logical_id, "")
            changed.append(replace(each, status=f"{verb}_{end}", reason=reason, time=now))
            settled.append(changed[-1])
        else:
            settled.append(each)
    return _events(replace(stack, resources=tuple(settled)), changed, now)


def _events(
    stack: Stack,
    resources: Iterable[StackResource],
    now: float,
    *,
    status: str = "",
    failures: Failures | None = None,
) -> Stack:
    """An event of each resource, with its own status and reason if no other is given."""
    for each in resources:
        reason = each.reason if failures is None else failures.get(each.logical_id, "")
        stack = _told(
            stack, each.logical_id, each.physical_id, status or each.status, now, reason,
            each.type, hidden(json.dumps(each.properties, separators=(",", ":")), stack),
        )  # fmt: skip
    return stack


def hidden(text: str, stack: Stack) -> str:
    """JSON or a text without the values of parameters with NoEcho."""
    for inputs in (stack.inputs, stack.wanted.inputs):
        for name in inputs.no_echo:
            if secret := inputs.parameters.get(name):
                text = text.replace(json.dumps(secret)[1:-1], "****")
    return text


def _now(stack: Stack, status: str, now: float, reason: str = "") -> Stack:
    """The stack in a status, with its event."""
    stack = replace(stack, status=status, reason=reason)
    return _told(stack, stack.name, stack.id, status, now, reason, _STACK)


def _told(
    stack: Stack,
    logical_id: str,
    physical_id: str,
    status: str,
    now: float,
    reason: str,
    kind: str = "",
    properties: str = "",
) -> Stack:
    time = max(now, stack.events[-1].time + 0.001) if stack.events else now  # each has its own
    at = datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    name = f"{logical_id}-{status}-{at}Z"
    if kind == _STACK:
        name = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{stack.id}{time}{status}"))
    event = StackEvent(
        name, time, logical_id, physical_id, kind, status, reason, stack.token, properties
    )
    return replace(stack, events=(*stack.events, event)[-_MOST_EVENTS:])

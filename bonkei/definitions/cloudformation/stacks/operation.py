"""The course of a stack's operation.

`prepare` returns the next target of the stack. Then the miniature follows, and `conclude` receives
the failures. Both functions need only the stack. So an interrupted phase is repeated from the stack
on disk. Statuses and reasons: "Stack status codes" and "Understand stack creation events",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bonkei.definitions.cloudformation.stacks.events import (
    Failures,
    beginnings,
    in_status,
    waits,
    with_event,
    with_events,
)
from bonkei.definitions.cloudformation.stacks.values import Stack, StackResource, Target


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
    return in_status(begun, status, now, "User Initiated")


def review(stack: Stack, now: float) -> Stack:
    """A stack whose first change set waits."""
    return in_status(stack, "REVIEW_IN_PROGRESS", now, "User Initiated")


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
        stack = with_event(stack, logical_id or stack.name, "", "DELETE_FAILED", now, reason)
    return in_status(stack, "UPDATE_COMPLETE", now)


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
    begun = list(filter(_is_begun, made.values()))
    for each in begun:
        if not waits(each, begun):
            stack = with_events(stack, beginnings(before.get(each.logical_id), each), now)
    return stack


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
        return in_status(stack, "CREATE_FAILED" if creates else "UPDATE_FAILED", now, reason)
    if stack.on_failure == "DELETE" and creates:
        return in_status(stack, "DELETE_IN_PROGRESS", now, f"{reason}Delete requested by user.")
    if creates:
        going = replace(stack, deleted=now)
        return in_status(going, "ROLLBACK_IN_PROGRESS", now, f"{reason}Rollback requested by user.")
    return in_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", now, reason)


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
        return in_status(stack, "CREATE_COMPLETE", now)
    stack = in_status(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", now)
    stack = with_events(stack, retained, now, status="DELETE_SKIPPED", failures={})
    for each in reversed(leaving):
        for status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"):
            stack = with_events(stack, (each,), now, status=status, failures={})
    return stack if leaving else in_status(stack, "UPDATE_COMPLETE", now)


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
    stack = with_events(stack, retained, now, status="DELETE_SKIPPED", failures={})
    return with_events(stack, (each for each in going if not _is_needed(each, going)), now)


def _is_needed(each: StackResource, going: Iterable[StackResource]) -> bool:
    return any(each.logical_id in one.needs for one in going)


def _ended(stack: Stack, failures: Failures, now: float) -> Stack:
    failed = {each.logical_id for each in stack.resources if each.logical_id in failures}
    for each in reversed(stack.resources):
        if _is_needed(each, stack.resources):
            stack = with_events(stack, (each,), now)
        status = "DELETE_FAILED" if each.logical_id in failed else "DELETE_COMPLETE"
        stack = with_events(stack, (each,), now, status=status, failures=failures)
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
        return in_status(stack, "ROLLBACK_FAILED" if rolls_back else "DELETE_FAILED", now, reason)
    if rolls_back:
        return in_status(stack, "ROLLBACK_COMPLETE", now)
    return in_status(replace(stack, deleted=now, outputs=()), "DELETE_COMPLETE", now)


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
    return with_events(stack, [each for each in back if each.status == "UPDATE_IN_PROGRESS"], now)


def _went_back(stack: Stack, failures: Failures, now: float) -> Stack:
    begun = {each.logical_id for each in stack.resources if _is_begun(each)}
    failed = {name: reason for name, reason in failures.items() if name in begun}
    stack = _settle(stack, failed, now)
    stack = replace(stack, wanted=Target(), previous=Target())
    if failed:
        reason = f"The following resource(s) failed to update: [{', '.join(sorted(failed))}]. "
        return in_status(stack, "UPDATE_ROLLBACK_FAILED", now, reason)
    stack = in_status(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", now)
    return in_status(stack, "UPDATE_ROLLBACK_COMPLETE", now)


def _settle(stack: Stack, failed: Failures, now: float) -> Stack:
    """Each resource in progress becomes complete or failed, with its event."""
    settled = []
    begun = list(filter(_is_begun, stack.resources))
    before = {each.logical_id: each for each in stack.previous.resources}
    attempts = stack.status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
    for each in stack.resources:
        if _is_begun(each) or each.logical_id in failed:
            if attempts and _is_begun(each) and waits(each, begun):
                stack = with_events(stack, beginnings(before.get(each.logical_id), each), now)
            verb = each.status.partition("_")[0]
            end = "FAILED" if each.logical_id in failed else "COMPLETE"
            reason = failed.get(each.logical_id, "")
            settled.append(replace(each, status=f"{verb}_{end}", reason=reason, time=now))
            stack = with_events(stack, settled[-1:], now)
        else:
            settled.append(each)
    return replace(stack, resources=tuple(settled))

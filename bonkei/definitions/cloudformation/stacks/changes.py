"""The differences between a stack and its target."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.definitions.cloudformation.resources.schemas import schema_of
from bonkei.definitions.cloudformation.stacks.values import Change, Stack, StackResource, Target


def changes(stack: Stack, target: Target) -> tuple[Change, ...]:
    """The changes in their order of execution. Removals come last."""
    before = {each.logical_id: each for each in stack.resources}
    wanted = {each.logical_id for each in target.resources}
    found = [
        change
        for each in target.resources
        if (change := _change(before.get(each.logical_id), each)) is not None
    ]
    found += [
        Change("Remove", each.logical_id, each.physical_id, each.type, policy=each.deletion_policy)
        for each in stack.resources
        if each.logical_id not in wanted
    ]
    return tuple(found)


def is_empty(stack: Stack, target: Target) -> bool:
    """Whether CloudFormation reports no changes. Outputs and tags count, too."""
    same_policies = [_policies(each) for each in stack.resources] == [
        _policies(each) for each in target.resources
    ]
    return (
        not changes(stack, target)
        and stack.outputs == target.outputs
        and dict(stack.inputs.tags) == dict(target.inputs.tags)
        and (same_policies or stack.inputs.template == target.inputs.template)
    )


def _policies(each: StackResource) -> tuple[str, str, str]:
    return each.logical_id, each.deletion_policy, each.update_replace_policy


def _change(before: StackResource | None, wanted: StackResource) -> Change | None:
    if before is None:
        return Change("Add", wanted.logical_id, "", wanted.type)
    details = tuple(_details(before, wanted))
    same = before.state == wanted.state and before.generation == wanted.generation
    if not details and same and not wanted.reason:
        return None
    replaces = before.generation != wanted.generation
    return Change(
        "Modify",
        wanted.logical_id,
        before.physical_id,
        wanted.type,
        "True" if replaces else "False",
        details,
        before.update_replace_policy if replaces else "",
    )


def _details(before: StackResource, wanted: StackResource) -> Iterator[tuple[str, bool]]:
    replaced_by = schema_of(wanted.type).replaced_by
    for name in sorted({*before.properties, *wanted.properties}):
        if before.properties.get(name) != wanted.properties.get(name):
            yield name, name in replaced_by

"""A stack, its resources, its events and change sets: frozen values, stored as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bonkei.base.arn import Arn

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StackResource:
    """A resource with all known values. `generation` counts its replacements, from 1. `token` is
    the source of generated values. `state` has Terraform's types and attributes, created by
    `bonkei.definitions.cloudformation.resources`. `needs` are the resources that it comes after.
    `missing_export` is what no stack exported when this was planned. `metadata` is JSON."""

    logical_id: str
    type: str
    physical_id: str
    properties: Values
    attributes: Mapping[str, str]
    state: tuple[tuple[str, Values], ...]
    deletion_policy: str = ""
    update_replace_policy: str = ""
    generation: int = 1
    token: str = ""
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    time: float = 0.0
    needs: tuple[str, ...] = ()
    missing_export: str = ""
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class StackOutput:
    name: str
    value: str
    description: str = ""
    export: str = ""


@dataclass(frozen=True, slots=True)
class StackEvent:
    """`properties` are a resource's, as JSON, without the values of hidden parameters."""

    id: str
    time: float
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""
    token: str = ""
    properties: str = ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The source of a stack. `parameters` are resolved; `no_echo` names the hidden ones."""

    template: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    no_echo: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    description: str = ""
    role_arn: str = ""
    notification_arns: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()  # names of other stacks' exports


@dataclass(frozen=True, slots=True)
class Detail:
    """A changed property, or the metadata, which has no `name`. `cause` is what it refers to, such
    as a parameter, and empty when the template says it. `before` and `after` are its values, as
    text or JSON. DescribeChangeSet shows some details only with property values, and some only
    without them."""

    name: str
    replaces: bool
    before: str | None = None
    after: str | None = None
    source: str = "DirectModification"
    evaluation: str = "Static"
    cause: str = ""
    shown: str = ""  # with | without values; empty for both

    @property
    def attribute(self) -> str:
        return "Properties" if self.name else "Metadata"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one resource. `replacement` is True or False, or empty for an added or a removed
    resource. `before` and `after` are its properties, as JSON. `warning`: why one is not known."""

    action: str  # Add | Modify | Remove
    logical_id: str
    physical_id: str
    type: str
    replacement: str = ""
    modified: tuple[Detail, ...] = ()
    policy: str = ""  # Delete | Retain | ...: the policy for the old one
    before: str = ""
    after: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """The target of an operation, with the resources in order and the outputs."""

    inputs: Inputs = field(default_factory=Inputs)
    resources: tuple[StackResource, ...] = ()
    outputs: tuple[StackOutput, ...] = ()


EXECUTED = "EXECUTE_COMPLETE"
"""A change set that was executed stays, until the next one is."""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    id: str
    name: str
    kind: str  # CREATE | UPDATE
    created: float
    target: Target
    changes: tuple[Change, ...]
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "AVAILABLE"  # UNAVAILABLE | EXECUTED
    description: str = ""
    on_failure: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack. `events` end with the newest one. `wanted` and `previous` are the target and the
    start of the operation in progress. `leaving` are replaced resources that still exist.
    `retained` are resources that exist but no longer belong to the stack. `on_failure` (ROLLBACK,
    DELETE, DO_NOTHING) is the reaction to a failure. Times are Unix seconds, 0 for never."""

    id: str
    name: str
    created: float
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = ""
    updated: float = 0.0
    deleted: float = 0.0
    inputs: Inputs = field(default_factory=Inputs)
    resources: tuple[StackResource, ...] = ()
    outputs: tuple[StackOutput, ...] = ()
    events: tuple[StackEvent, ...] = ()
    change_sets: tuple[ChangeSet, ...] = ()
    wanted: Target = field(default_factory=Target)
    previous: Target = field(default_factory=Target)
    leaving: tuple[StackResource, ...] = ()
    retained: tuple[StackResource, ...] = ()
    on_failure: str = "ROLLBACK"
    protected: bool = False
    change_set_id: str = ""
    token: str = ""

    @property
    def in_progress(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def gone(self) -> bool:
        return self.status == "DELETE_COMPLETE"

    @property
    def executed(self) -> tuple[ChangeSet, ...]:
        return tuple(each for each in self.change_sets if each.execution == EXECUTED)

    @property
    def region(self) -> str:
        return Arn.of(self.id).region

    @property
    def existing(self) -> tuple[StackResource, ...]:
        """The resources that the miniature should have."""
        here = (each for each in self.resources if each.status not in NOT_THERE)
        return (*here, *self.leaving, *self.retained)

    def resource(self, logical_id: str) -> StackResource | None:
        return next((each for each in self.resources if each.logical_id == logical_id), None)


@dataclass(frozen=True, slots=True)
class StackSnapshot:
    """A stack for `bonkei status`."""

    name: str
    status: str
    resources: int
    reason: str = ""


NOT_THERE = frozenset({"CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"})
"""Statuses of resources that do not exist, or should not."""


def address_of(stack: Stack, resource: StackResource) -> str:
    """How messages name a stack's resource."""
    return f"{stack.name}.{resource.logical_id}"

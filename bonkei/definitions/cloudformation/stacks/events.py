"""The events of a stack, with the words of "Understand stack creation events",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bonkei.definitions.cloudformation.stacks.values import Stack, StackEvent, StackResource

Failures = Mapping[str, str]
"""Logical id -> reason; "" -> why the miniature could not follow at all."""

STACK = "AWS::CloudFormation::Stack"
_MOST_EVENTS = 5_000
_REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."


def waits(each: StackResource, begun: Iterable[StackResource]) -> bool:
    """The miniature makes all at once; the events tell of each after what it needs."""
    return not {one.logical_id for one in begun}.isdisjoint(each.needs)


def beginnings(old: StackResource | None, new: StackResource) -> Iterator[StackResource]:
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


def with_events(
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
        stack = with_event(
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


def in_status(stack: Stack, status: str, now: float, reason: str = "") -> Stack:
    """The stack in a status, with its event."""
    stack = replace(stack, status=status, reason=reason)
    return with_event(stack, stack.name, stack.id, status, now, reason, STACK)


def with_event(
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
    if kind == STACK:
        name = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{stack.id}{time}{status}"))
    event = StackEvent(
        name, time, logical_id, physical_id, kind, status, reason, stack.token, properties
    )
    return replace(stack, events=(*stack.events, event)[-_MOST_EVENTS:])


def status_change(stack: Stack, event: StackEvent) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Return the detail type, resources and detail of the event on EventBridge's bus. Source:
    "CloudFormation event details",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html
    """
    details = {"status": event.status, "status-reason": event.reason}
    detail: dict[str, Any] = {"stack-id": stack.id, "status-details": details}
    if event.physical_id == stack.id:
        return "CloudFormation Stack Status Change", (stack.id,), detail
    detail |= {
        "logical-resource-id": event.logical_id,
        "physical-resource-id": event.physical_id,
        "resource-type": event.type,
    }
    if event.token:
        detail["client-request-token"] = event.token
    return "CloudFormation Resource Status Change", (stack.id,), detail

"""The event that CloudFormation puts on EventBridge's bus for each event of a stack.

Source: "CloudFormation event details",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html
"""

from __future__ import annotations

from typing import Any

from bonkei.definitions.cloudformation.stacks.values import Stack, StackEvent


def status_change(stack: Stack, event: StackEvent) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Return the event's detail type, resources and detail."""
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

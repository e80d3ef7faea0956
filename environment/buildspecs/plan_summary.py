"""One line for the approval: the plan's changes, most dangerous first.

Reads `terraform show -json tfplan`; prints counts and addresses, never a value. CodePipeline shows
1000 characters of it at most, so the line is cut well before. SummaryError ends it with its message
and exit code 1: a change that it does not know would be approved unread.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

_LONGEST = 600
_OUTSIDE = "changed outside Terraform"
_VERBS = ("replace", "destroy", "forget", "create", "update", "import", "move")


class SummaryError(Exception):
    """The plan has a change of an unknown kind; the message names it."""


def verb(resource: Mapping[str, Any]) -> str | None:
    """A resource's change as one word; None when nothing changes. To forget it is to leave it on
    AWS, without Terraform."""
    change = resource["change"]
    match sorted(change["actions"]):
        case ["create", "delete"] | ["create", "forget"]:
            return "replace"
        case ["delete"]:
            return "destroy"
        case ["create"]:
            return "create"
        case ["update"]:
            return "update"
        case ["forget"]:
            return "forget"
        case ["no-op"] | ["read"]:
            if change.get("importing"):
                return "import"
            return "move" if resource.get("previous_address") else None
    raise SummaryError(f"{resource['address']}: unknown actions {change['actions']}")


def summary(plan: Mapping[str, Any]) -> str:
    """`replace 1, create 2: replace a.b, create …`. Terraform finds many resources otherwise than
    it left them, such as those that a release has changed. Only where the plan puts them back, the
    approver has to know."""
    outside = {each["address"] for each in plan.get("resource_drift", ())}
    changes: dict[str, list[str]] = {name: [] for name in (*_VERBS, _OUTSIDE)}
    for resource in plan.get("resource_changes", ()):
        name = verb(resource)
        if name is None:
            continue
        changes[name].append(resource["address"])
        if resource["address"] in outside:
            changes[_OUTSIDE].append(resource["address"])
    counts = ", ".join(f"{name} {len(found)}" for name, found in changes.items() if found)
    if not counts:
        return "only outputs change" if plan.get("output_changes") else "no changes"
    lines = [f"{name} {address}" for name, found in changes.items() for address in sorted(found)]
    text = f"{counts}: {', '.join(lines)}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


if __name__ == "__main__":
    try:
        print(summary(json.load(sys.stdin)))
    except SummaryError as error:
        sys.exit(f"error: {error}")

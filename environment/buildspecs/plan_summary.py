"""One line for the approval: the plan's changes, most dangerous first.

Reads `terraform show -json tfplan`; prints counts and addresses, never a value. CodePipeline shows
1000 characters of it at most, so the line is cut well before.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST = 600
_VERBS = ("replace", "destroy", "create", "update")


def verb(actions: Iterable[str]) -> str | None:
    """Terraform's list of actions as one word; None when nothing changes."""
    match sorted(actions):
        case ["create", "delete"]:
            return "replace"
        case ["delete"]:
            return "destroy"
        case ["create"]:
            return "create"
        case ["update"]:
            return "update"
    return None


def summary(plan: Mapping[str, Any]) -> str:
    """`replace 1, create 2: replace a.b, create …`."""
    changes: dict[str, list[str]] = {name: [] for name in _VERBS}
    for resource in plan.get("resource_changes", ()):
        name = verb(resource["change"]["actions"])
        if name is not None:
            changes[name].append(resource["address"])
    counts = ", ".join(f"{name} {len(found)}" for name, found in changes.items() if found)
    if not counts:
        return "only outputs change" if plan.get("output_changes") else "no changes"
    lines = [f"{name} {address}" for name, found in changes.items() for address in sorted(found)]
    text = f"{counts}: {', '.join(lines)}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


if __name__ == "__main__":
    print(summary(json.load(sys.stdin)))

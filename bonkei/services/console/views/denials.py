"""Denied calls for people: caller, action, resource and reason, as in `bonkei iam denied`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Denial = Mapping[str, Any]
"""In the ledger's form: time, role, caller, action, resource, reason, message, enforced, looked_at,
statement, absent_keys."""


@dataclass(frozen=True, slots=True)
class DeniedCalls:
    """Calls that were denied for the same reason. `last` is the newest of them."""

    last: Denial
    count: int
    first: float


def together(denials: Iterable[Denial]) -> list[DeniedCalls]:
    """Calls that are alike, grouped; the newest first."""
    found: dict[tuple[str, ...], list[Denial]] = {}
    for each in denials:
        names = ("role", "action", "resource", "reason", "statement")
        key = (*(str(each[name]) for name in names), str(each["enforced"]))
        found.setdefault(key, []).append(each)
    groups = [
        DeniedCalls(alike[-1], len(alike), float(alike[0]["time"])) for alike in found.values()
    ]
    return sorted(groups, key=lambda each: -float(each.last["time"]))


def who(denial: Denial) -> str:
    """The role's name, or the name of the service that calls in its own name."""
    return name_of(str(denial["role"])) or str(denial["caller"])


def looked_at(denial: Denial) -> tuple[tuple[str, str], ...]:
    """Where to look, as addresses with Sids: an explicit Deny has one place; otherwise every policy
    was searched."""
    address, _, sid = str(denial["statement"]).partition(" ")
    return ((address, sid),) if address else tuple((each, "") for each in denial["looked_at"])


def why(denial: Denial) -> str:
    if denial["reason"] == "network":
        return str(denial["message"])
    if denial["statement"]:
        article = "an" if str(denial["reason"]).startswith("identity") else "a"
        return f"explicit deny in {article} {denial['reason']}: {denial['statement']}"
    return f"no {denial['reason']} allows it"


def would_allow(denial: Denial) -> str:
    """A statement that would allow the call. None helps against an explicit Deny or a missing
    network path."""
    if denial["statement"] or denial["reason"] == "network":
        return ""
    caller = str(denial["caller"])
    service = caller if caller.endswith(".amazonaws.com") else ""
    return f'actions = ["{denial["action"]}"]  resources = ["{denial["resource"]}"]' + (
        f'  principals {{ Service = "{service}" }}' if service else ""
    )


def name_of(arn: str) -> str:
    return arn.rpartition("/")[2]

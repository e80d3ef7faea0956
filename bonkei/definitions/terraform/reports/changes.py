"""The changes of a plan, and of an apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bonkei.definitions.refresh.observe import SEEN
from bonkei.definitions.terraform.errors import Diagnostic
from bonkei.definitions.terraform.reports.difference import Difference, differences

_VERBS = {
    "import": "import",
    "create": "add",
    "update": "change",
    "replace": "replace",
    "delete": "destroy",
}
_UNASKED = "No miniature runs: a change by a call is not seen."
_ASKED = f"Nor has a call changed what was asked for: {SEEN}."
_OUTSIDE = "Changed outside of Terraform since the last apply:"
_DIFFERENCES = 12
"""How many differences of a resource are shown."""
_SIGNS = {"import": "=", "create": "+", "update": "~", "replace": "±", "delete": "-", "move": ">"}


@dataclass(frozen=True, slots=True)
class Change:
    """One resource, its action, and its differences."""

    address: str
    action: str  # create | update | replace | delete | move | import
    differences: tuple[Difference, ...] = ()
    replaced_by: tuple[str, ...] = ()
    """The attributes that force the replacement."""
    moved_from: str | None = None
    imported: bool = False
    """Whether it exists already, and is imported into the state first."""

    def render(self) -> str:
        """Return one line, and one more for each difference."""
        moved = f" (was {self.moved_from})" if self.moved_from else ""
        moved += " (imported)" if self.imported and self.action != "import" else ""
        why = ""
        if self.action == "replace" and self.replaced_by:
            why = f": {', '.join(self.replaced_by)} cannot be changed in place"
        lines = [f"{_SIGNS.get(self.action, ' ')} {self.address}{moved}{why}"]
        # Computed values are new in every replacement: they would hide the reason.
        shown = [each for each in self.differences if self.action != "replace" or not each.unknown]
        lines += [f"    {each.render()}" for each in shown[:_DIFFERENCES]]
        if len(shown) > _DIFFERENCES:
            lines.append(f"    … and {len(shown) - _DIFFERENCES} more")
        return "\n".join(lines)

    def in_root(self, name: str) -> Change:
        """The same, of one of several root modules."""
        return replace(self, address=f"{name}/{self.address}")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "address": self.address,
            "action": self.action,
            "differences": [each.as_dict() for each in self.differences],
            "replaced_by": list(self.replaced_by),
            "imported": self.imported,
        }


@dataclass(frozen=True, slots=True)
class OutputChange:
    """An output of the root module, and what happens to it."""

    name: str
    action: str  # create | update | delete

    def render(self) -> str:
        return f"{_SIGNS.get(self.action, '~')} output {self.name}"


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """The changes that `apply` would make."""

    changes: tuple[Change, ...]
    outputs: tuple[OutputChange, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    """Terraform's warnings."""
    outside: tuple[Change, ...] = ()
    """What others have changed since the last apply. The definitions may ignore it."""
    asked: bool = False
    """Whether what runs was asked; otherwise only the state of the last apply was."""

    @property
    def is_empty(self) -> bool:
        """Whether the definitions and the state agree."""
        return not self.changes and not self.outputs

    def count(self, action: str) -> int:
        """Count the resources with this action."""
        return sum(change.action == action for change in self.changes)

    def render(self) -> str:
        """Show the changes and their number."""
        if self.is_empty and not self.outside:
            basis = _ASKED if self.asked else _UNASKED
            return f"No changes. The definitions are as they were last applied.\n{basis}"
        lines = (
            [_OUTSIDE, *(change.render() for change in self.outside), ""] if self.outside else []
        )
        lines += [change.render() for change in self.changes]
        lines += [output.render() for output in self.outputs]
        counts = {verb: self.count(action) for action, verb in _VERBS.items()}
        lines += ["", ", ".join(f"{n} to {verb}" for verb, n in counts.items() if n)]
        if self.is_empty:
            lines.append("No changes: the definitions leave that as it is.")
        return "\n".join(lines).strip()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "changes": [change.as_dict() for change in self.changes],
            "outside": [change.as_dict() for change in self.outside],
            "outputs": [output.name for output in self.outputs],
            "compared_with": "what runs" if self.asked else "the state of the last apply",
        }


@dataclass(frozen=True, slots=True)
class ApplySummary:
    """How many resources an apply or a destroy has touched."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    imported: int = 0

    def with_more(self, more: ApplySummary) -> ApplySummary:
        """Return the sums of both."""
        return ApplySummary(
            self.added + more.added,
            self.changed + more.changed,
            self.removed + more.removed,
            self.imported + more.imported,
        )

    def render(self) -> str:
        """One line."""
        parts = {"added": self.added, "changed": self.changed, "removed": self.removed}
        parts["imported"] = self.imported
        shown = [f"{number} {word}" for word, number in parts.items() if number]
        return ", ".join(shown) if shown else "nothing changed"


def read_plan(
    document: Mapping[str, Any], warnings: Sequence[Diagnostic] = (), *, asked: bool = False
) -> PlanSummary:
    """A summary from `terraform show -json` of a plan file, and the warnings of the plan. `asked`:
    as in the summary."""
    outputs = [
        OutputChange(name, change["actions"][0])
        for name, change in sorted(document.get("output_changes", {}).items())
        if change["actions"] != ["no-op"]
    ]
    return PlanSummary(
        _changes(document, "resource_changes"),
        tuple(outputs),
        tuple(warnings),
        _changes(document, "resource_drift"),
        asked,
    )


def _changes(document: Mapping[str, Any], kind: str) -> tuple[Change, ...]:
    return tuple(
        _change(entry)
        for entry in document.get(kind, ())
        if entry["mode"] == "managed"
        and (
            entry["change"]["actions"] != ["no-op"]
            or "previous_address" in entry
            or "importing" in entry["change"]
        )
    )


def _change(entry: Mapping[str, Any]) -> Change:
    change = entry["change"]
    actions = change["actions"]
    return Change(
        address=entry["address"],
        action=_action(actions, imported="importing" in change),
        differences=differences(change) if None not in (change["before"], change["after"]) else (),
        replaced_by=tuple(_path(path) for path in change.get("replace_paths", ())),
        moved_from=entry.get("previous_address"),
        imported="importing" in change,
    )


def _action(actions: Sequence[str], *, imported: bool) -> str:
    if len(actions) > 1:
        return "replace"
    if actions[0] == "no-op":
        return "import" if imported else "move"
    return actions[0]


def _path(steps: Sequence[str | int]) -> str:
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).lstrip(".")

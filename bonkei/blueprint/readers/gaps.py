"""What a reader meets and cannot carry over to the miniature, noted where it is met."""

from __future__ import annotations

from dataclasses import dataclass, field

from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.state import Resource


@dataclass(slots=True)
class Gaps:
    """Collects notes during one reading; the same note about the same thing counts once."""

    found: dict[tuple[str, str, str], NotSimulated] = field(default_factory=dict)

    def part(self, block: Resource, argument: str, reason: str) -> None:
        """A part of a resource, by its argument."""
        kind = f"{block.type}.{argument}"
        note = NotSimulated(kind=kind, reason=reason, address=block.address)
        self.found.setdefault((block.address, kind, reason), note)

    def resource(self, block: Resource, reason: str) -> None:
        """A whole resource of a type that is otherwise simulated."""
        note = NotSimulated(kind=block.type, reason=reason, address=block.address)
        self.found.setdefault((block.address, note.kind, reason), note)

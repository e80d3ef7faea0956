"""The state shared by the parts of the picture."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from bonkei.analysis.diagram.model import Arrow, Node
from bonkei.blueprint import Blueprint

# Columns: the parts before the network, then the network from its edge inwards, then AWS.
BEFORE, ENTRY, APP, INNER, OUTSIDE = range(5)


@dataclass(slots=True)
class Drawing:
    """Collects the parts of the picture while it is composed."""

    blueprint: Blueprint
    prefix: str
    nodes: list[Node] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    tiers: dict[tuple[str, ...], list[str]] = field(default_factory=lambda: defaultdict(list))

    def short(self, name: str) -> str:
        return name.removeprefix(self.prefix) or name

    def stand(self, node_id: str, subnet_ids: tuple[str, ...]) -> None:
        """Put a node into the tier of its subnets. If they are unknown, put it into no tier."""
        known = tuple(s for s in subnet_ids if self.blueprint.network.subnet(s))
        if known:
            self.tiers[known].append(node_id)

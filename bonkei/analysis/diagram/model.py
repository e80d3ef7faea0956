"""A diagram before it is drawn: nodes on a grid, groups around them, arrows between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "alarm",
    "approval",
    "bucket",
    "build",
    "cdn",
    "container",
    "database",
    "endpoint",
    "event",
    "firewall",
    "function",
    "internet",
    "key",
    "load_balancer",
    "logs",
    "message",
    "metric",
    "nat",
    "people",
    "pipeline",
    "registry",
    "router",
    "secret",
    "service",
    "source",
    "topic",
]
ArrowStyle = Literal["request", "data", "control"]
GroupKind = Literal["network", "public", "private", "isolated", "lane"]


@dataclass(frozen=True, slots=True)
class Node:
    """`column` and `row` are cells of the grid, from 0; `lines` stand below the title."""

    id: str
    kind: Kind
    title: str
    column: int
    row: int
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A frame around nodes and other groups, by their ids."""

    id: str
    kind: GroupKind
    title: str
    members: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow. With `request`, users wait for it; with `data`, something is written; with
    `control`, something is started."""

    source: str
    target: str
    label: str = ""
    style: ArrowStyle = "request"


@dataclass(frozen=True, slots=True)
class Diagram:
    """A diagram. `name` is the name of its files. `description` is the text for readers who cannot
    see the picture."""

    name: str
    title: str
    description: str
    nodes: tuple[Node, ...]
    groups: tuple[Group, ...] = ()
    arrows: tuple[Arrow, ...] = ()

    def node(self, node_id: str) -> Node:
        """The node with this id. Raises KeyError if there is none."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)

    def nodes_of(self, group: Group) -> tuple[Node, ...]:
        """The nodes in a group, including those of nested groups."""
        inner = {found.id: found for found in self.groups}
        found: list[Node] = []
        for member in group.members:
            if member in inner:
                found += self.nodes_of(inner[member])
            else:
                found.append(self.node(member))
        return tuple(found)

    def depth_of(self, group: Group) -> int:
        """The greatest depth of nested groups in a group."""
        inner = [found for found in self.groups if found.id in group.members]
        return max((1 + self.depth_of(found) for found in inner), default=0)

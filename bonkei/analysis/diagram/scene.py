"""A diagram with all positions, as values. Other code can draw it, such as a page that shows the
state of each node."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.analysis.diagram.geometry import Box, Path, rounded
from bonkei.analysis.diagram.icons import COLOURS, PATHS
from bonkei.analysis.diagram.layout import BOLD, ICON, LINE_SIZE, TITLE_SIZE, lay_out
from bonkei.analysis.diagram.model import Diagram, Group, Node
from bonkei.analysis.diagram.text import fit


@dataclass(frozen=True, slots=True)
class Frame:
    """A group. `kind` as the model has it."""

    box: Box
    kind: str
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Card:
    """A node. `title` and `lines` fit into its box. `icon` is a path in a square of 24 by 24."""

    id: str
    box: Box
    kind: str
    title: str
    lines: tuple[str, ...]
    icon: str
    colour: str


@dataclass(frozen=True, slots=True)
class Line:
    """An arrow, as the path of an SVG. `label_at` is the middle of its label, or the beginning of a
    vertical arrow's label (`is_vertical`)."""

    source: str
    target: str
    style: str
    path: str
    label: str
    label_at: tuple[float, float]
    is_vertical: bool


@dataclass(frozen=True, slots=True)
class Scene:
    name: str
    title: str
    description: str
    width: float
    height: float
    frames: tuple[Frame, ...]
    cards: tuple[Card, ...]
    lines: tuple[Line, ...]


def stage(diagram: Diagram) -> Scene:
    """Place a diagram as in its SVG. The same diagram gives the same scene."""
    layout = lay_out(diagram)
    return Scene(
        diagram.name,
        diagram.title,
        diagram.description,
        layout.width,
        layout.height,
        tuple(_frame(group, box) for group, box in layout.frames),
        tuple(_card(node, layout.boxes[node.id]) for node in diagram.nodes),
        tuple(_line(path) for path in layout.paths),
    )


def _frame(group: Group, box: Box) -> Frame:
    return Frame(box, group.kind, fit(group.title, 12.5, box.width - 24), group.note)


def _card(node: Node, box: Box) -> Card:
    space = box.width - ICON - 22
    return Card(
        node.id,
        box,
        node.kind,
        fit(node.title, TITLE_SIZE * BOLD, space),
        tuple(fit(line, LINE_SIZE, space) for line in node.lines),
        PATHS[node.kind],
        COLOURS[node.kind],
    )


def _line(path: Path) -> Line:
    arrow = path.arrow
    return Line(
        arrow.source,
        arrow.target,
        arrow.style,
        rounded(path.points),
        arrow.label,
        path.label_at,
        path.points[-2][0] == path.points[-1][0],
    )

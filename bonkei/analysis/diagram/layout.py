"""Computes all positions: cells of the grid become boxes, groups become frames, arrows become
paths.

Columns and rows are given. Between them are gutters. A gutter is wide enough for the frames that
begin and end there, and for the tracks of its arrows. An arrow has only horizontal and vertical
lines. It runs straight along a row if the way is free, or else in a track of a gutter.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bonkei.analysis.diagram.geometry import Box, Path, Span
from bonkei.analysis.diagram.model import Diagram, Group, Node
from bonkei.analysis.diagram.routing import route
from bonkei.analysis.diagram.text import width

MARGIN = 24.0
TITLE = 44.0
TITLE_SIZE, LINE_SIZE, LABEL_SIZE, FRAME_SIZE = 13.0, 11.0, 10.5, 12.0
BOLD = 1.1  # how much wider a bold font is
ICON = 40.0
LINE_HEIGHT = 15.0
PADDING = 18.0
HEADING = 24.0
GUTTER, ROW_GUTTER = 46.0, 34.0
TRACK = 11.0
MIN_WIDTH, MAX_WIDTH = 132.0, 284.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything placed; frames from the outermost inwards."""

    width: float
    height: float
    boxes: dict[str, Box]
    frames: tuple[tuple[Group, Box], ...]
    paths: tuple[Path, ...]


@dataclass(slots=True)
class _Grid:
    """Extents of columns and rows, and of the gutter after each."""

    columns: dict[int, Span] = field(default_factory=dict)
    rows: dict[int, Span] = field(default_factory=dict)
    column_gutters: dict[int, Span] = field(default_factory=dict)
    row_gutters: dict[int, Span] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0


def lay_out(diagram: Diagram) -> Layout:
    """Place a diagram. The same diagram gives the same layout."""
    diagram = _without_gaps(diagram)
    grid = _Grid()
    _place_columns(diagram, grid)
    _place_rows(diagram, grid)
    boxes = {node.id: _box(node, grid) for node in diagram.nodes}
    frames = tuple(
        (group, _frame(diagram, group, grid))
        for group in sorted(diagram.groups, key=lambda g: (-diagram.depth_of(g), g.id))
    )
    paths = route(diagram, boxes, grid.column_gutters, grid.row_gutters)
    return Layout(grid.width, grid.height, boxes, frames, paths)


def _without_gaps(diagram: Diagram) -> Diagram:
    """Columns and rows numbered one after the other."""
    columns = {c: i for i, c in enumerate(sorted({node.column for node in diagram.nodes}))}
    rows = {r: i for i, r in enumerate(sorted({node.row for node in diagram.nodes}))}
    nodes = (replace(n, column=columns[n.column], row=rows[n.row]) for n in diagram.nodes)
    return replace(diagram, nodes=tuple(nodes))


def node_width(node: Node) -> float:
    """The width that its text needs, within bounds."""
    longest = max(
        width(node.title, TITLE_SIZE) * BOLD,
        *(width(line, LINE_SIZE) for line in node.lines or ("",)),
    )
    return min(MAX_WIDTH, max(MIN_WIDTH, longest + ICON + 26))


def node_height(node: Node) -> float:
    """The height of one line of title and the other lines."""
    return max(52.0, 34 + len(node.lines) * LINE_HEIGHT + 6)


def _box(node: Node, grid: _Grid) -> Box:
    """A node fills its column's width, and is in the middle of its row."""
    left, right = grid.columns[node.column]
    top, bottom = grid.rows[node.row]
    height = node_height(node)
    return Box(left, top + (bottom - top - height) / 2, right - left, height)


def _frame(diagram: Diagram, group: Group, grid: _Grid) -> Box:
    inside = diagram.nodes_of(group)
    depth = diagram.depth_of(group)
    left = min(grid.columns[n.column][0] for n in inside) - _side(depth)
    right = max(grid.columns[n.column][1] for n in inside) + _side(depth)
    top = min(grid.rows[n.row][0] for n in inside) - _head(depth)
    bottom = max(grid.rows[n.row][1] for n in inside) + _side(depth)
    return Box(left, top, right - left, bottom - top)


def _side(depth: int) -> float:
    """The space between a frame of this depth and its content."""
    return PADDING * (1 + depth)


def _head(depth: int) -> float:
    """The space at the top, which includes the heading."""
    return HEADING * (1 + depth) + 10 * (1 + depth)


def _place_columns(diagram: Diagram, grid: _Grid) -> None:
    spans = [
        (_side(diagram.depth_of(g)), {node.column for node in diagram.nodes_of(g)})
        for g in diagram.groups
    ]
    x = MARGIN
    for column in sorted({node.column for node in diagram.nodes}):
        x += max((space for space, found in spans if column == min(found)), default=0)
        if column - 1 in grid.column_gutters:
            start, end = grid.column_gutters[column - 1]
            before = max((space for space, found in spans if column == min(found)), default=0)
            grid.column_gutters[column - 1] = (start, x - before if before else end)
        asked = [node_width(node) for node in diagram.nodes if node.column == column]
        inside = [g for g in diagram.groups if _only_in(diagram, g, column)]
        wide = max(asked + [_heading_width(group) - 2 * _side(0) for group in inside])
        grid.columns[column] = (x, x + wide)
        x += wide + max((space for space, found in spans if column == max(found)), default=0)
        gutter = _gutter(diagram, column)
        grid.column_gutters[column] = (x, x + gutter)
        x += gutter
    grid.width = grid.column_gutters[column][0] + MARGIN


def _only_in(diagram: Diagram, group: Group, column: int) -> bool:
    return {node.column for node in diagram.nodes_of(group)} == {column}


def _heading_width(group: Group) -> float:
    note = width(group.note, FRAME_SIZE) + 8 if group.note else 0.0
    return width(group.title, FRAME_SIZE) * BOLD + note + 28


def _gutter(diagram: Diagram, column: int) -> float:
    """The width for the labels and the tracks of its arrows."""
    by_id = {node.id: node for node in diagram.nodes}
    label, bundles = 0.0, set[str]()
    for arrow in diagram.arrows:
        low, high = sorted((by_id[arrow.source].column, by_id[arrow.target].column))
        if not low <= column <= high:
            continue
        if by_id[arrow.target].column in (column, column + 1):
            label = max(label, width(arrow.label, LABEL_SIZE) + 18)
        if by_id[arrow.source].row != by_id[arrow.target].row:
            bundles.add(arrow.source)
    return max(GUTTER, label + 18) + TRACK * min(len(bundles), 6)


def _place_rows(diagram: Diagram, grid: _Grid) -> None:
    spans = [
        (diagram.depth_of(g), {node.row for node in diagram.nodes_of(g)}) for g in diagram.groups
    ]
    y = MARGIN + TITLE
    for row in sorted({node.row for node in diagram.nodes}):
        y += max((_head(depth) for depth, found in spans if row == min(found)), default=0)
        high = max(node_height(node) for node in diagram.nodes if node.row == row)
        grid.rows[row] = (y, y + high)
        y += high + max((_side(depth) for depth, found in spans if row == max(found)), default=0)
        grid.row_gutters[row] = (y, y + ROW_GUTTER)
        y += ROW_GUTTER
    grid.height = grid.row_gutters[row][0] + MARGIN

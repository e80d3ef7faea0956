"""Properties of every picture: no two things overlap, and no arrow crosses a box."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.analysis.diagram import Diagram, draw
from bonkei.analysis.diagram.geometry import Box
from bonkei.analysis.diagram.layout import Layout, lay_out
from bonkei.analysis.diagram.model import Arrow, Node
from bonkei.analysis.diagram.text import fit, width
from bonkei.blueprint import Blueprint

NAMES = ["system", "logging", "monitoring", "release-pipeline"]


@pytest.fixture(params=NAMES)
def diagram(request: pytest.FixtureRequest, blueprint: Blueprint) -> Diagram:
    return next(d for d in draw(blueprint) if d.name == request.param)


def test_every_diagram_is_drawn(blueprint: Blueprint) -> None:
    assert [diagram.name for diagram in draw(blueprint)] == NAMES


def apart(a: Box, b: Box) -> bool:
    return a.right <= b.x or b.right <= a.x or a.bottom <= b.y or b.bottom <= a.y


def inside(inner: Box, outer: Box) -> bool:
    return (
        outer.x < inner.x
        and inner.right < outer.right
        and outer.y < inner.y
        and inner.bottom < outer.bottom
    )


def assert_readable(diagram: Diagram, layout: Layout) -> None:
    boxes = layout.boxes
    paper = Box(0, 0, layout.width, layout.height)
    assert all(inside(box, paper) for box in boxes.values())
    assert all(apart(a, b) for a, b in combinations(boxes.values(), 2))
    for path in layout.paths:
        ends = {path.arrow.source, path.arrow.target}
        others = [box for node, box in boxes.items() if node not in ends]
        for (x1, y1), (x2, y2) in pairwise(path.points):
            assert x1 == x2 or y1 == y2, "lines are horizontal or vertical"
            line = Box(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))
            assert all(apart(line, box) for box in others), path.arrow


def test_no_two_things_overlap(diagram: Diagram) -> None:
    assert_readable(diagram, lay_out(diagram))


def test_frames_hold_their_members_and_no_others(diagram: Diagram) -> None:
    layout = lay_out(diagram)
    frames = {group.id: box for group, box in layout.frames}
    for group, frame in layout.frames:
        members = {node.id for node in diagram.nodes_of(group)}
        for node_id, box in layout.boxes.items():
            assert inside(box, frame) if node_id in members else apart(box, frame), node_id
        for member in group.members:
            if member in frames:
                assert inside(frames[member], frame)


def test_arrows_begin_and_end_at_their_boxes(diagram: Diagram) -> None:
    layout = lay_out(diagram)
    for path in layout.paths:
        for node, (x, y) in (
            (path.arrow.source, path.points[0]),
            (path.arrow.target, path.points[-1]),
        ):
            box = layout.boxes[node]
            on_side = x in (box.x, box.right) and box.y <= y <= box.bottom
            on_end = y in (box.y, box.bottom) and box.x <= x <= box.right
            assert on_side or on_end


def test_the_same_diagram_is_laid_out_the_same(diagram: Diagram) -> None:
    assert lay_out(diagram) == lay_out(diagram)


@st.composite
def diagrams(draw_from: st.DrawFn) -> Diagram:
    cells = draw_from(
        st.lists(
            st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=9, unique=True
        )
    )
    nodes = tuple(
        Node(f"n{i}", "service", draw_from(st.text("abcWi ", max_size=24)), column, row)
        for i, (column, row) in enumerate(cells)
    )
    pairs = st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)).filter(lambda p: p[0] != p[1])
    arrows = draw_from(st.lists(pairs, max_size=8, unique=True))
    return Diagram("any", "Any", "", nodes, (), tuple(Arrow(a.id, b.id) for a, b in arrows))


@given(diagrams())
def test_any_diagram_is_readable(diagram: Diagram) -> None:
    assert_readable(diagram, lay_out(diagram))


@given(st.text(max_size=40), st.floats(20, 200))
def test_text_is_shortened_to_fit(text: str, limit: float) -> None:
    shown = fit(text, 11, limit)
    assert width(shown, 11) <= limit
    assert shown == text or shown.endswith("…")

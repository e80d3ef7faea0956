"""The paths of arrows through the gutters of a layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from bonkei.analysis.diagram.geometry import Box, Path, Point, Span
from bonkei.analysis.diagram.model import Arrow, Diagram, Node

_PORT = 13.0
_TRACK = 11.0
_SEPARATE = 4  # at most this many arrows arrive at one node on separate tracks


@dataclass(frozen=True, slots=True)
class _Ends:
    """An arrow: where it leaves and arrives, and the gutters in which it turns.

    `turn` is the gutter of the only vertical part. With `detour` (a gutter between rows) there are
    two vertical parts, in `turn` and `second`.
    """

    arrow: Arrow
    start: Point
    end: Point
    turn: int | None = None
    second: int | None = None
    detour: int | None = None


def route(
    diagram: Diagram,
    boxes: Mapping[str, Box],
    column_gutters: Mapping[int, Span],
    row_gutters: Mapping[int, Span],
) -> tuple[Path, ...]:
    """A path for each arrow, in the order of the arrows."""
    ends = [_ends(arrow, diagram, boxes) for arrow in diagram.arrows]
    bundles = {arrow: _bundle(arrow, diagram) for arrow in diagram.arrows}
    tracks = _tracks(ends, bundles, column_gutters, row_gutters)
    return tuple(_path(found, bundles[found.arrow], tracks, row_gutters) for found in ends)


def _ends(arrow: Arrow, diagram: Diagram, boxes: Mapping[str, Box]) -> _Ends:
    source, target = diagram.node(arrow.source), diagram.node(arrow.target)
    here, there = boxes[source.id], boxes[target.id]
    if source.column == target.column:
        return _within_column(arrow, diagram, boxes)
    rightwards = target.column > source.column
    start = (here.right if rightwards else here.x, here.middle + _departure(arrow, diagram))
    arrival = there.middle + _port(arrow, diagram, there)
    end = (there.x if rightwards else there.right, arrival)
    first = source.column if rightwards else source.column - 1
    last = target.column - 1 if rightwards else target.column
    if source.row == target.row and _free(diagram, source, target, source.row):
        straight = abs(start[1] - end[1]) < 1
        return _Ends(arrow, start, end, turn=None if straight else last)
    if _free(diagram, source, target, target.row):
        return _Ends(arrow, start, end, turn=first)
    if _free(diagram, source, target, source.row):
        return _Ends(arrow, start, end, turn=last)
    detour = target.row - 1 if source.row < target.row else target.row
    return _Ends(arrow, start, end, turn=first, second=last, detour=detour)


def _departure(arrow: Arrow, diagram: Diagram) -> float:
    """Arrows of one style leave one side together. The other styles leave below them."""
    source = diagram.node(arrow.source)
    rightwards = diagram.node(arrow.target).column > source.column
    styles = {
        a.style
        for a in diagram.arrows
        if a.source == arrow.source
        and diagram.node(a.target).column != source.column
        and (diagram.node(a.target).column > source.column) == rightwards
    }
    order = [style for style in ("request", "data", "control") if style in styles]
    return order.index(arrow.style) * _PORT


def _within_column(arrow: Arrow, diagram: Diagram, boxes: Mapping[str, Box]) -> _Ends:
    source, target = diagram.node(arrow.source), diagram.node(arrow.target)
    here, there = boxes[source.id], boxes[target.id]
    low, high = sorted((source.row, target.row))
    between = [n for n in diagram.nodes if n.column == source.column and low < n.row < high]
    if between:
        end = (there.right, there.middle + _port(arrow, diagram, there))
        return _Ends(arrow, (here.right, here.middle), end, turn=source.column)
    if source.row < target.row:
        return _Ends(arrow, (here.center, here.bottom), (there.center, there.y))
    return _Ends(arrow, (here.center, here.y), (there.center, there.bottom))


def _free(diagram: Diagram, source: Node, target: Node, row: int) -> bool:
    """Whether a row is free between two columns."""
    low, high = sorted((source.column, target.column))
    return not any(n.row == row and low < n.column < high for n in diagram.nodes)


def _port(arrow: Arrow, diagram: Diagram, box: Box) -> float:
    """Arrows arrive at one side one below another. A straight one arrives in the middle."""
    target = diagram.node(arrow.target)
    from_left = diagram.node(arrow.source).column < target.column
    same_side = [
        a
        for a in diagram.arrows
        if a.target == arrow.target
        and (diagram.node(a.source).column < target.column) == from_left
        and (diagram.node(a.source).column != target.column or a == arrow)
    ]
    same_side.sort(key=lambda a: (diagram.node(a.source).row, diagram.node(a.source).column))
    if len(same_side) > _SEPARATE:
        return 0.0
    straight = [i for i, a in enumerate(same_side) if diagram.node(a.source).row == target.row]
    middle = straight[0] if straight else (len(same_side) - 1) / 2
    step = min(_PORT, (box.height - 16) / max(len(same_side), 1))
    return (same_side.index(arrow) - middle) * step


# Arrows of one bundle turn at one place: gutter and bundle, and in a second gutter also the target.
_Bundle = tuple[int, str, str]


def _bundle(arrow: Arrow, diagram: Diagram) -> str:
    """If many arrows arrive at one node, they share the way to it. Otherwise the arrows that leave
    one node share their way."""
    if _many_arrive(arrow, diagram):
        return f"to {arrow.target} {arrow.style}"
    return f"{arrow.source} {arrow.style}"


def _many_arrive(arrow: Arrow, diagram: Diagram) -> bool:
    return sum(a.target == arrow.target for a in diagram.arrows) > _SEPARATE


def _tracks(
    ends: list[_Ends],
    bundles: Mapping[Arrow, str],
    column_gutters: Mapping[int, Span],
    row_gutters: Mapping[int, Span],
) -> dict[_Bundle, float]:
    """The x at which each bundle runs down its gutter. No two overlap."""
    reach: dict[_Bundle, list[float]] = defaultdict(list)
    for found in ends:
        if found.turn is None:
            continue
        if found.detour is None or found.second is None:
            reach[(found.turn, bundles[found.arrow], "")] += [found.start[1], found.end[1]]
            continue
        level = _level(found, row_gutters)
        reach[(found.turn, bundles[found.arrow], "")] += [found.start[1], level]
        reach[(found.second, bundles[found.arrow], found.arrow.target)] += [level, found.end[1]]
    placed: dict[_Bundle, float] = {}
    for gutter in sorted({bundle[0] for bundle in reach}):
        mine = sorted(
            (b for b in reach if b[0] == gutter), key=lambda b: (min(reach[b]), max(reach[b]), b)
        )
        lanes = _lanes([(min(reach[b]), max(reach[b])) for b in mine])
        start, end = column_gutters[gutter]
        count = max(lanes) + 1
        left = start + min(22.0, (end - start) / 2) if count < 2 else start + 14.0
        for bundle, lane in zip(mine, lanes, strict=True):
            placed[bundle] = left + lane * _TRACK
    return placed


def _lanes(spans: list[Span]) -> list[int]:
    """For spans in order of their beginning: the first lane in which each has no overlap."""
    busy: list[list[Span]] = []
    result: list[int] = []
    for low, high in spans:
        for index, lane in enumerate(busy):
            if all(high + 6 < other_low or other_high + 6 < low for other_low, other_high in lane):
                lane.append((low, high))
                result.append(index)
                break
        else:
            busy.append([(low, high)])
            result.append(len(busy) - 1)
    return result


def _level(found: _Ends, row_gutters: Mapping[int, Span]) -> float:
    low, high = row_gutters[found.detour or 0]
    return (low + high) / 2


def _path(
    found: _Ends, bundle: str, tracks: Mapping[_Bundle, float], row_gutters: Mapping[int, Span]
) -> Path:
    start, end = found.start, found.end
    if found.turn is None:
        points: tuple[Point, ...] = (start, end)
    elif found.detour is None or found.second is None:
        x = tracks[(found.turn, bundle, "")]
        points = (start, (x, start[1]), (x, end[1]), end)
    else:
        level = _level(found, row_gutters)
        x = tracks[(found.turn, bundle, "")]
        second = tracks[(found.second, bundle, found.arrow.target)]
        points = (start, (x, start[1]), (x, level), (second, level), (second, end[1]), end)
    points = _without_repeats(points)
    return Path(found.arrow, points, _label_at(points))


def _without_repeats(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(p for i, p in enumerate(points) if i == 0 or p != points[i - 1])


def _label_at(points: tuple[Point, ...]) -> Point:
    """Above the middle of the last part, or beside a vertical arrow."""
    (x1, y1), (x2, y2) = points[-2], points[-1]
    if x1 == x2:
        return (x1, (y1 + y2) / 2)
    return ((x1 + x2) / 2, y2 - 5)

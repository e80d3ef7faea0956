"""Boxes, paths and the spaces between."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.analysis.diagram.model import Arrow

Point = tuple[float, float]
Span = tuple[float, float]

_CORNER = 9.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its top left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def center(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Path:
    """The corners of an arrow, and the middle of its label."""

    arrow: Arrow
    points: tuple[Point, ...]
    label_at: Point = (0.0, 0.0)


def rounded(points: tuple[Point, ...]) -> str:
    """Straight lines with round corners."""
    commands = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_CORNER, _distance(before, corner) / 2, _distance(corner, after) / 2)
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        commands.append(f"L{number(start[0])} {number(start[1])}")
        commands.append(
            f"Q{number(corner[0])} {number(corner[1])} {number(end[0])} {number(end[1])}"
        )
    commands.append(f"L{number(points[-1][0])} {number(points[-1][1])}")
    return "".join(commands)


def _distance(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _towards(origin: Point, target: Point, length: float) -> Point:
    distance = _distance(origin, target) or 1.0
    return (
        origin[0] + (target[0] - origin[0]) / distance * length,
        origin[1] + (target[1] - origin[1]) / distance * length,
    )


def number(value: float) -> str:
    """A number in its shortest form."""
    return f"{value:.1f}".removesuffix(".0")

"""Boxes, paths and the spaces between."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.diagram.model import Arrow

Point = tuple[float, float]
Span = tuple[float, float]


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
    """The corners of an arrow, and where its label's middle is."""

    arrow: Arrow
    points: tuple[Point, ...]
    label_at: Point = (0.0, 0.0)

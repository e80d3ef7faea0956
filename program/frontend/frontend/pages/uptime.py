"""A component's last days as bars: operational days stand on the line, trouble reaches below it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from frontend.api.model import ComponentStatus, ComponentUptime, Uptime, UptimeDay

# Units of the SVG's view box; the drawing is stretched to the width there is.
PITCH = 4
_WIDTH = 2.6
_GROUND = 28
_DEPTH = {
    ComponentStatus.DEGRADED_PERFORMANCE: 5,
    ComponentStatus.PARTIAL_OUTAGE: 10,
    ComponentStatus.MAJOR_OUTAGE: 16,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A day with trouble: its position, status and text."""

    x: float
    y: float
    width: float
    height: float
    day: UptimeDay


@dataclass(frozen=True, slots=True)
class Bars:
    percent: float | None
    first_day: dt.date
    width: int
    well: str  # an SVG path of all the operational days
    unknown: str  # an SVG path of the days before the component existed
    trouble: tuple[Bar, ...]  # oldest first
    known_days: int


def bars_by_component(uptime: Uptime) -> Mapping[UUID, Bars]:
    return {one.component_id: _bars(one) for one in uptime.components if one.days}


def _bars(uptime: ComponentUptime) -> Bars:
    well: list[str] = []
    unknown: list[str] = []
    trouble: list[Bar] = []
    for index, day in enumerate(uptime.days):
        x = index * PITCH
        if day.status is None:
            unknown.append(_box(x, _GROUND - 3, 3))
        elif day.status is ComponentStatus.OPERATIONAL:
            well.append(_box(x, 2, _GROUND - 2))
        else:
            top = 14 if day.status is ComponentStatus.UNDER_MAINTENANCE else 2
            bottom = _GROUND + _DEPTH.get(day.status, 0)
            trouble.append(Bar(x, top, _WIDTH, bottom - top, day))
    return Bars(
        percent=uptime.uptime_percent,
        first_day=uptime.days[0].date,
        width=len(uptime.days) * PITCH,
        well="".join(well),
        unknown="".join(unknown),
        trouble=tuple(trouble),
        known_days=sum(day.status is not None for day in uptime.days),
    )


def _box(x: float, y: float, height: float) -> str:
    return f"M{x} {y}h{_WIDTH}v{height}h-{_WIDTH}z"

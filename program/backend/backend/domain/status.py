"""The statuses of components and incidents, each in order of severity."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class ComponentStatus(StrEnum):
    """From well to worst; PostgreSQL's enum type has the same order, so `max()` means "worst"."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"

    @property
    def severity(self) -> int:
        return _SEVERITY[self]

    @property
    def is_down(self) -> bool:
        """Whether time in this status counts as downtime."""
        return self in DOWN


DOWN = frozenset({ComponentStatus.PARTIAL_OUTAGE, ComponentStatus.MAJOR_OUTAGE})
_SEVERITY = {status: severity for severity, status in enumerate(ComponentStatus)}


class IncidentStatus(StrEnum):
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Impact(StrEnum):
    """How badly an incident hits customers, from not at all to worst."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class MaintenanceStatus(StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class Indicator(StrEnum):
    """The whole page in one word, from well to worst."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


_INDICATORS = tuple(Indicator)
_OF_COMPONENT = {
    ComponentStatus.OPERATIONAL: Indicator.NONE,
    ComponentStatus.UNDER_MAINTENANCE: Indicator.MAINTENANCE,
    ComponentStatus.DEGRADED_PERFORMANCE: Indicator.MINOR,
    ComponentStatus.PARTIAL_OUTAGE: Indicator.MAJOR,
    ComponentStatus.MAJOR_OUTAGE: Indicator.CRITICAL,
}


def worst(statuses: Iterable[ComponentStatus]) -> ComponentStatus:
    """The most severe of `statuses`; `operational` when there are none."""
    return max(statuses, key=lambda status: status.severity, default=ComponentStatus.OPERATIONAL)


def indicator(components: Iterable[ComponentStatus], impacts: Iterable[Impact]) -> Indicator:
    """The page in one word: the worst of its components' statuses and active incidents' impacts."""
    signs = [_OF_COMPONENT[status] for status in components]
    signs += [Indicator(impact.value) for impact in impacts]
    return max(signs, key=_INDICATORS.index, default=Indicator.NONE)

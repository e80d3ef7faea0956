"""What may follow what: incidents, and the maintenance that time moves on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from backend.domain.errors import ConflictError, InvalidError
from backend.domain.status import ComponentStatus, IncidentStatus, MaintenanceStatus, worst

LONGEST_MAINTENANCE = dt.timedelta(days=31)


def check_first_status(status: IncidentStatus) -> None:
    if status is IncidentStatus.RESOLVED:
        raise InvalidError("an incident does not start as resolved", pointer="#/status")


def check_still_open(status: IncidentStatus) -> None:
    """Resolved is final; before that, any order is possible (a fix that did not hold …)."""
    if status is IncidentStatus.RESOLVED:
        raise ConflictError(
            "the incident is resolved; if the trouble is back, open another one",
            kind="incident-resolved",
        )


def check_own_status(asked: ComponentStatus, incidents: Iterable[ComponentStatus]) -> None:
    """A component cannot be declared better than an active incident says that it is."""
    held = worst(incidents)
    if asked.severity < held.severity:
        raise ConflictError(
            f"an active incident holds the component in {held}; post an update to the incident",
            kind="component-in-incident",
        )


def check_window(starts_at: dt.datetime, ends_at: dt.datetime) -> None:
    if ends_at <= starts_at:
        raise InvalidError("must be later than starts_at", pointer="#/ends_at")
    if ends_at - starts_at > LONGEST_MAINTENANCE:
        raise InvalidError(
            f"must be at most {LONGEST_MAINTENANCE.days} days after starts_at", pointer="#/ends_at"
        )


def maintenance_status(
    starts_at: dt.datetime, ends_at: dt.datetime, now: dt.datetime
) -> MaintenanceStatus:
    if now < starts_at:
        return MaintenanceStatus.SCHEDULED
    return MaintenanceStatus.IN_PROGRESS if now < ends_at else MaintenanceStatus.COMPLETED

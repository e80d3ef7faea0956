"""The rules for incidents, components and maintenance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from backend.domain.errors import ConflictError, InvalidError
from backend.domain.status import ComponentStatus, IncidentStatus, MaintenanceStatus, worst

LONGEST_MAINTENANCE = dt.timedelta(days=31)


def check_first_status(status: IncidentStatus) -> None:
    if status is IncidentStatus.RESOLVED:
        raise InvalidError("an incident does not start as resolved", pointer="#/status")


def check_still_open(status: IncidentStatus) -> None:
    """Nothing follows on resolved; before that, any order is possible (a fix did not hold …)."""
    if status is IncidentStatus.RESOLVED:
        raise ConflictError(
            "the incident is resolved; if the trouble is back, open another one",
            kind="incident-resolved",
        )


def check_occurred(at: dt.datetime, since: dt.datetime | None, now: dt.datetime) -> None:
    """A time given for an update must lie between the incident's start (`since`) and now."""
    if at > now:
        raise InvalidError(
            "must not be in the future", pointer="#/occurred_at", kind="in-the-future"
        )
    if since is not None and at < since:
        raise InvalidError(
            "must not be before the incident's start", pointer="#/occurred_at", kind="before-start"
        )


def check_started(at: dt.datetime, first_update: dt.datetime) -> None:
    if at > first_update:
        raise InvalidError(
            "must not be after the first update",
            pointer="#/started_at",
            kind="after-first-update",
        )


def check_sequence(newest_first: Sequence[IncidentStatus]) -> None:
    """An incident must have an update, and only the newest may be `resolved`."""
    if not newest_first:
        raise ConflictError(
            "this is the incident's only update; delete the incident instead", kind="only-update"
        )
    if IncidentStatus.RESOLVED in newest_first[1:]:
        raise ConflictError(
            "only the newest update may resolve an incident", kind="resolved-not-newest"
        )


def check_own_status(asked: ComponentStatus, incidents: Iterable[ComponentStatus]) -> None:
    """A component's own status must not be better than its status in an active incident."""
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

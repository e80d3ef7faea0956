"""The time that each component was not operational, by day, in one query.

It reads only the intervals with trouble in the window, and cuts them at midnight UTC. So its cost
grows with the trouble, not with components times days. `backend.domain.uptime` adds the rest.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from backend.domain.status import ComponentStatus
from backend.domain.uptime import Slice, midnight
from backend.store.connection import Connection

_QUERY = """
    WITH trouble AS (
        SELECT component_id, status, started_at, ended_at
          FROM component_status_history
         WHERE status <> 'operational' AND (ended_at IS NULL OR ended_at > %(since)s)
        UNION ALL
        SELECT component_id, 'under_maintenance', starts_at, ends_at
          FROM maintenances JOIN maintenance_components ON maintenance_id = maintenances.id
         WHERE ends_at > %(since)s
    ), bounded AS (
        SELECT component_id, status, greatest(started_at, %(since)s) AS started_at,
               least(ended_at, %(now)s) AS ended_at
          FROM trouble
         WHERE started_at < %(now)s
    )
    SELECT component_id, (day AT TIME ZONE 'UTC')::date AS date, status,
           sum((1000000 * extract(epoch FROM
               least(ended_at, day + interval '24 hours') - greatest(started_at, day)
           ))::bigint)::bigint AS microseconds
      FROM bounded, generate_series(date_trunc('day', started_at, 'UTC'),
                                    ended_at - interval '1 microsecond',
                                    interval '24 hours') AS day
     GROUP BY component_id, date, status
     ORDER BY component_id, date, status
"""


async def slices(
    connection: Connection, first: dt.date, now: dt.datetime
) -> Mapping[UUID, Sequence[Slice]]:
    """Slices by component that were not operational, from day `first` (UTC) until `now`."""
    found: dict[UUID, list[Slice]] = defaultdict(list)
    for row in await connection.all(_QUERY, since=midnight(first), now=now):
        found[row["component_id"]].append(
            Slice(row["date"], ComponentStatus(row["status"]), row["microseconds"])
        )
    return found

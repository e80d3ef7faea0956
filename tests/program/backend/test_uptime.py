"""Uptime as the database computes it and the API shows it."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import httpx
from backend.domain.status import ComponentStatus
from backend.domain.uptime import Interval, first_day, midnight, slices, timeline
from backend.settings import ServeSettings
from backend.store import uptime
from backend.store.connection import Connection
from backend.store.database import Write
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

NOW = dt.datetime(2026, 3, 15, 12, 34, 56, 789, dt.UTC)
DAYS = 5
FIRST = first_day(NOW, DAYS)
MICROSECOND = dt.timedelta(microseconds=1)

moments = st.integers(1, 8 * 86_400_000_000).map(lambda n: NOW - n * MICROSECOND)
midnights = st.integers(0, 7).map(lambda days: midnight(NOW.date()) - dt.timedelta(days=days))
times = st.one_of(moments, midnights)


async def put_component(write: Write, history: list[Interval]) -> UUID:
    """A component with this history, written past the API, which accepts no past."""
    key = uuid4()
    await write.connection.insert(
        "components",
        {
            "id": key,
            "name": key.hex,
            "description": "",
            "position": 0,
            "own_status": history[-1].status,
            "status": history[-1].status,
            "created_at": history[0].started_at,
            "updated_at": history[-1].started_at,
        },
    )
    await write.connection.insert(
        "component_status_history",
        *(
            {
                "component_id": key,
                "status": interval.status,
                "started_at": interval.started_at,
                "ended_at": interval.ended_at,
            }
            for interval in history
        ),
    )
    return key


@hypothesis_settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    marks=st.lists(st.tuples(times, st.sampled_from(ComponentStatus)), min_size=1, max_size=8),
)
async def test_the_query_agrees_with_the_arithmetic(
    settings: ServeSettings, marks: list[tuple[dt.datetime, ComponentStatus]]
):
    marks.sort()
    windows = [
        Interval(status, start, end)
        for (start, status), end in zip(marks, [*(m[0] for m in marks[1:]), None], strict=True)
        if end is None or start < end
    ]
    history = timeline(windows, marks[0][0], NOW)
    connection = await Connection.open(settings)  # without the limits of a request
    await connection.run("BEGIN")
    await connection.run(
        "SET LOCAL idle_in_transaction_session_timeout = 0"
    )  # nor a busy machine's
    key = await put_component(Write(connection, NOW), history)
    found = await uptime.slices(connection, FIRST, NOW)
    await connection.close()
    troubles = [i for i in history if i.status is not ComponentStatus.OPERATIONAL]
    assert sorted(found.get(key, []), key=lambda s: (s.date, s.status)) == sorted(
        slices(troubles, FIRST, NOW), key=lambda s: (s.date, s.status)
    )


async def test_an_outage_counts_as_downtime_today(admin: httpx.AsyncClient):
    made = await admin.post("/components", json={"name": "API", "status": "major_outage"})
    answer = await admin.get("/uptime", params={"days": 3})
    (component,) = answer.json()["components"]
    assert component["component_id"] == made.json()["id"]
    assert [day["status"] for day in component["days"]] == [None, None, "major_outage"]
    assert component["days"][2]["uptime_percent"] == 0
    assert component["uptime_percent"] == 0


async def test_maintenance_is_shown_and_is_no_downtime(admin: httpx.AsyncClient, app):
    async with app.state.services.database.write() as write:
        start = write.now - dt.timedelta(days=4)
        history = [Interval(ComponentStatus.OPERATIONAL, start, None)]
        key = await put_component(write, history)
        today = midnight(write.now.date())
    yesterday = today - dt.timedelta(days=1)
    made = await admin.post(
        "/maintenances",
        json={
            "title": "Upgrade",
            "body": "…",
            "starts_at": (yesterday + dt.timedelta(hours=1)).isoformat(),
            "ends_at": (yesterday + dt.timedelta(hours=2)).isoformat(),
            "component_ids": [str(key)],
        },
    )
    assert made.json()["status"] == "completed"
    (component,) = (await admin.get("/uptime?days=2")).json()["components"]
    assert component["days"][0] == {
        "date": yesterday.date().isoformat(),
        "status": "under_maintenance",
        "downtime_seconds": 0,
        "uptime_percent": 100,
    }


async def test_the_answer_has_the_requested_number_of_days(admin: httpx.AsyncClient):
    await admin.post("/components", json={"name": "API"})
    for days in (1, 90):
        (component,) = (await admin.get(f"/uptime?days={days}")).json()["components"]
        assert len(component["days"]) == days
    for days in ("0", "91", "x"):
        assert (await admin.get(f"/uptime?days={days}")).status_code == 422

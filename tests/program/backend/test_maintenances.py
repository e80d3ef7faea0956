"""Scheduled maintenance over HTTP."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
from backend.domain import rules
from backend.domain.status import MaintenanceStatus

HOUR = dt.timedelta(hours=1)


def window(starts_in: dt.timedelta, length: dt.timedelta = HOUR) -> dict[str, str]:
    start = dt.datetime.now(dt.UTC) + starts_in
    return {"starts_at": start.isoformat(), "ends_at": (start + length).isoformat()}


async def plan(admin: httpx.AsyncClient, starts_in: dt.timedelta, **members: object):
    body = {"title": "Upgrade", "body": "Some minutes.", **window(starts_in), **members}
    answer = await admin.post("/maintenances", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_maintenance_starts_and_ends_with_time(admin: httpx.AsyncClient):
    found = [(await plan(admin, HOUR * hours))["status"] for hours in (2, -0.5, -2)]
    assert found == ["scheduled", "in_progress", "completed"]
    listed = (await admin.get("/maintenances")).json()["maintenances"]
    assert [m["status"] for m in listed] == ["in_progress", "scheduled", "completed"]
    on_front = (await admin.get("/status")).json()["maintenances"]
    assert [m["status"] for m in on_front] == ["in_progress", "scheduled"]


async def test_maintenance_in_the_distant_future_is_not_on_the_front_page(admin: httpx.AsyncClient):
    made = await plan(admin, dt.timedelta(days=20))
    assert (await admin.get("/status")).json()["maintenances"] == []
    assert (await admin.get("/maintenances")).json()["maintenances"] == [made]


async def test_a_component_is_under_maintenance_during_the_window(admin: httpx.AsyncClient):
    names = ("API", "Web", "Mail")
    ids = [(await admin.post("/components", json={"name": n})).json()["id"] for n in names]
    await admin.patch(f"/components/{ids[1]}", json={"status": "major_outage"})
    made = await plan(admin, -HOUR / 2, component_ids=ids[:2])
    assert [component["name"] for component in made["components"]] == ["API", "Web"]
    status = (await admin.get("/status")).json()
    assert [component["status"] for component in status["components"]] == [
        "under_maintenance",
        "major_outage",
        "operational",
    ]
    path = f"/maintenances/{made['id']}"
    ended = await admin.patch(path, json=window(-HOUR * 3))
    assert ended.json()["status"] == "completed"
    assert (await admin.get(f"/components/{ids[0]}")).json()["status"] == "operational"
    assert (await admin.patch(path, json={"component_ids": []})).json()["components"] == []
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404


async def test_a_maintenance_that_begins_is_changed_by_nobody(admin: httpx.AsyncClient):
    """Anyone who extends it then has read the current one; another's change still counts."""
    component = await admin.post("/components", json={"name": "API"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "maintenance_status", lambda *_: MaintenanceStatus.SCHEDULED)
        made = await plan(admin, -HOUR / 2, component_ids=[component.json()["id"]])
        path = f"/maintenances/{made['id']}"
        before = await admin.get(path)
    assert before.json()["status"] == "scheduled"
    read = {"If-Match": before.headers["etag"]}
    extended = await admin.patch(path, json=window(-HOUR / 2, 2 * HOUR), headers=read)
    assert (extended.status_code, extended.json()["status"]) == (200, "in_progress")
    assert (await admin.delete(path, headers=read)).status_code == 412

    path = f"/components/{component.json()['id']}"
    assert (await admin.get(path)).json()["status"] == "under_maintenance"
    read = {"If-Match": component.headers["etag"]}  # operational, before the maintenance
    changed = await admin.patch(path, json={"position": 7}, headers=read)
    assert changed.status_code == 200
    assert (await admin.delete(path, headers=read)).status_code == 412


@pytest.mark.parametrize(
    "members",
    [
        window(HOUR, -HOUR),
        window(HOUR, dt.timedelta(0)),
        window(HOUR, dt.timedelta(days=32)),
        {"starts_at": "2026-01-01T00:00:00", "ends_at": "2026-01-01T01:00:00"},
        {"starts_at": "9999-12-31T23:00:00-12:00", "ends_at": "9999-12-31T23:30:00-12:00"},
        {"starts_at": "0001-01-01T00:00:00+12:00", "ends_at": "0001-01-01T01:00:00+12:00"},
        {"component_ids": ["3f7c1f6e-0000-4000-8000-000000000000"]},
    ],
)
async def test_an_invalid_maintenance_is_refused(
    admin: httpx.AsyncClient, members: dict[str, object]
):
    body = {"title": "t", "body": "b", **window(HOUR)} | members
    assert (await admin.post("/maintenances", json=body)).status_code == 422
    made = await plan(admin, HOUR)
    assert (await admin.patch(f"/maintenances/{made['id']}", json=members)).status_code == 422
    assert (await admin.get("/maintenances")).json()["maintenances"] == [made]

"""Published texts are edited, deleted and added later. The audit trail keeps the author."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

Json = dict[str, object]


def ago(**span: float) -> str:
    moment = dt.datetime.now(dt.UTC) - dt.timedelta(**span)
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


async def report(admin: httpx.AsyncClient, **members: object) -> dict[str, object]:
    body = {"title": "Slow", "impact": "minor", "body": "We look."} | members
    answer = await admin.post("/incidents", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def update(admin: httpx.AsyncClient, incident: Json, status: str, **rest: object) -> Json:
    body = {"status": status, "body": status} | rest
    answer = await admin.post(f"/incidents/{incident['id']}/updates", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest_asyncio.fixture(loop_scope="session")
async def component(admin: httpx.AsyncClient) -> AsyncIterator[str]:
    yield (await admin.post("/components", json={"name": "API"})).json()["id"]


async def status_of(admin: httpx.AsyncClient, component: str) -> str:
    return str((await admin.get(f"/components/{component}")).json()["status"])


async def test_an_incident_of_yesterday_is_published_today(admin: httpx.AsyncClient):
    at = {hours: ago(hours=hours) for hours in (30, 29, 28)}
    incident = await report(admin, occurred_at=at[30])
    for status, hours in (("identified", 29), ("resolved", 28)):
        incident = await update(admin, incident, status, occurred_at=at[hours])
    assert incident["status"] == "resolved"
    times = [incident["started_at"], incident["resolved_at"]]
    times += [one["created_at"] for one in incident["updates"]]  # type: ignore[attr-defined]
    wanted = [at[hours][:16] for hours in (30, 28, 28, 29, 30)]
    assert [time[:16] for time in times] == wanted  # type: ignore[index]
    between = await update(admin, incident, "monitoring", occurred_at=ago(hours=28.5))
    assert between["status"] == "resolved"
    statuses = [one["status"] for one in between["updates"]]  # type: ignore[attr-defined]
    assert statuses == ["resolved", "monitoring", "identified", "investigating"]


async def test_an_earlier_update_does_not_become_the_status(admin: httpx.AsyncClient):
    incident = await report(admin, occurred_at=ago(hours=2))
    await update(admin, incident, "monitoring")
    late = await update(admin, incident, "identified", occurred_at=ago(hours=1))
    assert late["status"] == "monitoring"


@pytest.mark.parametrize(("hours", "kind"), [(-1, "in-the-future"), (3, "before-start")])
async def test_impossible_times(admin: httpx.AsyncClient, hours: float, kind: str):
    incident = await report(admin, occurred_at=ago(hours=2))
    body = {"status": "identified", "body": "b", "occurred_at": ago(hours=hours)}
    answer = await admin.post(f"/incidents/{incident['id']}/updates", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/occurred_at"
    assert answer.json()["type"] == f"urn:problem:{kind}"
    path = f"/incidents/{incident['id']}/updates/{incident['updates'][0]['id']}"  # type: ignore[index]
    patch = await admin.patch(path, json={"occurred_at": ago(hours=hours)})
    assert patch.status_code == 422
    future = {"title": "t", "impact": "minor", "body": "b", "occurred_at": ago(hours=-1)}
    assert (await admin.post("/incidents", json=future)).status_code == 422
    moved = await admin.patch(f"/incidents/{incident['id']}", json={"started_at": ago(hours=1)})
    assert moved.status_code == 422
    assert moved.json()["type"] == "urn:problem:after-first-update"


async def test_two_updates_in_one_minute_keep_their_order(admin: httpx.AsyncClient):
    at = ago(hours=1)
    incident = await report(admin, occurred_at=at)
    for status in ("identified", "monitoring", "resolved"):
        incident = await update(admin, incident, status, occurred_at=at)
        assert incident["status"] == status


async def test_an_update_is_edited(admin: httpx.AsyncClient):
    incident = await report(admin)
    first = incident["updates"][0]  # type: ignore[index]
    assert first["edited_at"] is None
    path = f"/incidents/{incident['id']}/updates/{first['id']}"
    edited = (await admin.patch(path, json={"body": "We look closely."})).json()
    (now,) = edited["updates"]
    assert now == first | {"body": "We look closely.", "edited_at": now["edited_at"]}
    assert now["edited_at"] == edited["updated_at"]
    record = (await admin.get("/audit")).json()["records"][0]
    assert (record["actor"], record["action"], record["subject_id"]) == (
        {"kind": "administrator", "name": "admin"}, "update.changed", incident["id"],
    )  # fmt: skip
    assert (record["before"]["body"], record["after"]["body"]) == ("We look.", "We look closely.")


async def test_a_stale_edit_is_refused(admin: httpx.AsyncClient):
    incident = await report(admin)
    etag = (await admin.get(f"/incidents/{incident['id']}")).headers["etag"]
    await update(admin, incident, "identified")
    path = f"/incidents/{incident['id']}/updates/{incident['updates'][0]['id']}"  # type: ignore[index]
    for method in ("PATCH", "DELETE"):
        answer = await admin.request(
            method, path, json={"body": "x"} if method == "PATCH" else None,
            headers={"If-Match": etag},
        )  # fmt: skip
        assert answer.status_code == 412


async def test_deleting_the_last_update_reopens_the_incident(
    admin: httpx.AsyncClient, component: str
):
    affected = [{"id": component, "status": "major_outage"}]
    incident = await report(admin, components=affected)
    assert await status_of(admin, component) == "major_outage"
    resolved = await update(admin, incident, "resolved")
    assert await status_of(admin, component) == "operational"
    last = resolved["updates"][0]["id"]  # type: ignore[index]
    reopened = (await admin.delete(f"/incidents/{incident['id']}/updates/{last}")).json()
    assert (reopened["status"], reopened["resolved_at"]) == ("investigating", None)
    assert await status_of(admin, component) == "major_outage"
    only = reopened["updates"][0]["id"]
    answer = await admin.delete(f"/incidents/{incident['id']}/updates/{only}")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:problem:only-update")


async def test_only_the_newest_update_resolves(admin: httpx.AsyncClient):
    incident = await report(admin, occurred_at=ago(hours=3))
    middle = await update(admin, incident, "identified", occurred_at=ago(hours=2))
    await update(admin, incident, "monitoring", occurred_at=ago(hours=1))
    path = f"/incidents/{incident['id']}/updates/{middle['updates'][0]['id']}"  # type: ignore[index]
    for body in ({"status": "resolved"}, {"status": "resolved", "occurred_at": ago(hours=2.5)}):
        answer = await admin.patch(path, json=body)
        assert (answer.status_code, answer.json()["type"]) == (
            409, "urn:problem:resolved-not-newest",
        )  # fmt: skip
    early = {"status": "resolved", "body": "b", "occurred_at": ago(hours=2)}
    answer = await admin.post(f"/incidents/{incident['id']}/updates", json=early)
    assert answer.status_code == 409
    moved = await admin.patch(path, json={"status": "resolved", "occurred_at": ago(minutes=1)})
    assert moved.json()["status"] == "resolved"


async def test_an_incident_is_deleted_and_the_trail_keeps_it(
    admin: httpx.AsyncClient, component: str
):
    affected = [{"id": component, "status": "partial_outage"}]
    incident = await report(admin, components=affected)
    path = f"/incidents/{incident['id']}"
    assert (await admin.delete(path, headers={"If-Match": '"old"'})).status_code == 412
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404
    assert await status_of(admin, component) == "operational"
    records = (await admin.get(f"/audit?subject_id={incident['id']}")).json()["records"]
    assert [one["action"] for one in records] == ["incident.deleted", "incident.created"]
    assert records[0]["before"]["updates"][0]["body"] == "We look."
    assert records[0]["after"] is None


async def test_the_trail_has_pages(admin: httpx.AsyncClient):
    for number in range(5):
        await admin.post("/components", json={"name": f"C{number}"})
    first = (await admin.get("/audit?limit=3")).json()
    rest = (await admin.get(f"/audit?limit=3&before={first['next']}")).json()
    titles = [one["title"] for one in first["records"] + rest["records"]]
    assert titles == ["C4", "C3", "C2", "C1", "C0"]
    assert rest["next"] is None


async def test_every_change_is_recorded(admin: httpx.AsyncClient):
    component = (await admin.post("/components", json={"name": "API"})).json()["id"]
    await admin.patch(f"/components/{component}", json={"name": "Web"})
    await admin.delete(f"/components/{component}")
    window = {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T01:00:00Z"}
    made = await admin.post("/maintenances", json={"title": "t", "body": "b"} | window)
    path = f"/maintenances/{made.json()['id']}"
    await admin.patch(path, json={"body": "c"})
    await admin.delete(path)
    incident = await report(admin)
    await admin.patch(f"/incidents/{incident['id']}", json={"impact": "major"})
    records = (await admin.get("/audit")).json()["records"]
    assert [one["action"] for one in reversed(records)] == [
        "component.created", "component.changed", "component.deleted", "maintenance.created",
        "maintenance.changed", "maintenance.deleted", "incident.created", "incident.changed",
    ]  # fmt: skip
    refused = await admin.patch(f"/incidents/{incident['id']}", json={"impact": "x"})
    assert refused.status_code == 422
    assert len((await admin.get("/audit")).json()["records"]) == len(records)

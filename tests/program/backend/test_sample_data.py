"""The sample data is consistent, like data that was created through the API."""

from __future__ import annotations

import httpx
from backend.sample_data.load import load
from fastapi import FastAPI


async def test_the_sample_data_fills_a_page(client: httpx.AsyncClient, app: FastAPI):
    assert await load(app.state.services.database)
    status = (await client.get("/status")).json()
    assert len(status["components"]) >= 5
    assert all(c["name_ja"] and c["description_ja"] for c in status["components"])
    (active,) = status["incidents"]
    assert len(active["updates"]) >= 2
    assert all(update["body_ja"] for update in active["updates"])
    assert status["maintenances"]
    affected = {component["id"]: component["status"] for component in active["components"]}
    for component in status["components"]:
        assert component["status"] == affected.get(component["id"], "operational")

    past = (await client.get("/incidents?state=resolved")).json()["incidents"]
    assert len(past) >= 3
    assert all(incident["updates"][0]["status"] == "resolved" for incident in past)

    uptime = (await client.get("/uptime")).json()
    for component in uptime["components"]:
        assert len(component["days"]) == 90
        assert all(day["status"] for day in component["days"])
    assert len({component["uptime_percent"] for component in uptime["components"]}) > 2


async def test_the_active_incident_can_be_resolved(
    client: httpx.AsyncClient, admin: httpx.AsyncClient, app: FastAPI
):
    assert await load(app.state.services.database)
    (active,) = (await client.get("/status")).json()["incidents"]
    answer = await admin.post(
        f"/incidents/{active['id']}/updates", json={"status": "resolved", "body": "Over."}
    )
    assert answer.status_code == 201
    status = (await client.get("/status")).json()
    assert {component["status"] for component in status["components"]} == {"operational"}


async def test_what_is_left_of_the_sample_data_is_left_unchanged(
    admin: httpx.AsyncClient, app: FastAPI
):
    """Someone has deleted its components to begin with their own."""
    assert await load(app.state.services.database)
    for incident in (await admin.get("/status")).json()["incidents"]:
        await admin.delete(f"/incidents/{incident['id']}")
    for component in (await admin.get("/components")).json()["components"]:
        assert (await admin.delete(f"/components/{component['id']}")).status_code == 204
    assert not await load(app.state.services.database)
    assert (await admin.get("/components")).json()["components"] == []


async def test_existing_data_is_left_unchanged(admin: httpx.AsyncClient, app: FastAPI):
    made = (await admin.post("/components", json={"name": "Ours"})).json()
    assert not await load(app.state.services.database)
    assert (await admin.get("/components")).json()["components"] == [made]

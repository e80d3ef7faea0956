"""Components over HTTP."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest


async def test_a_component_is_created_and_shown(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
):
    made = await admin.post("/components", json={"name": "  API ", "name_ja": "エーピーアイ"})
    assert made.status_code == 201
    component = made.json()
    assert component["name"] == "API"
    assert component["status"] == "operational"
    assert made.headers["location"] == f"/api/v1/components/{component['id']}"

    shown = await client.get("/components")
    assert shown.json()["components"] == [component]
    assert (await client.get(f"/components/{component['id']}")).json() == component


async def test_components_are_ordered_by_position_and_new_ones_come_last(admin: httpx.AsyncClient):
    for component in ({"name": "B", "position": 5}, {"name": "C"}, {"name": "A", "position": 1}):
        await admin.post("/components", json=component)
    found = (await admin.get("/components")).json()["components"]
    assert [(c["name"], c["position"]) for c in found] == [("A", 1), ("B", 5), ("C", 6)]


async def test_a_patch_changes_only_its_members(admin: httpx.AsyncClient):
    before = (
        await admin.post(
            "/components", json={"name": "API", "name_ja": "エーピーアイ", "description": "x"}
        )
    ).json()
    path = f"/components/{before['id']}"
    after = (await admin.patch(path, json={"name_ja": None, "status": "partial_outage"})).json()
    assert after == before | {
        "name_ja": None,
        "status": "partial_outage",
        "updated_at": after["updated_at"],
    }
    assert after["updated_at"] > before["updated_at"]
    assert (await admin.get(path)).json() == after
    unchanged = (await admin.patch(path, json={})).json()
    assert unchanged | {"updated_at": after["updated_at"]} == after


async def test_a_name_is_unique_ignoring_case(admin: httpx.AsyncClient):
    await admin.post("/components", json={"name": "API"})
    other = (await admin.post("/components", json={"name": "Web"})).json()
    again = await admin.post("/components", json={"name": "api"})
    assert again.status_code == 409
    assert again.json()["type"] == "urn:problem:name-taken"
    renamed = await admin.patch(f"/components/{other['id']}", json={"name": "Api"})
    assert renamed.status_code == 409


async def test_a_component_is_deleted(admin: httpx.AsyncClient):
    made = (await admin.post("/components", json={"name": "API"})).json()
    path = f"/components/{made['id']}"
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404
    assert (await admin.delete(path)).status_code == 404
    assert (await admin.get("/components")).json() == {"components": []}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/name"),
        ({"name": ""}, "#/name"),
        ({"name": "   "}, "#/name"),
        ({"name": "x" * 101}, "#/name"),
        ({"name": "a\x00b"}, "#/name"),
        ({"name": "a\nb"}, "#/name"),
        *(({"name": f"a{one}b"}, "#/name") for one in "\u202a\u202e\u2066\u2069"),
        ({"name": None}, "#/name"),
        ({"name": 1}, "#/name"),
        ({"name": "a", "description": "x" * 501}, "#/description"),
        ({"name": "a", "status": "fine"}, "#/status"),
        ({"name": "a", "position": -1}, "#/position"),
        ({"name": "a", "position": 2**40}, "#/position"),
        ({"name": "a", "colour": "red"}, "#/colour"),
    ],
)
async def test_an_invalid_component_is_refused(
    admin: httpx.AsyncClient, body: dict[str, object], pointer: str
):
    answer = await admin.post("/components", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    made = (await admin.post("/components", json={"name": "other"})).json()
    if body:
        path = f"/components/{made['id']}"
        assert (await admin.patch(path, json=body)).status_code == 422


async def test_a_surrogate_is_refused_and_breaks_nothing(admin: httpx.AsyncClient):
    answer = await admin.post(
        "/components",
        content=b'{"name": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["/components", "/incidents", "/maintenances"])
async def test_only_administrators_change(client: httpx.AsyncClient, path: str):
    one = f"{path}/{uuid4()}"
    answers = [await client.post(path, json={}), await client.patch(one, json={})]
    if path != "/incidents":
        answers.append(await client.delete(one))
    else:
        answers.append(await client.post(f"{one}/updates", json={}))
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/components", "/incidents", "/maintenances"])
async def test_a_missing_component_is_not_found(admin: httpx.AsyncClient, path: str):
    one = f"{path}/{uuid4()}"
    for answer in (await admin.get(one), await admin.patch(one, json={})):
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:problem:not-found"
    assert (await admin.get(f"{path}/x")).status_code == 422


async def test_the_number_of_components_is_limited(admin: httpx.AsyncClient, monkeypatch):
    monkeypatch.setattr("backend.store.components.MOST", 1)
    await admin.post("/components", json={"name": "one"})
    answer = await admin.post("/components", json={"name": "two"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:problem:too-many-components"

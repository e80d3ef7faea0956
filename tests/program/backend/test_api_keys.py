"""API keys: the permissions of each. A key is shown once, stored as a hash, and can be revoked."""

from __future__ import annotations

import logging
from uuid import uuid4

import httpx
import pytest
from backend.logs import JsonFormatter
from fastapi import FastAPI

INCIDENT = {"title": "Slow", "impact": "minor", "body": "We look."}


async def key(admin: httpx.AsyncClient, *scopes: str, name: str = "alarm") -> dict[str, str]:
    """The header with which a program sends the key."""
    answer = await admin.post("/api-keys", json={"name": name, "scopes": list(scopes)})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_a_scope_permits_its_calls_and_no_others(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
):
    incident = (await admin.post("/incidents", json=INCIDENT)).json()
    asked = {
        "incidents:draft": ("POST", "/drafts", INCIDENT),
        "incidents:write": ("POST", "/incidents", INCIDENT),
        "components:write": ("POST", "/components", {"name": "API"}),
        "maintenances:write": (
            "POST",
            "/maintenances",
            {"title": "t", "body": "b", "starts_at": "2030-01-01T00:00:00Z",
             "ends_at": "2030-01-01T01:00:00Z"},
        ),
    }  # fmt: skip
    also = {("incidents:write", "incidents:draft")}
    for scope in asked:
        header = await key(admin, scope, name=scope)
        for other, (method, path, body) in asked.items():
            answer = await client.request(method, path, json=body, headers=header)
            if other == scope or (scope, other) in also:
                assert answer.status_code in (201, 409), (scope, other)
            else:
                assert answer.status_code == 403, (scope, other)
                assert answer.json()["type"] == "urn:problem:scope-missing"
        for method, path in (
            ("GET", "/administrators"), ("GET", "/api-keys"), ("GET", "/audit"), ("GET", "/drafts"),
            ("GET", "/sessions/current"), ("DELETE", "/sessions/current"),
            ("DELETE", f"/drafts/{uuid4()}"),
        ):  # fmt: skip
            assert (await client.request(method, path, headers=header)).status_code == 403, path
    drafter = await key(admin, "incidents:draft", name="drafter")
    path = f"/incidents/{incident['id']}"
    for method, where in (("PATCH", path), ("DELETE", path), ("POST", f"{path}/updates")):
        body = None if method == "DELETE" else {"status": "identified", "body": "b"}
        answer = await client.request(method, where, json=body, headers=drafter)
        assert answer.status_code in (403, 422)
        assert (await client.get(path)).json() == incident


async def test_a_key_is_stored_as_a_hash_and_shown_once(admin: httpx.AsyncClient, app: FastAPI):
    token = (await key(admin, "incidents:draft"))["Authorization"].removeprefix("Bearer ")
    assert token.startswith("spk_")
    async with app.state.services.database.query() as connection:
        rows = await connection.all("SELECT * FROM api_keys")
        records = await connection.all("SELECT * FROM audit_records")
    assert token not in repr(rows) + repr(records)
    assert token not in (await admin.get("/api-keys")).text + (await admin.get("/audit")).text


async def test_a_key_is_not_logged(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    header = await key(admin, "incidents:draft")
    await client.post("/drafts", json=INCIDENT, headers=header)
    await client.post("/incidents", json=INCIDENT, headers=header)
    token = header["Authorization"].removeprefix("Bearer ")
    assert token not in "".join(JsonFormatter().format(one) for one in caplog.records)


async def test_a_revoked_key_is_refused(admin: httpx.AsyncClient, client: httpx.AsyncClient):
    header = await key(admin, "incidents:draft")
    (listed,) = (await admin.get("/api-keys")).json()["keys"]
    assert (listed["name"], listed["created_by"], listed["last_used_at"]) == (
        "alarm", "admin", None,
    )  # fmt: skip
    assert (await client.post("/drafts", json=INCIDENT, headers=header)).status_code == 201
    (listed,) = (await admin.get("/api-keys")).json()["keys"]
    assert listed["last_used_at"]
    for _ in range(2):
        assert (await admin.delete(f"/api-keys/{listed['id']}")).status_code == 204
    assert (await client.post("/drafts", json=INCIDENT, headers=header)).status_code == 401
    (listed,) = (await admin.get("/api-keys")).json()["keys"]
    assert listed["revoked_at"]
    actions = [one["action"] for one in (await admin.get("/audit")).json()["records"]]
    assert actions == ["api_key.revoked", "draft.created", "api_key.created"]
    await key(admin, "incidents:draft")  # its name is free again


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["everything"]},
        {"name": "", "scopes": ["incidents:draft"]},
        {"name": "a", "scopes": "incidents:draft"},
        {"name": "a"},
    ],
)
async def test_invalid_keys(admin: httpx.AsyncClient, body: dict[str, object]):
    assert (await admin.post("/api-keys", json=body)).status_code == 422


async def test_a_name_is_unique(admin: httpx.AsyncClient):
    await key(admin, "incidents:draft")
    answer = await admin.post("/api-keys", json={"name": "ALARM", "scopes": ["incidents:draft"]})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:problem:key-name-taken")

"""A request that is sent twice is executed once."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from tests.program.backend.test_api_keys import key

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
INCIDENT = {"title": "Slow", "impact": "minor", "body": "We look."}
UPDATE = {"status": "identified", "body": "Found it."}


async def test_a_repeated_request_is_executed_once(admin: httpx.AsyncClient):
    first = await admin.post("/incidents", json=INCIDENT, headers=KEY)
    second = await admin.post("/incidents", json=INCIDENT, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    for name in ("etag", "location"):
        assert second.headers[name] == first.headers[name]
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len((await admin.get("/incidents")).json()["incidents"]) == 1
    assert len((await admin.get("/audit")).json()["records"]) == 1


async def test_simultaneous_requests_too(admin: httpx.AsyncClient):
    incident = (await admin.post("/incidents", json=INCIDENT)).json()
    path = f"/incidents/{incident['id']}/updates"
    answers = await asyncio.gather(*(admin.post(path, json=UPDATE, headers=KEY) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len((await admin.get(f"/incidents/{incident['id']}")).json()["updates"]) == 2


async def test_a_repetition_succeeds_although_its_version_is_old(admin: httpx.AsyncClient):
    made = await admin.post("/incidents", json=INCIDENT)
    headers = KEY | {"If-Match": made.headers["etag"]}
    path = f"/incidents/{made.json()['id']}/updates"
    answers = [await admin.post(path, json=UPDATE, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]


async def test_a_key_belongs_to_one_request(admin: httpx.AsyncClient):
    await admin.post("/incidents", json=INCIDENT, headers=KEY)
    for path, body in (("/incidents", INCIDENT | {"body": "x"}), ("/components", {"name": "x"})):
        answer = await admin.post(path, json=body, headers=KEY)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:problem:idempotency-key-reused"


async def test_a_key_belongs_to_one_person(admin: httpx.AsyncClient, client: httpx.AsyncClient):
    await admin.post("/incidents", json=INCIDENT, headers=KEY)
    other = await key(admin, "incidents:write")
    answer = await client.post("/incidents", json=INCIDENT, headers=KEY | other)
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers


async def test_a_failed_request_may_be_repeated(admin: httpx.AsyncClient):
    await admin.post("/components", json={"name": "API"})
    refused = await admin.post("/components", json={"name": "api"}, headers=KEY)
    assert refused.status_code == 409
    again = await admin.post("/components", json={"name": "Web"}, headers=KEY)
    assert again.status_code == 201


async def test_a_key_is_stored_for_a_day(admin: httpx.AsyncClient, app: FastAPI):
    await admin.post("/incidents", json=INCIDENT, headers=KEY)
    async with app.state.services.database.transaction() as connection:
        await connection.run(
            "UPDATE idempotency_records SET created_at = now() - interval '25 hours'"
        )
    answer = await admin.post("/incidents", json=INCIDENT, headers=KEY)
    assert "idempotency-replayed" not in answer.headers


@pytest.mark.parametrize("odd", ["a b", "x" * 201, "é"])
async def test_invalid_keys(admin: httpx.AsyncClient, odd: str):
    headers = {"Idempotency-Key": odd.encode()}
    assert (await admin.post("/incidents", json=INCIDENT, headers=headers)).status_code == 422

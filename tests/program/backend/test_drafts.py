"""Drafts become public only when an administrator publishes them."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from backend.store import drafts

from tests.program.backend.test_api_keys import key

DRAFT = {"title": "Errors above 5 %", "impact": "major", "body": "The alarm says so."}


async def test_a_draft_is_not_public_until_it_is_published(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
):
    component = (await admin.post("/components", json={"name": "API"})).json()
    affected = [{"id": component["id"], "status": "major_outage"}]
    header = await key(admin, "incidents:draft")
    answer = await client.post("/drafts", json=DRAFT | {"components": affected}, headers=header)
    assert answer.status_code == 201
    draft = answer.json()
    assert draft["created_by"] == "alarm"
    for path in ("/status", "/incidents", "/components", "/uptime"):
        text = (await client.get(path)).text
        assert DRAFT["title"] not in text
        assert "major_outage" not in text
    assert (await client.get(f"/drafts/{draft['id']}")).status_code == 401
    assert (await admin.get("/drafts")).json()["drafts"] == [draft]

    content = draft["content"] | {"title": "Requests fail", "draft_id": draft["id"]}
    published = await admin.post("/incidents", json=content)
    assert published.status_code == 201
    assert (await client.get("/status")).json()["indicator"] == "critical"
    assert (await admin.get("/drafts")).json()["drafts"] == []
    found = (await admin.get(f"/audit?subject_id={draft['id']}")).json()["records"]
    assert [record["action"] for record in found] == ["draft.published", "draft.created"]
    assert found[0]["before"] == found[1]["after"]  # what was published may say something else
    again = await admin.post("/incidents", json=content)
    assert (again.status_code, again.json()["type"]) == (409, "urn:problem:draft-gone")


async def test_a_draft_is_published_once_by_two_administrators(admin: httpx.AsyncClient):
    draft = (await admin.post("/drafts", json=DRAFT)).json()
    content = draft["content"] | {"draft_id": draft["id"]}
    answers = await asyncio.gather(*(admin.post("/incidents", json=content) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert len((await admin.get("/incidents")).json()["incidents"]) == 1


async def test_a_draft_is_discarded(admin: httpx.AsyncClient):
    draft = (await admin.post("/drafts", json=DRAFT)).json()
    assert (await admin.delete(f"/drafts/{draft['id']}")).status_code == 204
    assert (await admin.get(f"/drafts/{draft['id']}")).status_code == 404
    (record, _) = (await admin.get("/audit")).json()["records"]
    assert record["action"] == "draft.discarded"
    assert record["before"]["body"] == DRAFT["body"]


async def test_the_number_of_drafts_is_limited(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(drafts, "MOST", 2)
    answers = [await admin.post("/drafts", json=DRAFT) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 409]


@pytest.mark.parametrize("kind", ["drafts", "components", "api-keys"])
async def test_simultaneous_creations_hold_the_limit(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, kind: str
):
    monkeypatch.setattr(f"backend.store.{kind.replace('-', '_')}.MOST", 5)
    bodies = {
        "drafts": [DRAFT] * 24,
        "components": [{"name": f"component {n}"} for n in range(24)],
        "api-keys": [{"name": f"key {n}", "scopes": ["incidents:draft"]} for n in range(24)],
    }
    asked = [admin.post(f"/{kind}", json=body, timeout=60) for body in bodies[kind]]
    statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
    assert {201, 409} <= set(statuses) <= {201, 409, 503}
    (listed,) = (await admin.get(f"/{kind}")).json().values()
    assert len(listed) == 5


@pytest.mark.parametrize(
    "change",
    [{"status": "resolved"}, {"impact": "x"}, {"body": ""}, {"draft_id": None},
     {"components": [{"id": "00000000-0000-0000-0000-000000000000", "status": "major_outage"}]}],
)  # fmt: skip
async def test_a_draft_has_the_rules_of_an_incident(
    admin: httpx.AsyncClient, change: dict[str, object]
):
    assert (await admin.post("/drafts", json=DRAFT | change)).status_code == 422

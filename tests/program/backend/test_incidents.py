"""Incidents over HTTP, and their effect on components."""

from __future__ import annotations

import asyncio
import datetime as dt
from itertools import pairwise

import httpx
import pytest
import pytest_asyncio
from backend.api.routes.incidents import decode_cursor, encode_cursor
from backend.domain.errors import InvalidError
from backend.store.incidents import Cursor
from hypothesis import given
from hypothesis import strategies as st


@pytest_asyncio.fixture(loop_scope="session")
async def api(admin: httpx.AsyncClient) -> str:
    return str((await admin.post("/components", json={"name": "API"})).json()["id"])


@pytest_asyncio.fixture(loop_scope="session")
async def web(admin: httpx.AsyncClient, api: str) -> str:
    return str((await admin.post("/components", json={"name": "Web"})).json()["id"])


async def open_incident(admin: httpx.AsyncClient, *components: tuple[str, str], **members: object):
    body = {
        "title": "Trouble",
        "impact": "major",
        "body": "We are looking.",
        "components": [{"id": key, "status": status} for key, status in components],
    }
    answer = await admin.post("/incidents", json=body | members)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def say(admin: httpx.AsyncClient, incident, status: str, **members: object):
    body = {"status": status, "body": f"It is {status}."} | members
    return await admin.post(f"/incidents/{incident['id']}/updates", json=body)


async def statuses(client: httpx.AsyncClient) -> dict[str, str]:
    found = (await client.get("/components")).json()["components"]
    return {component["name"]: component["status"] for component in found}


async def test_an_incident_from_beginning_to_end(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, api: str
):
    incident = await open_incident(admin, (api, "partial_outage"), title_ja="障害")
    assert incident["status"] == "investigating"
    assert incident["components"] == [
        {"id": api, "name": "API", "name_ja": None, "status": "partial_outage"}
    ]
    assert [update["body"] for update in incident["updates"]] == ["We are looking."]
    assert await statuses(client) == {"API": "partial_outage"}

    answer = await say(admin, incident, "identified", body_ja="原因判明")
    assert answer.status_code == 201
    assert (await client.get("/status")).json()["incidents"] == [answer.json()]
    assert (await client.get("/status")).json()["indicator"] == "major"

    resolved = (await say(admin, incident, "resolved")).json()
    assert resolved["resolved_at"] == resolved["updated_at"] > resolved["started_at"]
    said = [update["status"] for update in resolved["updates"]]
    assert said == ["resolved", "identified", "investigating"]
    assert await statuses(client) == {"API": "operational"}
    assert (await client.get("/status")).json()["incidents"] == []
    assert (await client.get("/status")).json()["indicator"] == "none"
    assert (await client.get(f"/incidents/{incident['id']}")).json() == resolved


async def test_resolved_is_final(admin: httpx.AsyncClient, api: str):
    incident = await open_incident(admin, (api, "major_outage"))
    await say(admin, incident, "resolved")
    for status in ("resolved", "investigating"):
        answer = await say(admin, incident, status)
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:problem:incident-resolved"
    path = f"/incidents/{incident['id']}"
    assert (await admin.patch(path, json={"components": []})).status_code == 409
    assert (await admin.patch(path, json={"title": "A typo"})).json()["title"] == "A typo"
    assert len((await admin.get(path)).json()["updates"]) == 2


async def test_two_simultaneous_resolutions_resolve_once(admin: httpx.AsyncClient, api: str):
    for _ in range(5):
        incident = await open_incident(admin, (api, "major_outage"))
        answers = await asyncio.gather(*(say(admin, incident, "resolved") for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
        found = (await admin.get(f"/incidents/{incident['id']}")).json()
        assert [u["status"] for u in found["updates"]] == ["resolved", "investigating"]
    assert await statuses(admin) == {"API": "operational"}


async def test_the_worst_of_all_incidents_counts(admin: httpx.AsyncClient, api: str, web: str):
    first = await open_incident(admin, (api, "degraded_performance"), (web, "partial_outage"))
    second = await open_incident(admin, (api, "major_outage"))
    assert await statuses(admin) == {"API": "major_outage", "Web": "partial_outage"}
    await say(admin, second, "resolved")
    assert await statuses(admin) == {"API": "degraded_performance", "Web": "partial_outage"}
    await say(admin, first, "resolved")
    assert await statuses(admin) == {"API": "operational", "Web": "operational"}


async def test_a_resolution_restores_the_earlier_status(admin: httpx.AsyncClient, api: str):
    await admin.patch(f"/components/{api}", json={"status": "degraded_performance"})
    incident = await open_incident(admin, (api, "major_outage"))
    await say(admin, incident, "resolved")
    assert await statuses(admin) == {"API": "degraded_performance"}


async def test_an_update_can_change_the_components(admin: httpx.AsyncClient, api: str, web: str):
    incident = await open_incident(admin, (api, "major_outage"))
    change = [{"id": web, "status": "degraded_performance"}]
    changed = (await say(admin, incident, "monitoring", components=change)).json()
    assert [component["name"] for component in changed["components"]] == ["Web"]
    assert await statuses(admin) == {"API": "operational", "Web": "degraded_performance"}
    unchanged = (await say(admin, incident, "monitoring")).json()
    assert unchanged["components"] == changed["components"]
    await admin.patch(f"/incidents/{incident['id']}", json={"components": []})
    assert await statuses(admin) == {"API": "operational", "Web": "operational"}


async def test_a_component_cannot_have_a_better_status_than_its_incident(
    admin: httpx.AsyncClient, api: str
):
    await open_incident(admin, (api, "partial_outage"))
    path = f"/components/{api}"
    better = await admin.patch(path, json={"status": "operational"})
    assert better.status_code == 409
    assert better.json()["type"] == "urn:problem:component-in-incident"
    assert (await admin.patch(path, json={"status": "major_outage"})).status_code == 200
    assert (await admin.delete(path)).status_code == 409


async def test_the_history_of_a_status_has_no_gaps(admin: httpx.AsyncClient, api: str, app):
    incident = await open_incident(admin, (api, "partial_outage"))
    await asyncio.gather(
        *(
            say(admin, incident, "monitoring", components=[{"id": api, "status": status}])
            for status in ("major_outage", "degraded_performance", "partial_outage") * 3
        )
    )
    await say(admin, incident, "resolved")
    async with app.state.services.database.query() as connection:
        rows = await connection.all(
            "SELECT status, started_at, ended_at FROM component_status_history ORDER BY started_at"
        )
    assert len(rows) > 3
    for before, after in pairwise(rows):
        assert before["ended_at"] == after["started_at"]
        assert before["status"] != after["status"]
    assert rows[-1]["status"] == "operational"
    assert rows[-1]["ended_at"] is None


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"title": ""}, "#/title"),
        ({"impact": "huge"}, "#/impact"),
        ({"status": "resolved"}, "#/status"),
        ({"body": "x" * 5001}, "#/body"),
        ({"body": "a\x00"}, "#/body"),
        ({"components": [{"id": "x", "status": "operational"}]}, "#/components/0/id"),
        (
            {
                "components": [
                    {"id": "3f7c1f6e-0000-4000-8000-000000000000", "status": "operational"}
                ]
            },
            "#/components",
        ),
    ],
)
async def test_an_invalid_incident_is_refused(
    admin: httpx.AsyncClient, members: dict[str, object], pointer: str
):
    body: dict[str, object] = {"title": "t", "impact": "minor", "body": "b"}
    answer = await admin.post("/incidents", json=body | members)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await admin.get("/incidents")).json()["incidents"] == []


async def test_a_component_may_be_listed_once(admin: httpx.AsyncClient, api: str):
    twice = [{"id": api, "status": "operational"}] * 2
    answer = await admin.post(
        "/incidents", json={"title": "t", "impact": "minor", "body": "b", "components": twice}
    )
    assert answer.status_code == 422


async def test_each_incident_is_on_one_page(admin: httpx.AsyncClient):
    made = [(await open_incident(admin, title=str(number)))["id"] for number in range(7)]
    for number in (1, 3):
        await say(admin, {"id": made[number]}, "resolved")

    async def walk(state: str) -> list[str]:
        found: list[str] = []
        before: dict[str, str] = {}
        while True:
            page = (
                await admin.get("/incidents", params={"state": state, "limit": 2} | before)
            ).json()
            found += [incident["id"] for incident in page["incidents"]]
            if page["next"] is None:
                return found
            before = {"before": page["next"]}

    newest_first = made[::-1]
    assert await walk("all") == newest_first
    assert await walk("resolved") == [made[3], made[1]]
    assert await walk("active") == [key for key in newest_first if key not in (made[1], made[3])]


async def test_new_incidents_do_not_shift_a_page(admin: httpx.AsyncClient):
    made = [(await open_incident(admin, title=str(number)))["id"] for number in range(4)]
    first = (await admin.get("/incidents?limit=2")).json()
    await open_incident(admin, title="meanwhile")
    second = (await admin.get("/incidents", params={"limit": 2, "before": first["next"]})).json()
    assert [i["id"] for i in first["incidents"] + second["incidents"]] == made[::-1]


@given(st.datetimes(timezones=st.just(dt.UTC)), st.uuids())
def test_a_cursor_is_encoded_and_decoded_unchanged(started_at: dt.datetime, key):
    cursor = Cursor(started_at, key)
    assert decode_cursor(encode_cursor(cursor)) == cursor


@given(st.text(max_size=200))
def test_an_invented_cursor_is_refused(text: str):
    with pytest.raises(InvalidError) as caught:
        decode_cursor(text)
    assert caught.value.pointer == "#/query/before"


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "state=x", "before=x", "before="])
async def test_an_invalid_query_is_refused(client: httpx.AsyncClient, query: str):
    assert (await client.get(f"/incidents?{query}")).status_code == 422

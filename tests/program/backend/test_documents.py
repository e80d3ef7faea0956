"""Caching: documents are as current as the database, and validators show when they changed."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from backend.api.documents import CACHE_CONTROL
from fastapi import FastAPI

PUBLIC = ["/status", "/uptime", "/components", "/incidents", "/maintenances"]


@pytest.mark.parametrize("path", PUBLIC)
async def test_a_document_is_cacheable_and_conditional(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, path: str
):
    await admin.post("/components", json={"name": "API"})
    first = await client.get(path)
    assert first.headers["cache-control"] == CACHE_CONTROL
    tag = first.headers["etag"]
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await client.get(path, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == CACHE_CONTROL
    assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize("path", ["/status", "/uptime", "/components"])
async def test_a_change_is_visible_at_once_in_every_process_that_asks_the_database(
    admin: httpx.AsyncClient, app: FastAPI, settings, client_of, path: str
):
    from backend.api.app import create_app

    confirmed = {"Cache-Control": "no-cache"}

    other_app = create_app(settings)
    async with other_app.router.lifespan_context(other_app), client_of(other_app) as other:
        for name in ("one", "two", "three"):
            await other.get(path)  # it is now in the other process's memory
            await admin.post("/components", json={"name": name})
            answer = (await other.get(path, headers=confirmed)).json()
            assert name in [component["name"] for component in answer["components"]]


async def test_even_a_change_outside_of_the_program_is_visible_soon(
    client: httpx.AsyncClient, app: FastAPI
):
    before = await client.get("/components")
    changed_at = time.monotonic()
    async with app.state.services.database.transaction() as connection:
        await connection.run(
            "INSERT INTO components (id, name, description, position, own_status, status, "
            "created_at, updated_at) VALUES (gen_random_uuid(), 'by hand', '', 0, 'operational', "
            "'operational', now(), now())"
        )
    while (after := await client.get("/components")).headers["etag"] == before.headers["etag"]:
        assert time.monotonic() - changed_at < 30
        await asyncio.sleep(0.02)
    assert len(after.json()["components"]) == 1


async def test_no_reader_gets_outdated_data(admin: httpx.AsyncClient):
    """Many readers: each sees at least the changes that were answered before its request."""
    made = (await admin.post("/components", json={"name": "API", "position": 0})).json()
    path = f"/components/{made['id']}"
    answered = 0

    async def write() -> None:
        nonlocal answered
        for position in range(1, 30):
            await admin.patch(path, json={"position": position})
            answered = position

    async def read() -> None:
        while answered < 29:
            at_least = answered
            (component,) = (await admin.get("/status")).json()["components"]
            assert component["position"] >= at_least

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        for _ in range(8):
            group.create_task(read())


async def test_many_readers_cost_one_query_and_one_document(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    from backend.api.routes import status as routes

    made = 0
    original = routes._uptime

    async def counting(connection, days):
        nonlocal made
        made += 1
        return await original(connection, days)

    monkeypatch.setattr(routes, "_uptime", counting)
    answers = await asyncio.gather(*(client.get("/uptime?days=7") for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert made <= 2  # a minute may end in between


async def test_a_reader_who_leaves_does_not_affect_the_others(app: FastAPI):
    reader = app.state.services.documents.revision
    tasks = [asyncio.create_task(reader.read()) for _ in range(6)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[4].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [
        True, False, False, False, True, False,
    ]  # fmt: skip
    assert (await reader.read()).value == results[1].value


async def test_a_change_can_require_an_unchanged_version(admin: httpx.AsyncClient):
    made = await admin.post("/components", json={"name": "API"})
    path = made.headers["location"].removeprefix("/api/v1")
    tag = made.headers["etag"]
    assert (await admin.get(path)).headers["etag"] == tag

    first = await admin.patch(path, json={"position": 1}, headers={"If-Match": f"W/{tag}"})
    assert first.status_code == 200
    for late in (
        await admin.patch(path, json={"position": 2}, headers={"If-Match": tag}),
        await admin.delete(path, headers={"If-Match": tag}),
    ):
        assert late.status_code == 412
        assert late.json()["type"] == "urn:problem:changed-meanwhile"
    assert (await admin.get(path)).json()["position"] == 1
    assert (await admin.delete(path, headers={"If-Match": "*"})).status_code == 204


async def test_of_many_changes_with_one_tag_one_wins(admin: httpx.AsyncClient):
    made = await admin.post("/components", json={"name": "API"})
    path = made.headers["location"].removeprefix("/api/v1")
    answers = await asyncio.gather(
        *(
            admin.patch(path, json={"position": n}, headers={"If-Match": made.headers["etag"]})
            for n in range(1, 7)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5


async def test_a_page_with_a_cursor_is_not_cached(admin: httpx.AsyncClient, app: FastAPI):
    """Otherwise a client that invents cursors would fill the memory."""
    for title in "abc":
        await admin.post("/incidents", json={"title": title, "impact": "none", "body": "b"})
    page = (await admin.get("/incidents?limit=1")).json()
    kept = len(app.state.services.documents._kept)
    await admin.get("/incidents", params={"limit": 1, "before": page["next"]})
    await admin.get(f"/incidents/{page['incidents'][0]['id']}")
    assert len(app.state.services.documents._kept) == kept

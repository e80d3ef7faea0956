"""Caching: documents are as current as the database, and validators show when they changed."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from backend.api.documents import PUBLIC
from fastapi import FastAPI

PATHS = ["/status", "/uptime", "/components", "/incidents", "/maintenances"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_document_is_cacheable_and_conditional(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, path: str
):
    await admin.post("/components", json={"name": "API"})
    first = await client.get(path)
    assert first.headers["cache-control"] == PUBLIC
    tag = first.headers["etag"]
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await client.get(path, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == PUBLIC
    assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_only_a_public_answer_may_be_stored(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, app: FastAPI
):
    """CloudFront serves what it stores to everybody else."""
    made = await admin.post("/components", json={"name": "API"})
    component = made.headers["location"].removeprefix("/api/v1")
    assert made.headers["cache-control"] == "no-store"
    operations = app.openapi()["paths"].items()
    paths = [path.removeprefix("/api/v1") for path, methods in operations if "get" in methods]
    public = {path for path in paths if await _control(client, path) == PUBLIC}
    assert public == set(PATHS)
    for path in (*paths, component):
        assert await _control(admin, path) == "no-store"
    assert await _control(client, component) == PUBLIC
    for headers in ({"Authorization": "Bearer unknown"}, {"Cookie": "visit=x"}):
        for path in PATHS:
            assert await _control(client, path, headers) == "no-store"
    for path in ("/status/", "/incidents?limit=0", "/components/x"):
        assert await _control(client, path) == "no-store"


async def _control(
    client: httpx.AsyncClient, path: str, headers: dict[str, str] | None = None
) -> str:
    return (await client.get(path, headers=headers)).headers["cache-control"]


@pytest.mark.parametrize("path", ["/status", "/uptime", "/components"])
async def test_a_change_is_visible_at_once_in_every_process(
    admin: httpx.AsyncClient, app: FastAPI, settings, client_of, path: str
):
    from backend.api.app import create_app

    other_app = create_app(settings)
    async with other_app.router.lifespan_context(other_app), client_of(other_app) as other:
        for name in ("one", "two", "three"):
            await admin.post("/components", json={"name": name})
            answer = (await other.get(path)).json()
            assert name in [component["name"] for component in answer["components"]]


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

"""Simultaneous writers do not wait for each other, and the result is correct."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import psycopg
import pytest_asyncio
from backend.api.app import create_app
from backend.domain.status import ComponentStatus
from backend.sample_data.load import load
from backend.settings import ServeSettings
from backend.store import components, maintenances
from backend.store.database import Database
from fastapi import FastAPI

from tests.program.backend.postgresql import Server

WAIT = 60.0  # seconds; a writer that waits for a lock fails then, too

INVARIANT = """
    SELECT c.id FROM components c
     WHERE c.status <> greatest(c.own_status, (
               SELECT max(l.status) FROM incident_components l
                 JOIN incidents i ON i.id = l.incident_id
                WHERE l.component_id = c.id AND i.resolved_at IS NULL))
        OR c.status <> (SELECT h.status FROM component_status_history h
                         WHERE h.component_id = c.id AND h.ended_at IS NULL)
"""
GAPS = """
    SELECT 1 FROM (SELECT ended_at, lead(started_at) OVER (
                       PARTITION BY component_id ORDER BY started_at) AS following
                     FROM component_status_history) AS each
     WHERE ended_at IS DISTINCT FROM following
"""


async def make(admin: httpx.AsyncClient, kind: str, **values: object) -> dict[str, object]:
    answer = await admin.post(f"/{kind}", json=values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def id_of(made: dict[str, object]) -> UUID:
    return UUID(str(made["id"]))


@pytest_asyncio.fixture(loop_scope="session")
async def slow(settings: ServeSettings) -> AsyncIterator[Database]:
    """Another task's database connection, whose program pauses during its write."""
    database = Database(settings, pool_size=2)
    yield database
    await database.close()


async def test_no_writer_waits_for_another_components_writer(
    admin: httpx.AsyncClient, slow: Database
):
    held = await make(admin, "components", name="held")
    other = await make(admin, "components", name="other")
    incident = await make(admin, "incidents", title="t", impact="minor", body="b")
    async with slow.write() as write:
        await components.change(write, id_of(held), {"status": ComponentStatus.MAJOR_OUTAGE})
        async with asyncio.timeout(WAIT):
            answers = [
                await admin.patch(f"/components/{other['id']}", json={"status": "partial_outage"}),
                await admin.post("/components", json={"name": "new"}),
                await admin.post(
                    f"/incidents/{incident['id']}/updates",
                    json={"status": "identified", "body": "b"},
                ),
                await admin.post(
                    "/maintenances",
                    json={
                        "title": "m",
                        "body": "b",
                        "starts_at": "2030-01-01T00:00:00Z",
                        "ends_at": "2030-01-01T01:00:00Z",
                        "component_ids": [held["id"]],
                    },
                ),
            ]
        assert [answer.status_code for answer in answers] == [200, 201, 201, 201]
        found = (await admin.get("/components")).json()["components"]
        assert [one["status"] for one in found][:2] == ["operational", "partial_outage"]
    found = (await admin.get("/components")).json()["components"]
    assert [one["status"] for one in found][:2] == ["major_outage", "partial_outage"]


async def test_writers_of_one_component_wait_for_each_other(
    admin: httpx.AsyncClient, slow: Database
):
    made = await make(admin, "components", name="API")
    async with slow.write() as write:
        await components.change(write, id_of(made), {"status": ComponentStatus.MAJOR_OUTAGE})
        incident = asyncio.create_task(
            make(
                admin, "incidents", title="t", impact="minor", body="b",
                components=[{"id": made["id"], "status": "partial_outage"}],
            )
        )  # fmt: skip
        done, _ = await asyncio.wait({incident}, timeout=0.2)
        assert not done
    await incident
    (component,) = (await admin.get("/components")).json()["components"]
    assert component["status"] == "major_outage"


async def test_a_writer_of_the_previous_release_is_alone(
    admin: httpx.AsyncClient, slow: Database, settings: ServeSettings
):
    """While two releases run, the older one locks the revision for itself, and must get it."""
    made = await make(admin, "components", name="API")
    async with slow.transaction() as connection:
        await connection.run("SELECT value FROM revision FOR UPDATE")
        change = asyncio.create_task(admin.patch(f"/components/{made['id']}", json={}))
        done, _ = await asyncio.wait({change}, timeout=0.2)
        assert not done
    assert (await change).status_code == 200


async def test_the_sample_data_is_loaded_once(settings: ServeSettings, slow: Database):
    other = Database(settings, pool_size=1)
    try:
        assert sorted(await asyncio.gather(load(slow), load(other))) == [False, True]
    finally:
        await other.close()


async def test_one_name_for_two_simultaneous_creations(admin: httpx.AsyncClient, server: Server):
    before = len(server.log.read_bytes())
    answers = await asyncio.gather(
        *(admin.post("/components", json={"name": name}) for name in ("Api", "API", "api"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert b"ERROR" not in server.log.read_bytes()[before:]


async def test_a_component_is_deleted_while_its_maintenance_changes(
    admin: httpx.AsyncClient, slow: Database
):
    made = await make(admin, "components", name="API")
    window = {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T01:00:00Z"}
    maintenance = await make(
        admin, "maintenances", title="m", body="b", component_ids=[made["id"]], **window
    )
    async with slow.write() as write:
        await maintenances.change(write, id_of(maintenance), {"component_ids": []})
        gone = asyncio.create_task(admin.delete(f"/components/{made['id']}"))
        done, _ = await asyncio.wait({gone}, timeout=0.2)
        assert not done
    assert (await gone).status_code == 204


async def test_times_increase_although_the_clock_goes_back(slow: Database, settings: ServeSettings):
    async with slow.write() as write:
        made = await components.create(
            write,
            {
                "name": "API", "name_ja": None, "description": "", "description_ja": None,
                "position": None, "status": ComponentStatus.OPERATIONAL,
            },
        )  # fmt: skip
    async with slow.write() as write:
        write.now = made.updated_at.replace(year=2000)
        after = await components.change(write, made.id, {"status": ComponentStatus.MAJOR_OUTAGE})
    assert after.updated_at > made.updated_at


async def test_many_writers_leave_correct_data(
    admin: httpx.AsyncClient, settings: ServeSettings, app: FastAPI, client_of, server: Server
):
    """Two tasks of the service. Each answered change is visible, and nothing is an error."""
    log = len(server.log.read_bytes())
    made = [await make(admin, "components", name=f"c{n}") for n in range(4)]
    ids = [str(one["id"]) for one in made]
    with psycopg.connect(server.dsn(settings.database_name)) as connection:
        (before,) = connection.execute("SELECT value FROM revision").fetchone() or (0,)
    written = 0

    async def write(client: httpx.AsyncClient, chance: random.Random) -> None:
        nonlocal written
        for turn in range(4):
            affected = [
                {"id": one, "status": chance.choice(["partial_outage", "major_outage"])}
                for one in chance.sample(ids, 3)
            ]
            incident = await make(
                client, "incidents", title=f"{turn}", impact="minor", body="b", components=affected
            )
            path = f"/components/{chance.choice(ids)}"
            changed = await client.patch(path, json={"position": turn})
            answer = await client.post(
                f"/incidents/{incident['id']}/updates",
                json={"status": "resolved", "body": "b"},
            )
            assert (changed.status_code, answer.status_code) == (200, 201)
            written += 3
            shown = (await client.get("/incidents?limit=50")).json()["incidents"]
            assert [one["status"] for one in shown if one["id"] == incident["id"]] == ["resolved"]

    other_app = create_app(settings)
    async with other_app.router.lifespan_context(other_app), client_of(other_app) as other:
        other.headers["Authorization"] = admin.headers["Authorization"]
        async with asyncio.TaskGroup() as group:
            for n in range(6):
                group.create_task(write((admin, other)[n % 2], random.Random(n)))  # noqa: S311 - a test's
    with psycopg.connect(server.dsn(settings.database_name)) as connection:
        assert connection.execute(INVARIANT).fetchall() == []
        assert connection.execute(GAPS).fetchall() == []
        (after,) = connection.execute("SELECT value FROM revision").fetchone() or (0,)
    assert after - before == written
    assert b"ERROR" not in server.log.read_bytes()[log:]

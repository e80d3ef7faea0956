"""A PostgreSQL server for all tests, and a database for each test that changes data."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import argon2
import httpx
import psycopg
import pytest
import pytest_asyncio
from backend.api.app import create_app
from backend.api.slow_lane import SlowLane
from backend.migrate import migrate
from backend.passwords import Passwords
from backend.settings import ServeSettings
from fastapi import FastAPI
from ports import free_port
from psycopg import sql
from pytest_asyncio import is_async_test

from tests.program.backend.postgresql import (
    ADMINISTRATOR_PASSWORD,
    PASSWORD,
    USERNAME,
    Server,
    migrate_settings,
    running_server,
)

_numbers = count(1)
_CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The shared application's: its tests sign in hundreds of times, and each hash of production takes
33 ms of a processor. The tests of that cost make a `Passwords` of their own, or start a process.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all tests here. The shared application lives in it."""
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:  # these are all tests of the project
        if str(item.path).startswith(here) and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


_EMPTY = """
    DELETE FROM components;
    DELETE FROM incidents;
    DELETE FROM maintenances;
    DELETE FROM administrator_sessions;
    DELETE FROM sign_in_attempts;
    DELETE FROM administrator_devices;
    DELETE FROM administrators WHERE username <> 'admin';
    UPDATE administrators SET disabled_at = NULL;
    DELETE FROM api_keys;
    DELETE FROM incident_drafts;
    DELETE FROM audit_records;
    DELETE FROM idempotency_records;
    UPDATE administrators SET password_hash = {};
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(free_port(), tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="session")
def migrated(server: Server) -> ServeSettings:
    """Settings with a migrated database, for all tests."""
    server.execute("CREATE DATABASE shared")
    migrate(migrate_settings(server, "shared"))
    cheap = _CHEAP.hash(ADMINISTRATOR_PASSWORD)
    server.execute(f"UPDATE administrators SET password_hash = '{cheap}'", "shared")  # noqa: S608
    return ServeSettings(
        database_host="127.0.0.1",
        database_port=server.port,
        database_name="shared",
        database_username=USERNAME,
        database_password=PASSWORD,
    )


@pytest.fixture(scope="session")
def empty(server: Server, migrated: ServeSettings) -> Iterator[Callable[[], object]]:
    """Leave only the first administrator in the shared database. One statement, one connection."""
    with psycopg.connect(server.dsn(migrated.database_name), autocommit=True) as connection:
        row = connection.execute("SELECT password_hash FROM administrators").fetchone()
        assert row
        statements = sql.SQL(_EMPTY).format(sql.Literal(row[0]))
        yield lambda: connection.execute(statements)


@pytest.fixture
def settings(migrated: ServeSettings, empty: Callable[[], object]) -> Iterator[ServeSettings]:
    """Settings with a database after the first migration. It is emptied afterwards."""
    yield migrated
    empty()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def shared_app(migrated: ServeSettings) -> AsyncIterator[FastAPI]:
    app = create_app(migrated)
    async with app.router.lifespan_context(app):
        app.state.services = replace(app.state.services, passwords=Passwords(_CHEAP))
        app.state.services.passwords.prepare()
        yield app


@pytest.fixture
def app(settings: ServeSettings, shared_app: FastAPI) -> FastAPI:
    """The application. Its database has only the first administrator."""
    return shared_app


@pytest.fixture
def empty_database(server: Server) -> Iterator[str]:
    """The name of an empty database."""
    name = f"test{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    yield name
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test/api/v1")


@pytest.fixture
def client_of() -> Callable[[FastAPI], httpx.AsyncClient]:
    """Make a client of an application, without a server."""
    return _client_of


@pytest.fixture
def use_lane(app: FastAPI) -> Iterator[Callable[[SlowLane], None]]:
    """Give the application another slow lane, for one test."""
    services = app.state.services

    def use(lane: SlowLane) -> None:
        app.state.services = replace(services, slow_lane=lane)

    yield use
    app.state.services = services


@pytest.fixture
def no_sleep(use_lane: Callable[[SlowLane], None]) -> list[float]:
    """No one waits in the slow lane. The delays are recorded."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    use_lane(SlowLane(sleep=sleep))
    return slept


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that is not signed in."""
    async with _client_of(app) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def admin(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator who is signed in."""
    async with _client_of(app) as client:
        answer = await client.post(
            "/sessions", json={"username": "admin", "password": ADMINISTRATOR_PASSWORD}
        )
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client

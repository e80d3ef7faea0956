"""A PostgreSQL server for the tests' time, a database for each test that changes things."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count

import httpx
import pytest
from backend.api.app import create_app
from backend.migrate import migrate
from backend.settings import ServeSettings
from fastapi import FastAPI

from tests.program.backend.postgresql import (
    ADMINISTRATOR_PASSWORD,
    PASSWORD,
    USERNAME,
    Server,
    free_port,
    migrate_settings,
    running_server,
)

_numbers = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server(free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """A database that has been migrated; copies of it are made in no time."""
    server.execute("CREATE DATABASE template")
    migrate(migrate_settings(server, "template"))
    return "template"


@pytest.fixture
def empty_database(server: Server) -> Iterator[str]:
    """The name of a database with nothing in it."""
    name = f"test{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    yield name
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(server: Server, template: str) -> Iterator[ServeSettings]:
    """Settings with a migrated database of the test's own."""
    name = f"test{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield ServeSettings(
        database_host="127.0.0.1",
        database_port=server.port,
        database_name=name,
        database_username=USERNAME,
        database_password=PASSWORD,
    )
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def app(settings: ServeSettings) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


def _client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test/api/v1")


@pytest.fixture
def client_of() -> Callable[[FastAPI], httpx.AsyncClient]:
    """Makes a client of an application, without a server."""
    return _client_of


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not signed in."""
    async with _client_of(app) as client:
        yield client


@pytest.fixture
async def admin(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator who is signed in."""
    async with _client_of(app) as client:
        answer = await client.post(
            "/sessions", json={"username": "admin", "password": ADMINISTRATOR_PASSWORD}
        )
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client

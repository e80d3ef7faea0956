"""The frontend with the fake backend, in one process, over ASGI."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from frontend.application import create_application
from frontend.settings import Settings

from tests.program.frontend import sample
from tests.program.frontend.fake_backend import FakeBackend
from tests.program.frontend.in_memory import InMemoryTransport
from tests.program.frontend.process import SECRET, served, started

Visit = Callable[..., httpx.AsyncClient]


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
async def site() -> AsyncIterator[Visit]:
    """`site(backend, public_url=…)` returns a browser-like client of a new frontend."""
    clients: list[httpx.AsyncClient] = []

    def visit(backend: FakeBackend, **settings: str) -> httpx.AsyncClient:
        values = {"backend_url": "http://backend:8000", "session_secret": SECRET} | settings
        application = create_application(
            Settings(**values),
            transport=InMemoryTransport(backend.application()),
            today=backend.now.date,
            clock=lambda: backend.clock,
        )
        transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")
        clients.append(client)
        return client

    yield visit
    for client in clients:
        await client.aclose()


@pytest.fixture
def behind() -> FakeBackend:
    """The fake that `process` asks."""
    return sample.outage()


@pytest.fixture
def backend_url(behind: FakeBackend) -> Iterator[str]:
    with served(behind) as url:
        yield url


@pytest.fixture
def process(backend_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with started(backend_url, tmp_path) as running:
        yield running

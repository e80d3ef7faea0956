"""The ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI

from backend.api import problems
from backend.api.models import Problem
from backend.api.requests import RequestMiddleware
from backend.api.routes import (
    administrators,
    api_keys,
    audit,
    components,
    docs,
    drafts,
    health,
    incidents,
    maintenances,
    sessions,
    status,
    updates,
)
from backend.api.state import Services
from backend.settings import ServeSettings
from backend.store.database import Database

PREFIX = "/api/v1"
HEALTH = f"{PREFIX}/healthcheck"
_PARTS = (
    health, status, components, incidents, updates, maintenances, drafts, sessions,
    administrators, api_keys, audit,
)  # fmt: skip

_PROBLEM = {
    "description": "A problem document (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def create_app(
    settings: ServeSettings, *, is_draining: Callable[[], bool] = lambda: False
) -> FastAPI:
    database = Database(settings, pool_size=settings.pool_size)
    services = Services(database, trusted_proxies=settings.trusted_proxies)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(services.passwords.prepare)
        yield
        await database.close()

    app = FastAPI(
        title="Status page",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={"default": _PROBLEM},
        separate_input_output_schemas=False,
        # `/components/` is not `/components`; a redirect would name an address behind the proxies.
        redirect_slashes=False,
    )
    app.state.services = services
    problems.install(app)
    app.add_middleware(RequestMiddleware, quiet_paths=frozenset({HEALTH}), is_draining=is_draining)
    for part in _PARTS:
        app.include_router(part.router, prefix=PREFIX)
    app.include_router(docs.router)
    _publish_problem(app)
    return app


def _publish_problem(app: FastAPI) -> None:
    """Add the schema that every operation's default response refers to."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = document["components"]["schemas"]
        schemas.update(schema.pop("$defs", {}))
        schemas["Problem"] = schema
        return document

    app.openapi = openapi  # type: ignore[method-assign]

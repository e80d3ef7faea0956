"""Puts the parts together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from frontend.api.client import BackendClient
from frontend.api.reader import Reader
from frontend.pages.public import PublicPages, Today, utc_today
from frontend.settings import Settings
from frontend.web.envelope import Envelope
from frontend.web.errors import ErrorPages
from frontend.web.rendering import Renderer
from frontend.web.static import StaticFiles

_ROBOTS = "User-agent: *\nDisallow: /admin\n"


def create_application(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    is_draining: Callable[[], bool] = lambda: False,
    today: Today = utc_today,
) -> Envelope:
    """The whole ASGI application; `transport` takes the backend's place in tests."""
    client = BackendClient(str(settings.backend_url), transport)
    reader = Reader(client)
    static = StaticFiles()
    renderer = Renderer(static, settings.site_name)
    public = PublicPages(
        reader,
        renderer,
        public_origin=settings.public_origin,
        site_name=settings.site_name,
        today=today,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await client.close()

    application = Starlette(
        routes=[
            Route("/healthcheck", _healthcheck),
            Route("/robots.txt", _robots),
            Route("/static/{name}", static.serve),
            *public.routes(),
        ],
        exception_handlers=cast(Any, ErrorPages(renderer).handlers()),
        lifespan=lifespan,
    )
    # Starlette would redirect to an absolute URL made from Host, which is the load balancer's.
    application.router.redirect_slashes = False
    return Envelope(application, public_origin=settings.public_origin, is_draining=is_draining)


async def _healthcheck(_: Request) -> Response:
    """Shallow: a backend that is down is no reason to replace this task, which can still tell."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def _robots(_: Request) -> Response:
    return PlainTextResponse(_ROBOTS, headers={"Cache-Control": "public, max-age=3600"})

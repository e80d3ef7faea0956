"""Puts the parts together."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from frontend.admin.area import Area
from frontend.admin.components import Components
from frontend.admin.incidents import Incidents
from frontend.admin.maintenances import Maintenances
from frontend.admin.people import People
from frontend.admin.sign_in import SignIn
from frontend.admin.updates import Updates
from frontend.admin.visit import Visits
from frontend.api.client import BackendClient
from frontend.api.kept import Clock
from frontend.api.reader import Reader
from frontend.api.transport import HttpTransport, Transport
from frontend.pages.public import PublicPages, Today, utc_today
from frontend.settings import Settings
from frontend.web.content import Content
from frontend.web.envelope import Envelope
from frontend.web.errors import ErrorPages
from frontend.web.rendering import Renderer

HEALTH = "/healthcheck"
_ROBOTS = "User-agent: *\nDisallow: /admin\n"


def create_application(
    settings: Settings,
    *,
    transport: Transport | None = None,
    is_draining: Callable[[], bool] = lambda: False,
    today: Today = utc_today,
    clock: Clock = time.monotonic,
    content: Content | None = None,
) -> Envelope:
    """The whole ASGI application. Tests replace the backend and the clock."""
    client = BackendClient(transport or HttpTransport(settings.backend_url))
    reader = Reader(client, clock)
    content = content or Content(settings.site_name)
    renderer = content.renderer
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
            Route(HEALTH, _healthcheck),
            Route("/robots.txt", _robots),
            Route("/static/{name}", content.static.serve),
            *public.routes(),
            *_area(settings, client, reader, renderer),
        ],
        exception_handlers=cast(Any, ErrorPages(renderer).handlers()),
        lifespan=lifespan,
    )
    # Starlette would redirect to an absolute URL made from Host, which is the load balancer's.
    application.router.redirect_slashes = False
    return Envelope(
        application,
        public_origin=settings.public_origin,
        is_draining=is_draining,
        quiet_paths=frozenset({HEALTH}),
    )


def _area(
    settings: Settings, client: BackendClient, reader: Reader, renderer: Renderer
) -> list[Route]:
    visits = Visits(settings.session_secret, settings.public_origin)
    area = Area(visits, renderer, client, settings.public_origin)
    return [
        *SignIn(client).routes(area),
        *Incidents(client, reader).routes(area),
        *Updates(client, reader).routes(area),
        *Components(client, reader).routes(area),
        *Maintenances(client, reader).routes(area),
        *People(client).routes(area),
    ]


async def _healthcheck(_: Request) -> Response:
    """Shallow: when the backend is down, this task must stay and show that."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def _robots(_: Request) -> Response:
    return PlainTextResponse(_ROBOTS, headers={"Cache-Control": "public, max-age=3600"})

"""Front page, history by month, one incident, maintenance and each one of it, feed."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from frontend.api.error import BackendRefusedError
from frontend.api.kept import Reading
from frontend.api.model import Status
from frontend.api.reader import Reader, next_month, previous_month
from frontend.language import Language, catalogue, language_of
from frontend.pages.feed import MEDIA_TYPE, atom
from frontend.pages.uptime import bars_by_component
from frontend.web.rendering import PageCache, Renderer, public_response

# The backend takes no earlier time; without a limit, robots would go back forever.
_FIRST_MONTH = dt.date(2000, 1, 1)
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)

Today = Callable[[], dt.date]


def utc_today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


class PublicPages:
    """Each page is rendered once for the same values and served to all visitors."""

    def __init__(
        self,
        reader: Reader,
        renderer: Renderer,
        *,
        public_origin: str,
        site_name: str,
        today: Today = utc_today,
    ) -> None:
        self._reader = reader
        self._renderer = renderer
        self._public_origin = public_origin
        self._site_name = site_name
        self._today = today
        self._pages = PageCache()

    def routes(self) -> list[Route]:
        routes = [Route("/ja", self.japanese)]
        for language in Language:
            routes += [
                Route(language.path("/"), self.front),
                Route(language.path("/history"), self.history),
                Route(language.path("/history/{month}"), self.history),
                Route(language.path("/incidents/{incident_id}"), self.incident),
                Route(language.path("/maintenance"), self.maintenance),
                Route(language.path("/maintenance/{maintenance_id}"), self.one_maintenance),
                Route(language.path("/feed.atom"), self.feed),
            ]
        return routes

    async def japanese(self, _: Request) -> Response:
        return RedirectResponse(
            Language.JAPANESE.path("/"), 308, {"Cache-Control": "public, max-age=3600"}
        )

    async def front(self, request: Request) -> Response:
        front = await self._reader.front()
        readings = (front.status, front.uptime, front.recent)
        return self._answer(
            request,
            made_of=tuple(reading.value if reading else None for reading in readings),
            as_of=front.status.known_as_of,
            template="status.html",
            path="/",
            values=lambda: {
                "status": front.status.value,
                "state": _state(front.status.value),
                "bars": bars_by_component(front.uptime.value) if front.uptime else {},
                "recent": front.recent.value.incidents if front.recent else None,
            },
        )

    async def history(self, request: Request) -> Response:
        this_month = self._today().replace(day=1)
        asked = request.path_params.get("month")
        month = _parse_month(asked) if asked else this_month
        if not _FIRST_MONTH <= month <= this_month:
            raise HTTPException(404)
        reading = await self._reader.month(month)
        newer = next_month(month)
        return self._answer(
            request,
            made_of=(reading.value, this_month),
            as_of=reading.known_as_of,
            template="history.html",
            path=f"/history/{asked}" if asked else "/history",
            values=lambda: {
                "month": month,
                "incidents": reading.value,
                "older": previous_month(month) if month > _FIRST_MONTH else None,
                "newer": newer if newer <= this_month else None,
            },
        )

    async def incident(self, request: Request) -> Response:
        return await self._one(request, "incident", "/incidents", self._reader.incident)

    async def maintenance(self, request: Request) -> Response:
        reading = await self._reader.maintenances()
        return self._answer(
            request,
            made_of=(reading.value,),
            as_of=reading.known_as_of,
            template="maintenance.html",
            path="/maintenance",
            values=lambda: {"maintenances": reading.value.maintenances},
        )

    async def one_maintenance(self, request: Request) -> Response:
        read = self._reader.maintenance
        return await self._one(request, "maintenance", "/maintenance", read, "one_maintenance.html")

    async def feed(self, request: Request) -> Response:
        reading, planned = await asyncio.gather(self._reader.newest(), self._reader.maintenances())
        edition = self._renderer.edition
        path, made_of = request.url.path, (reading.value, planned.value, edition)
        page = self._pages.find(path, made_of)
        if page is None:
            language = language_of(path)
            text = atom(
                reading.value.incidents,
                planned.value.maintenances,
                language,
                origin=self._public_origin,
                site_name=self._site_name or catalogue(language)("site.name"),
            )
            page = self._pages.keep(path, made_of, text)
        return public_response(request, page, MEDIA_TYPE)

    async def _one(
        self,
        request: Request,
        kind: str,
        place: str,
        read: Callable[[UUID], Awaitable[Reading[Any]]],
        template: str = "",
    ) -> Response:
        """The page of one incident or maintenance: 404 when there is none of that id."""
        identifier = parse_id(request.path_params[f"{kind}_id"])
        try:
            reading = await read(identifier)
        except BackendRefusedError as error:
            raise HTTPException(404) from error
        return self._answer(
            request,
            made_of=(reading.value,),
            as_of=reading.known_as_of,
            template=template or f"{kind}.html",
            path=f"{place}/{identifier}",
            values=lambda: {kind: reading.value},
        )

    def _answer(
        self,
        request: Request,
        *,
        made_of: tuple[object, ...],
        as_of: dt.datetime | None,
        template: str,
        path: str,
        values: Callable[[], Mapping[str, object]],
    ) -> Response:
        """`path` is the page's path without its language; `as_of` is shown if it is not None.

        `values` makes the template's values; it is called only if the page is not cached.
        """
        language = language_of(request.url.path)
        key = language.path(path)
        made_of = (*made_of, as_of, self._renderer.edition)
        page = self._pages.find(key, made_of)
        if page is None:
            body = self._renderer.render(template, language, path=path, as_of=as_of, **values())
            page = self._pages.keep(key, made_of, body)
        return public_response(request, page)


def _state(status: Status) -> str:
    """The indicator, or `empty` while the page has nothing to show."""
    if not status.components and not status.incidents and not status.maintenances:
        return "empty"
    return status.indicator.value


def _parse_month(text: str) -> dt.date:
    match = _MONTH.fullmatch(text)
    if match is None:
        raise HTTPException(404)
    return dt.date(max(1, int(match[1])), int(match[2]), 1)


def parse_id(text: str) -> UUID:
    """Accept only the canonical form, so that each thing has one URL."""
    try:
        identifier = UUID(text)
    except ValueError:
        raise HTTPException(404) from None
    if str(identifier) != text:
        raise HTTPException(404)
    return identifier

"""Error pages in the site's design, in the language of the address."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route

from frontend import log
from frontend.api.error import BackendUnavailableError
from frontend.language import Language, catalogue, language_of, preferred
from frontend.web.rendering import PRIVATE, Renderer

# A browser does not keep it. CloudFront keeps it for its error caching minimum TTL, or answers with
# the last good page instead of a 5xx (`stale-if-error`).
_HEADERS = {"Cache-Control": PRIVATE}


# In the access record only: nginx's code for a client that left.
_CLIENT_LEFT = 499


class ErrorPages:
    """Turns the pages' exceptions into responses."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    async def http(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # Starlette's registration says so
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(sorted(_allowed(request)))
        return self.page(request, error.status_code, headers)

    async def unavailable(self, request: Request, _: Exception) -> Response:
        return self.page(request, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"})

    async def left(self, _: Request, __: Exception) -> Response:
        """A client that leaves while it sends a form gets no answer; this is not our error."""
        return Response(status_code=_CLIENT_LEFT)

    async def unexpected(self, request: Request, _: Exception) -> Response:
        return self.page(request, HTTPStatus.INTERNAL_SERVER_ERROR)

    def page(
        self, request: Request, status: int, headers: dict[str, str] | None = None
    ) -> Response:
        language, home = _language_and_home(request)
        known = catalogue(language).has(f"error.{status}.title")
        body = self._renderer.render(
            "error.html",
            language,
            path="/",
            as_of=None,
            code=status if known else 400 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 500,
            status_code=int(status),
            home=home,
            request_id=log.request_id.get(),
        )
        return Response(body, status, {**_HEADERS, **(headers or {})}, "text/html; charset=utf-8")

    def handlers(self) -> dict[type[Exception], object]:
        return {
            HTTPException: self.http,
            BackendUnavailableError: self.unavailable,
            ClientDisconnect: self.left,
            Exception: self.unexpected,
        }


def _allowed(request: Request) -> set[str]:
    """The methods of all routes of the path. Starlette names those of the first one only."""
    routes: list[Route] = request.app.routes
    return {
        method
        for route in routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


def _language_and_home(request: Request) -> tuple[Language, str]:
    """The area's error pages are not cached, so they may follow Accept-Language."""
    path = request.url.path
    if path == "/admin" or path.startswith("/admin/"):
        return preferred(request.headers.get("accept-language", "")), "/admin"
    language = language_of(path)
    return language, language.path("/")

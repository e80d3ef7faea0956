"""The rules for all pages of the area: who may see them, and what a form must contain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qsl, quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route

from frontend.admin.call import SIGN_IN, Call, Handler, Outcome, Page, Redirect, Resume
from frontend.admin.credentials import CREDENTIALS
from frontend.admin.forgery import is_from_here, says_that_it_is_from_here
from frontend.admin.form import Form
from frontend.admin.visit import Visit, Visits, first_visit, signed_out
from frontend.api.client import BackendClient
from frontend.api.error import BackendRefusedError, BackendUnavailableError
from frontend.api.model import CurrentSession
from frontend.language import Language
from frontend.web.rendering import PRIVATE, Renderer

# Two texts of 5000 characters, each of them nine bytes when it is encoded, and once more in JSON.
_LARGEST_FORM = 256 * 1024
_MOST_FIELDS = 250
# The fields that take long to write.
_TEXTS = (
    "title", "title_ja", "body", "body_ja", "name", "name_ja", "description", "description_ja",
)  # fmt: skip


class Area:
    """Turns handlers into routes."""

    def __init__(
        self, visits: Visits, renderer: Renderer, client: BackendClient, public_origin: str
    ) -> None:
        self._visits = visits
        self._renderer = renderer
        self._client = client
        self._public_origin = public_origin
        self._forms: list[tuple[Route, Handler]] = []  # the forms that can be shown again

    def show(self, path: str, handler: Handler, *, to_all: bool = False) -> Route:
        return self._route(path, "GET", handler, to_all=to_all, keeps=False)

    def take(self, path: str, handler: Handler, *, to_all: bool = False) -> Route:
        """A route for a form. With `Call.only_show` the handler only shows the form again."""
        route = self._route(path, "POST", handler, to_all=to_all, keeps=True)
        if not to_all:
            self._forms.append((route, handler))
        return route

    def act(self, path: str, handler: Handler, *, to_all: bool = False) -> Route:
        """A route for a button: no text can be lost."""
        return self._route(path, "POST", handler, to_all=to_all, keeps=False)

    def _route(
        self, path: str, method: str, handler: Handler, *, to_all: bool, keeps: bool
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            known = self._visits.find(request)
            visit = _choose_language(request, known or first_visit(request))
            call = Call(request, visit, await _read_data(request) if method == "POST" else {})
            if method == "POST":
                call = self._genuine(call, keeps=keeps)
            outcome = await self._run(call, handler, to_all=to_all, keeps=keeps)
            device = "" if isinstance(outcome, Page) else outcome.device
            if isinstance(outcome, Resume):
                call, outcome = await self._resume(call, outcome)
            response = self._answer(call, known, outcome)
            if call.is_old and response.status_code == HTTPStatus.OK:
                response.status_code = HTTPStatus.FORBIDDEN
            if device:
                self._visits.write_device(request, response, device, SIGN_IN)
            return response

        return Route(path, endpoint, methods=[method], name=f"{method} {path}")

    def _genuine(self, call: Call, *, keeps: bool) -> Call:
        """Raises HTTPException for a form that another site may have sent.

        A form of this site's own page is shown again if its visit has ended meanwhile, or if its
        sender asks for that.
        """
        headers, data = call.request.headers, call.data
        if not is_from_here(headers, self._public_origin):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        if self._visits.is_form_token(call.visit, data.get("form_token", "")):
            return replace(call, only_show=keeps and "resume" in data)
        if not keeps or not says_that_it_is_from_here(headers, self._public_origin):
            raise HTTPException(HTTPStatus.FORBIDDEN)
        return replace(call, only_show=True, is_old=True)

    async def _run(self, call: Call, handler: Handler, *, to_all: bool, keeps: bool) -> Outcome:
        if not to_all and not call.visit.is_signed_in:
            return _sign_in(call, keeps=keeps)
        if call.only_show:
            call = replace(call, visit=replace(call.visit, notice="notice.resumed"))
        try:
            if not to_all:  # the backend ends the session, whatever the cookie says
                await self._client.get("/sessions/current", CurrentSession, caller=call.caller)
            return await _handle(call, handler, keeps=keeps)
        except BackendRefusedError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                visit = replace(signed_out(call.visit), notice="notice.expired")
                return _sign_in(replace(call, visit=visit), keeps=keeps)
            raise HTTPException(HTTPStatus.BAD_REQUEST) from error
        except BackendUnavailableError:
            if not keeps or to_all:
                raise
            values = {"action": call.request.url.path, "data": _to_keep(call.data)}
            return Page("admin/kept.html", values, HTTPStatus.SERVICE_UNAVAILABLE)

    async def _resume(self, call: Call, outcome: Resume) -> tuple[Call, Outcome]:
        """Repeat the call of the form sent before signing in; returns it and the page's answer."""
        for route, handler in self._forms:
            scope = {**call.request.scope, "path": outcome.path, "method": "POST"}
            match, found = route.matches(scope)
            if match is Match.FULL:
                resumed = Call(Request({**scope, **found}), outcome.visit, outcome.data, True)
                shown = replace(resumed, visit=replace(outcome.visit, notice="notice.resumed"))
                return shown, await self._run(resumed, handler, to_all=False, keeps=True)
        return call, Redirect("/admin", visit=outcome.visit)

    def _answer(self, call: Call, known: Visit | None, outcome: Outcome) -> Response:
        response: Response
        if isinstance(outcome, Page):
            shown = outcome.visit or call.visit
            if call.only_show and not shown.notice:
                shown = replace(shown, notice="notice.resumed")
            visit = replace(shown, notice="", about="")
            response = self._render(call, outcome, shown)
        else:
            wanted = outcome.visit or call.visit
            notice, about = (
                (outcome.notice, outcome.about) if isinstance(outcome, Redirect) else ("", "")
            )
            visit = replace(wanted, notice=notice, about=about[:100])
            response = RedirectResponse(outcome.path, HTTPStatus.SEE_OTHER)
        response.headers["Cache-Control"] = PRIVATE
        if visit != known:
            self._visits.write(call.request, response, visit)
        return response

    def _render(self, call: Call, page: Page, visit: Visit) -> Response:
        body = self._renderer.render(
            page.template,
            visit.spoken,
            path=call.request.url.path,
            visit=visit,
            form_token=self._visits.form_token(visit),
            rest_of_query=call.query_without("lang"),
            **page.values,
        )
        return Response(body, page.status, page.headers, "text/html; charset=utf-8")


def _choose_language(request: Request, visit: Visit) -> Visit:
    asked = request.query_params.get("lang")
    return replace(visit, language=asked) if asked in set(Language) else visit


def _sign_in(call: Call, *, keeps: bool) -> Outcome:
    """Redirect to the sign-in page. A form that was sent is shown again after signing in."""
    path, visit = call.request.url.path, call.visit
    if call.request.method == "POST" and keeps:
        kept = json.dumps({"path": path, "data": _to_keep(call.data)}, ensure_ascii=False)
        visit = replace(visit, notice="notice.kept")
        values = {"form": Form(CREDENTIALS), "next": "/admin", "kept": kept}
        return Page("admin/sign_in.html", values, HTTPStatus.UNAUTHORIZED, visit=visit)
    query = call.query_without("lang")
    wanted = f"{path}?{query}" if query else path
    back = call.request.method == "GET" and wanted != "/admin"
    to = f"{SIGN_IN}?next={quote(wanted)}" if back else SIGN_IN
    return Redirect(to, visit.notice, visit=visit)


async def _handle(call: Call, handler: Handler, *, keeps: bool) -> Outcome:
    """The handler's outcome. If another person has deleted what the form is about, its texts are
    shown, to be copied. Raises HTTPException if there are none."""
    try:
        return await handler(call)
    except BackendRefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
    except HTTPException as error:
        if error.status_code != HTTPStatus.NOT_FOUND:
            raise
    texts = {name: call.data[name] for name in _TEXTS if keeps and call.data.get(name)}
    if not texts:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Page("admin/gone.html", {"texts": texts}, HTTPStatus.NOT_FOUND)


def _to_keep(data: Mapping[str, str]) -> Mapping[str, str]:
    """The form's data without passwords: none goes into a page."""
    return {
        name: value
        for name, value in data.items()
        if name not in ("form_token", "resume") and "password" not in name
    }


async def _read_data(request: Request) -> Mapping[str, str]:
    """The form's fields, the last one of each name. The size is limited before parsing."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    return dict(pairs)

"""What all pages of the area have in common: who may see them, and what a form must carry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import parse_qsl, quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from frontend.admin.forgery import is_from_here
from frontend.admin.form import Fault, Form
from frontend.admin.visit import Visit, Visits, first_visit, signed_out
from frontend.api.client import Caller
from frontend.api.error import BackendRefusedError, BackendUnavailableError
from frontend.language import Language, catalogue
from frontend.web.rendering import PRIVATE, Renderer

SIGN_IN = "/admin/sign-in"
_LARGEST_FORM = 128 * 1024
_MOST_FIELDS = 250


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the area's pages see it; `data` is the form that was sent."""

    request: Request
    visit: Visit
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        return caller(self.request, self.visit.token)

    def part(self, name: str) -> str:
        return str(self.request.path_params[name])


@dataclass(frozen=True, slots=True)
class Page:
    template: str
    values: Mapping[str, object]
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Post/Redirect/Get: `notice` names the message that the next page shows."""

    path: str
    notice: str = ""
    about: str = ""
    visit: Visit | None = None


Outcome = Page | Redirect
Handler = Callable[[Call], Awaitable[Outcome]]


def caller(request: Request, token: str = "") -> Caller:
    """The browser's address goes along unchanged, for the backend slows down who guesses."""
    client = request.client.host if request.client else ""
    return Caller(token, request.headers.get("x-forwarded-for", client))


class Area:
    """Turns handlers into routes."""

    def __init__(self, visits: Visits, renderer: Renderer, public_origin: str) -> None:
        self._visits = visits
        self._renderer = renderer
        self._public_origin = public_origin

    def show(self, path: str, handler: Handler, *, to_all: bool = False) -> Route:
        return self._route(path, "GET", handler, to_all)

    def take(self, path: str, handler: Handler, *, to_all: bool = False) -> Route:
        """A form is sent here."""
        return self._route(path, "POST", handler, to_all)

    def _route(self, path: str, method: str, handler: Handler, to_all: bool) -> Route:
        async def endpoint(request: Request) -> Response:
            known = self._visits.find(request)
            visit = _choose_language(request, known or first_visit(request))
            data = await _read_data(request) if method == "POST" else {}
            if method == "POST" and not self._is_genuine(request, visit, data):
                raise HTTPException(HTTPStatus.FORBIDDEN)
            call = Call(request, visit, data)
            outcome = await self._run(call, handler, to_all=to_all)
            return self._answer(call, known, outcome)

        return Route(path, endpoint, methods=[method], name=f"{method} {path}")

    def _is_genuine(self, request: Request, visit: Visit, data: Mapping[str, str]) -> bool:
        return is_from_here(request.headers, self._public_origin) and self._visits.is_form_token(
            visit, data.get("form_token", "")
        )

    async def _run(self, call: Call, handler: Handler, *, to_all: bool) -> Outcome:
        if not to_all and not call.visit.is_signed_in:
            return Redirect(_sign_in_and_return(call.request))
        try:
            return await handler(call)
        except BackendRefusedError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                return Redirect(
                    _sign_in_and_return(call.request),
                    "notice.expired",
                    visit=signed_out(call.visit),
                )
            if error.status == HTTPStatus.NOT_FOUND:
                raise HTTPException(HTTPStatus.NOT_FOUND) from error
            raise HTTPException(HTTPStatus.BAD_REQUEST) from error

    def _answer(self, call: Call, known: Visit | None, outcome: Outcome) -> Response:
        response: Response
        if isinstance(outcome, Redirect):
            visit = replace(
                outcome.visit or call.visit, notice=outcome.notice, about=outcome.about[:100]
            )
            response = RedirectResponse(outcome.path, HTTPStatus.SEE_OTHER)
        else:
            visit = replace(call.visit, notice="", about="")
            response = self._render(call, outcome)
        response.headers["Cache-Control"] = PRIVATE
        if visit != known:
            self._visits.write(call.request, response, visit)
        return response

    def _render(self, call: Call, page: Page) -> Response:
        visit = call.visit
        body = self._renderer.render(
            page.template,
            visit.spoken,
            path=call.request.url.path,
            visit=visit,
            form_token=self._visits.form_token(visit),
            **page.values,
        )
        return Response(body, page.status, page.headers, "text/html; charset=utf-8")


def refused(form: Form, error: BackendRefusedError, language: Language) -> Form:
    """The form again, with what the backend found wrong.

    401 is not the form's fault and is raised again. The backend's words are English; those that an
    administrator is likely to meet have a message of their own.
    """
    if error.status == HTTPStatus.UNAUTHORIZED or error.status == HTTPStatus.NOT_FOUND:
        raise error
    message = f"problem.{error.kind}"
    if catalogue(language).has(message):
        general: Fault | None = Fault(message)
    elif error.status == HTTPStatus.PRECONDITION_FAILED:
        general = Fault("problem.changed")
    else:
        general = None if error.faults else Fault(words=error.detail)
    faults = {name: Fault(words=words) for name, words in error.faults.items()}
    return form.with_faults(faults, general)


def unavailable(form: Form) -> Form:
    return form.with_faults({}, Fault("fault.unavailable"))


async def submit(
    call: Call, form: Form, send: Callable[[], Awaitable[Redirect]], page: Callable[[Form], Page]
) -> Outcome:
    """Send a form that has no fault; else, or if the backend refuses it, show it again."""
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY
    if not form.is_faulty:
        try:
            return await send()
        except BackendRefusedError as error:
            form = refused(form, error, call.visit.spoken)
        except BackendUnavailableError:
            form, status = unavailable(form), HTTPStatus.SERVICE_UNAVAILABLE
    return replace(page(form), status=status)


def _choose_language(request: Request, visit: Visit) -> Visit:
    asked = request.query_params.get("lang")
    return replace(visit, language=asked) if asked in set(Language) else visit


def _sign_in_and_return(request: Request) -> str:
    if request.method != "GET" or request.url.path == "/admin":
        return SIGN_IN
    return f"{SIGN_IN}?next={quote(request.url.path)}"


async def _read_data(request: Request) -> Mapping[str, str]:
    """The form's fields, the last one of a name; bounded before it is looked at."""
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

"""A request to the area, and the answers of its pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.requests import Request

from frontend.admin.visit import Visit
from frontend.api.client import Caller

SIGN_IN = "/admin/sign-in"


@dataclass(frozen=True, slots=True)
class Call:
    """`data` is the form that was sent.

    With `only_show` the form is shown again and nothing is done: it was filled in before the
    session ended, or while the backend was unavailable.
    """

    request: Request
    visit: Visit
    data: Mapping[str, str] = field(default_factory=dict)
    only_show: bool = False
    is_old: bool = False  # the form's token belongs to another visit

    @property
    def caller(self) -> Caller:
        return caller(self.request, self.visit.token)

    def query_without(self, *names: str) -> str:
        """The query, encoded, without these members."""
        items = self.request.query_params.multi_items()
        return urlencode([(name, value) for name, value in items if name not in names])

    def part(self, name: str) -> str:
        return str(self.request.path_params[name])


@dataclass(frozen=True, slots=True)
class Page:
    template: str
    values: Mapping[str, object]
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    visit: Visit | None = None  # replaces the call's visit


def form_page(form: object, page: str, action: str, **more: object) -> Page:
    """A page of one form: `page` names its messages; the form is sent to `action`."""
    return Page("admin/form.html", {"form": form, "page": page, "action": action, **more})


@dataclass(frozen=True, slots=True)
class Redirect:
    """Post/Redirect/Get: `notice` names the message that the next page shows."""

    path: str
    notice: str = ""
    about: str = ""
    visit: Visit | None = None
    device: str = ""  # the token that the browser sends at its next sign-in


@dataclass(frozen=True, slots=True)
class Resume:
    """After signing in: show the form at `path` again, with the `data` sent before."""

    path: str
    data: Mapping[str, str]
    visit: Visit
    device: str = ""


Outcome = Page | Redirect | Resume
Handler = Callable[[Call], Awaitable[Outcome]]


def caller(request: Request, token: str = "") -> Caller:
    """Passes the browser's address on unchanged: the backend slows down guesses by address."""
    client = request.client.host if request.client else ""
    return Caller(token, request.headers.get("x-forwarded-for", client))

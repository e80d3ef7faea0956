"""A request to the area, and what a page of the area answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.requests import Request

from frontend.admin.visit import Visit
from frontend.api.client import Caller

SIGN_IN = "/admin/sign-in"


@dataclass(frozen=True, slots=True)
class Call:
    """`data` is the form that was sent.

    With `only_show` it is shown again for its sender to look at, and nothing is done: what was
    typed before the session ended, or while the backend was away.
    """

    request: Request
    visit: Visit
    data: Mapping[str, str] = field(default_factory=dict)
    only_show: bool = False
    is_old: bool = False  # the form's token is none of this visit's

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
    visit: Visit | None = None  # in place of the call's


@dataclass(frozen=True, slots=True)
class Redirect:
    """Post/Redirect/Get: `notice` names the message that the next page shows."""

    path: str
    notice: str = ""
    about: str = ""
    visit: Visit | None = None
    device: str = ""  # what the browser shows at its next sign-in


@dataclass(frozen=True, slots=True)
class Resume:
    """After signing in: the form at `path` again, with `data` that was sent to it before."""

    path: str
    data: Mapping[str, str]
    visit: Visit
    device: str = ""


Outcome = Page | Redirect | Resume
Handler = Callable[[Call], Awaitable[Outcome]]


def caller(request: Request, token: str = "") -> Caller:
    """The browser's address goes along unchanged, for the backend slows down who guesses."""
    client = request.client.host if request.client else ""
    return Caller(token, request.headers.get("x-forwarded-for", client))

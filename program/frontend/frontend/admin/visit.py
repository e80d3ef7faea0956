"""A visit to the area, in a signed cookie, so that any task can serve any request.

The cookie is signed, not encrypted. It holds the backend's token; scripts cannot read it
(HttpOnly), and the backend decides when it ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from frontend.language import Language, preferred
from frontend.web.headers import is_https

# As long as the backend's sessions last.
_LIFETIME_SECONDS = 12 * 60 * 60
# Over HTTPS the browser itself guarantees that this host set the cookie, for the whole site.
_SECURE_NAME = "__Host-visit"
# Plain HTTP (the miniature on loopback) has no such guarantee; the path keeps public pages clean.
_PLAIN_NAME = "visit"
_PATH = "/admin"
_DEVICE_NAME = "device"
_DEVICE_SECONDS = 180 * 24 * 60 * 60  # as the backend keeps them


def device_of(request: Request) -> str:
    return request.cookies.get(_DEVICE_NAME, "")[:200]


@dataclass(frozen=True, slots=True)
class Visit:
    """`id` is new with each sign-in, so form tokens from before become invalid."""

    id: str
    language: str
    token: str = ""
    username: str = ""
    notice: str = ""  # a message's name, shown once
    about: str = ""  # a value for that message

    @property
    def spoken(self) -> Language:
        return Language(self.language) if self.language in set(Language) else Language.ENGLISH

    @property
    def is_signed_in(self) -> bool:
        return bool(self.token)


class Visits:
    """Reads and writes the cookie, and makes the token that each form carries."""

    def __init__(self, secret: str, public_origin: str) -> None:
        self._secret = secret
        self._public_origin = public_origin
        self._serializer = URLSafeTimedSerializer(secret, salt="visit")

    def find(self, request: Request) -> Visit | None:
        """The visit that the cookie proves."""
        names = [_SECURE_NAME]
        if not self._knows_https(request):
            names.append(_PLAIN_NAME)
        for name in names:
            try:
                found = self._serializer.loads(
                    request.cookies.get(name, ""), max_age=_LIFETIME_SECONDS
                )
                return Visit(**found)
            except (BadData, TypeError):
                continue
        return None

    def write(self, request: Request, response: Response, visit: Visit) -> None:
        secure = self._knows_https(request) or _is_secure_for_the_browser(request)
        response.set_cookie(
            _SECURE_NAME if secure else _PLAIN_NAME,
            self._serializer.dumps(_without_defaults(visit)),
            max_age=_LIFETIME_SECONDS,
            path="/" if secure else _PATH,
            secure=secure,
            httponly=True,
            samesite="lax",
        )

    def write_device(self, request: Request, response: Response, device: str, path: str) -> None:
        """Set the cookie that proves an earlier sign-in; it is sent to the sign-in page only."""
        response.set_cookie(
            _DEVICE_NAME,
            device,
            max_age=_DEVICE_SECONDS,
            path=path,
            secure=self._knows_https(request) or _is_secure_for_the_browser(request),
            httponly=True,
            samesite="lax",
        )

    def form_token(self, visit: Visit) -> str:
        """A token that changes each second, so that compression cannot reveal it bit by bit."""
        return self._signer(visit).sign(b"form").decode()

    def is_form_token(self, visit: Visit, token: str) -> bool:
        try:
            return self._signer(visit).unsign(token, max_age=_LIFETIME_SECONDS) == b"form"
        except BadData:
            return False

    def _signer(self, visit: Visit) -> TimestampSigner:
        return TimestampSigner(self._secret, salt=f"form {visit.id}")

    def _knows_https(self, request: Request) -> bool:
        return is_https(request.headers, self._public_origin)


def new_visit(language: str) -> Visit:
    return Visit(secrets.token_urlsafe(18), language)


def first_visit(request: Request) -> Visit:
    """A visit without an administrator, in the browser's preferred language."""
    return new_visit(preferred(request.headers.get("accept-language", "")))


def signed_in(visit: Visit, token: str, username: str) -> Visit:
    return replace(new_visit(visit.language), token=token, username=username)


def signed_out(visit: Visit) -> Visit:
    return new_visit(visit.language)


def _without_defaults(visit: Visit) -> Mapping[str, str]:
    return {name: value for name, value in asdict(visit).items() if value}


def _is_secure_for_the_browser(request: Request) -> bool:
    """Whether the browser uses HTTPS, by a form's Origin or by a cookie that only HTTPS can set."""
    origin = request.headers.get("origin", "")
    return origin.startswith("https://") or _SECURE_NAME in request.cookies

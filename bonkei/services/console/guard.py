"""Whether a request may use the console, decided from its head alone.

The Host protects against a foreign page that resolves its own name to 127.0.0.1 (DNS rebinding).
Origin, Sec-Fetch-Site and a SameSite cookie protect against a page that sends requests to us
(CSRF); actions also need a header that no form can send. The token protects against other users of
this machine.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MARKER = "X-Bonkei"
"""Actions need this header. A foreign page cannot add it without a preflight, and the console
refuses preflights."""

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'; object-src 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
)
"""The headers of every answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The parts of a request's head that matter here. A missing field is empty."""

    method: str
    path: str
    host: str
    origin: str = ""
    site: str = ""  # Sec-Fetch-Site
    mode: str = ""  # Sec-Fetch-Mode
    token: str = ""
    cookie: str = ""
    marker: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    error: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Keys:
    """`token` grants access once, the cookie afterwards. Browsers send cookies to every port of a
    host, so each console has its own name for its cookie."""

    token: str
    port: int

    @property
    def cookie_name(self) -> str:
        return f"bonkei_console_{self.port}"

    @property
    def cookie(self) -> str:
        """The cookie's value is derived from the token. It is not a valid token, and changes with
        the token."""
        return hmac.new(self.token.encode(), b"cookie", hashlib.sha256).hexdigest()

    @property
    def hosts(self) -> frozenset[str]:
        names = ("127.0.0.1", "localhost")
        with_port = {f"{name}:{self.port}" for name in names}
        return frozenset(with_port | (set(names) if self.port == 80 else set()))


def judge(asked: Asked, keys: Keys) -> Refusal | None:
    """None for a request that may be answered."""
    return _from_elsewhere(asked, keys) or _unknown(asked, keys) or _no_action(asked)


def brings_token(asked: Asked, keys: Keys) -> bool:
    """Whether the token is in the address. The cookie then replaces it."""
    return asked.method == "GET" and asked.path == "/" and _same(asked.token, keys.token)


def _from_elsewhere(asked: Asked, keys: Keys) -> Refusal | None:
    if asked.host.lower() not in keys.hosts:
        return Refusal(
            421,
            f"the console is not at {asked.host or 'a host without a name'}",
            f"open http://127.0.0.1:{keys.port}/",
        )
    if asked.origin and asked.origin.lower() not in {f"http://{host}" for host in keys.hosts}:
        return Refusal(403, f"a page of {asked.origin} may not ask the console", "")
    navigates = asked.mode == "navigate" and asked.method == "GET" and asked.path == "/"
    if asked.site not in ("", "none", "same-origin") and not navigates:
        return Refusal(403, "another page may not ask the console", "")
    return None


def _unknown(asked: Asked, keys: Keys) -> Refusal | None:
    if _same(asked.cookie, keys.cookie) or brings_token(asked, keys):
        return None
    return Refusal(
        401,
        "this browser has not been let in",
        "open the address with its token: `bonkei status` shows it",
    )


def _no_action(asked: Asked) -> Refusal | None:
    if asked.method == "GET":
        return None
    if asked.method != "POST":
        return Refusal(405, f"{asked.method} is not understood", "send GET or POST")
    if asked.marker != "1":
        return Refusal(403, f"an action needs the header {MARKER}: 1", "")
    if asked.content_type.partition(";")[0].strip().lower() != "application/json":
        return Refusal(415, "an action is JSON", "send Content-Type: application/json")
    return None


def _same(given: str, wanted: str) -> bool:
    """Compare in a time that does not depend on the place of a difference. A header may contain any
    bytes."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), wanted.encode())

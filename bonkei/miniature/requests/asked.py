"""A URL as a request to one of the edge's listeners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bonkei.blueprint import Blueprint
from bonkei.miniature.home import MiniatureError
from bonkei.services.edge.http.host_names import is_loopback
from bonkei.services.edge.snapshot import ListenerState

_URL = re.compile(r"(?:(https?)://([^/?#]+))?([/?][^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PRINTABLE = "".join(map(chr, range(33, 127)))


@dataclass(frozen=True, slots=True)
class Wish:
    """The request that a user asks about. `headers`: names and values. `body`: None for none."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """`head` ends with its empty line, `body` follows it."""

    listener: ListenerState
    head: bytes
    body: bytes


def ask(wish: Wish, listeners: Sequence[ListenerState], blueprint: Blueprint) -> Asked:
    """The request in a client's form, and the listener that receives it.

    A host is a loopback name with a listener's port, or a name in the definitions: that of a
    distribution, a load balancer or a Service Connect endpoint. Without a host, the request goes to
    the first distribution, or else to the first load balancer. Raises MiniatureError.
    """
    match = _URL.fullmatch(wish.url)
    if match is None:
        raise MiniatureError(
            f"{wish.url!r} is neither a URL nor a path",
            remedy="write http://HOST/PATH, or /PATH for the site itself",
        )
    authority = match[2] or ""
    listener = _listener(authority, listeners, blueprint)
    target = quote(match[3] or "/", safe=_PRINTABLE)
    if not target.startswith("/"):
        target = f"/{target}"
    host = authority or f"{listener.host}:{listener.port}"
    head = _head(wish, target, host)
    return Asked(listener, head, wish.body or b"")


def _listener(
    authority: str, listeners: Sequence[ListenerState], blueprint: Blueprint
) -> ListenerState:
    if not authority:
        found = _first(listeners, "distribution", "load_balancer")
    else:
        found = _named(authority, listeners, blueprint)
    if found is not None:
        return found
    known = ", ".join(each.url for each in listeners if each.kind != "service_connect")
    what = f"no listener answers to {authority}" if authority else "no public listener is open"
    raise MiniatureError(what, remedy=f"there are: {known or 'none'}, and the definitions' names")


def _named(
    authority: str, listeners: Sequence[ListenerState], blueprint: Blueprint
) -> ListenerState | None:
    name, _, digits = authority.rpartition("@")[2].lower().partition(":")
    port = int(digits) if digits.isdigit() else 0
    if is_loopback(name.encode()):
        return next((each for each in listeners if each.port == port), None)
    for distribution in blueprint.distributions:
        if name in (distribution.domain_name.lower(), *map(str.lower, distribution.aliases)):
            return _at(listeners, distribution.address)
    for balancer in blueprint.load_balancers:
        if name in (balancer.dns_name.lower(), *map(str.lower, balancer.aliases)):
            declared = [each for each in balancer.listeners if each.port == (port or each.port)]
            return _at(listeners, declared[0].address) if declared else None
    of_services = [each for each in listeners if each.kind == "service_connect"]
    named = [each for each in of_services if each.name.partition(" ")[0].lower() == name]
    return next((each for each in named if port in (0, each.port)), None)


def _at(listeners: Iterable[ListenerState], address: str) -> ListenerState | None:
    return next((each for each in listeners if each.address == address), None)


def _first(listeners: Sequence[ListenerState], *kinds: str) -> ListenerState | None:
    found = (each for kind in kinds for each in listeners if each.kind == kind)
    return next(found, None)


def _head(wish: Wish, target: str, host: str) -> bytes:
    """The given headers replace those that a client adds itself."""
    own = {"Host": host, "User-Agent": "bonkei", "Accept": "*/*", "Connection": "close"}
    if wish.body is not None:
        own["Content-Length"] = str(len(wish.body))
    given = {name.lower() for name, _ in wish.headers}
    kept = [(name, value) for name, value in own.items() if name.lower() not in given]
    lines = [f"{wish.method.upper()} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (*kept, *wish.headers)]
    try:
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    except UnicodeEncodeError as error:
        raise MiniatureError(
            f"{error.object[error.start : error.end]!r} cannot be in a request's head",
            remedy="percent-encode it",
        ) from None


def parse_header(text: str) -> tuple[str, str]:
    """`Name: value`. ValueError for another form."""
    name, colon, value = text.partition(":")
    if not colon or not _NAME.fullmatch(name) or "\r" in value or "\n" in value:
        raise ValueError(f"{text!r} is not NAME: VALUE")
    return name, value.strip()

"""The treatment of a viewer's request: decisions that depend only on the request and on the content
of the cache. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple

from bonkei.blueprint.cloudfront import Distribution
from bonkei.services.edge.cloudfront.behavior import CompiledBehavior
from bonkei.services.edge.cloudfront.stored import Key, Stored
from bonkei.services.edge.http.host_names import HostNames
from bonkei.services.edge.http.message import Request
from bonkei.services.edge.http.pattern import normalize_path

URL_LIMIT = 8192
REQUEST_LIMIT = 32768
"""Bytes ("Quotas": maximum length of a URL, and of a request with its headers)."""

_PERCENT, _DOT = ord("%"), ord(".")
_CONDITIONS = (b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since")


class Way(Enum):
    """The way of a request. The first two are decided before the web ACL."""

    OTHER_HOST = 1
    TOO_LONG = 2
    NOT_ALLOWED = 3
    BODY_WITH_GET = 4
    CACHED = 5  # from the cache, or through it
    PASSED_ON = 6  # not cached


_CACHED, _PASSED_ON = Way.CACHED, Way.PASSED_ON  # to look at an enumeration's member takes longer


class Choice(NamedTuple):
    """`request`: with the default root object in the place of `/`. `key`: where the way is
    CACHED. There is no `behavior` for the first two ways."""

    way: Way
    request: Request
    behavior: CompiledBehavior | None = None
    key: Key | None = None


_NEW: Callable[[type[Choice], tuple[object, ...]], Choice] = tuple.__new__
"""Like `_make`, but without a function of Python's around it: most requests are passed on."""


class Choices:
    """Chooses for one distribution."""

    def __init__(
        self,
        distribution: Distribution,
        behaviors: tuple[CompiledBehavior, ...],
        hosts: Iterable[str],
    ) -> None:
        self.behaviors = behaviors
        self._before_last = tuple((each.matches, each) for each in behaviors[:-1])
        self._hosts = HostNames((distribution.domain_name, *distribution.aliases, *hosts))
        self._root = distribution.default_root_object.lstrip("/").encode()

    def of(self, request: Request) -> Choice:
        """The way of a request that the web ACL allows."""
        if not self._hosts.have(request):
            return Choice(Way.OTHER_HOST, request)
        if len(request.target) > URL_LIMIT or request.size > REQUEST_LIMIT:
            return Choice(Way.TOO_LONG, request)
        if self._root and request.path == b"/":
            path = b"/" + self._root
            target = path + b"?" + request.query if request.query else path
            request = request.but(path=path, target=target)
        behavior = self.behavior(request.path)
        if request.method not in behavior.allowed:
            return Choice(Way.NOT_ALLOWED, request, behavior)
        if request.method == b"GET" and request.has_body:
            # "GET requests that include a body" (Request and response behavior).
            return Choice(Way.BODY_WITH_GET, request, behavior)
        alone = request.websocket or request.has_body  # the response is not shared
        if behavior.caches and request.method in behavior.cached and not alone:
            return Choice(_CACHED, request, behavior, behavior.key.of(request))
        return _NEW(Choice, (_PASSED_ON, request, behavior, None))

    def behavior(self, path: bytes) -> CompiledBehavior:
        """The first behavior whose pattern matches the path, normalized as in CloudFront."""
        # A number: to look for bytes with `in`, Python makes an error and drops it.
        if _PERCENT in path or (_DOT in path and path.find(b"/.") >= 0):
            path = normalize_path(path)
        for matches, behavior in self._before_last:
            if matches(path):
                return behavior
        return self.behaviors[-1]


class Use(Enum):
    """The use of a stored response."""

    SERVE = 1
    SERVE_AND_REFRESH = 2  # stale, `stale-while-revalidate`
    ASK = 3  # the origin


def use_of(stored: Stored | None, now: float) -> Use:
    """How the cache answers. `now` is a time of `since_boot`."""
    if stored is None:
        return Use.ASK
    if stored.fresh(now):
        return Use.SERVE
    return Use.SERVE_AND_REFRESH if stored.usable_while_revalidating(now) else Use.ASK


def asks_alone(request: Request, stored: Stored | None) -> bool:
    """Whether the origin's response may be for this viewer only, so that no other viewer waits for
    it."""
    if request.method == b"HEAD" or b"range" in request.fields:
        return True
    return stored is None and any(name in request.fields for name in _CONDITIONS)

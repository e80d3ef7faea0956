"""The headers of a request to an origin: the viewer's, filtered, and those that CloudFront adds.

"Request and response behavior for custom origins" and "Control origin requests with a policy"
(Amazon CloudFront Developer Guide).
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from bonkei.blueprint.cloudfront import Behavior, Distribution, Origin
from bonkei.services.edge.cloudfront.selection import (
    accepted_encoding,
    either,
    filter_cookies,
    takes_all,
    takes_none,
)
from bonkei.services.edge.cloudfront.stored import Stored
from bonkei.services.edge.http.message import HOP_BY_HOP, Header, Headers, Request, header

FORWARDED_ALWAYS = frozenset(
    {
        b"cache-control", b"content-encoding", b"content-language", b"content-md5",
        b"content-type", b"date", b"from", b"if-match", b"if-modified-since", b"if-none-match",
        b"if-range", b"if-unmodified-since", b"max-forwards", b"origin", b"pragma", b"range",
        b"request-range", b"warning",
    }
)  # fmt: skip
"""Headers that always go to the origin, under any policy (the table "HTTP request headers and
CloudFront behavior")."""

_WEBSOCKET = frozenset(
    {
        b"sec-websocket-accept", b"sec-websocket-extensions", b"sec-websocket-key",
        b"sec-websocket-protocol", b"sec-websocket-version",
    }
)  # fmt: skip
_OWN = frozenset({b"content-length", b"expect", b"x-amz-cf-id", b"x-forwarded-proto", b"x-real-ip"})
"""Headers of the viewer that are dropped."""

_REWRITTEN = frozenset(
    {
        b"accept-encoding", b"authorization", b"cookie", b"host", b"user-agent", b"via",
        b"x-forwarded-for",
    }
)  # fmt: skip
ADDED_BY_CLOUDFRONT = frozenset({"cloudfront-forwarded-proto"})
"""CloudFront's own headers that the miniature adds if a policy names them."""

_AUTHORIZED = frozenset({b"DELETE", b"PATCH", b"POST", b"PUT"})
_REMEMBERED = 1024


@lru_cache(maxsize=1024)
def _forwarded_for(client: bytes) -> Header:
    return header(b"X-Forwarded-For", client)


class _Decision(Enum):
    """How a viewer's header is handled on its way to the origin."""

    KEEP = 1
    DROP = 2
    REWRITE = 3


_KEEP, _DROP, _REWRITE = _Decision.KEEP, _Decision.DROP, _Decision.REWRITE


class OriginHeaders:
    """Makes the origin's headers for one cache behavior."""

    def __init__(self, distribution: Distribution, behavior: Behavior, origin: Origin) -> None:
        cache, request = behavior.cache, behavior.origin_request
        own = request.headers if request else None
        cookies = (cache.cookies, request.cookies if request else None)
        self.takes = either(cache.headers, own, ignore_case=True)
        self.no_cookies = takes_none(*cookies)
        self.via = header(b"Via", b"1.1 %b (CloudFront)" % distribution.domain_name.encode())
        self._policy = cache
        self._custom = [header(name.encode(), value.encode()) for name, value in origin.headers]
        self._custom_names = frozenset(name for name, _, _ in self._custom)
        self._decisions: dict[bytes, _Decision] = {}
        self._takes_cookie = either(*cookies, ignore_case=False)
        self._kept_as_they_are = self._kept(all_cookies=takes_all(*cookies))
        self._constant = self._own(behavior, origin)
        self._own_host = header(b"Host", origin.domain_name.encode())
        self._unrewritten = [] if b"via" in self._custom_names else [self.via]

    def _kept(self, *, all_cookies: bool) -> frozenset[bytes]:
        """The headers set by CloudFront that keep the viewer's value here."""
        policy = self._policy
        kept = {name for name in (b"host", b"user-agent", b"authorization") if self.takes(name)}
        if all_cookies:
            kept.add(b"cookie")
        if self.takes(b"accept-encoding") and not (policy.gzip or policy.brotli):
            kept.add(b"accept-encoding")
        return frozenset(kept)

    def _own(self, behavior: Behavior, origin: Origin) -> Headers:
        """The headers that are the same in each request."""
        own: Headers = []
        if b"host" not in self._kept_as_they_are:
            own.append(header(b"Host", origin.domain_name.encode()))
        if b"user-agent" not in self._kept_as_they_are:
            own.append(header(b"User-Agent", b"Amazon CloudFront"))
        # "All viewer headers" are the viewer's: CloudFront's own are added only where named.
        request = behavior.origin_request
        named = request is None or request.headers.behavior != "all"
        if named and self.takes(b"cloudfront-forwarded-proto"):
            # On loopback everything is plain HTTP. A behavior that requires HTTPS is served as if
            # the viewer had used HTTPS. A behavior that allows both is served as if the viewer had
            # used HTTP.
            plain = behavior.viewer_protocol_policy == "allow-all"
            own.append(header(b"CloudFront-Forwarded-Proto", b"http" if plain else b"https"))
        return [each for each in own if each[0] not in self._custom_names] + self._custom

    def of(
        self, request: Request, stale: Stored | None = None
    ) -> tuple[Headers, dict[bytes, bytes]]:
        """The headers, and their values by their names in lower case. With `stale` they include
        that response's validators."""
        decisions = self._decisions
        headers: Headers = []
        rewritten = False
        for each in request.headers:
            decision = decisions.get(each[0]) or self._decide(each[0])
            if decision is _KEEP:
                headers.append(each)
            elif decision is _REWRITE:
                rewritten = True
        headers += self._constant
        if rewritten or request.websocket:
            headers += self._rewritten(request)
        else:
            headers += self._unrewritten
            headers.append(_forwarded_for(request.client))
        if b"host" not in request.fields and b"host" in self._kept_as_they_are:
            headers.append(self._own_host)  # an error page has no viewer's request
        if stale is not None:
            headers = [each for each in headers if each[0] not in _CONDITIONAL]
            headers += _validators(stale)
        fields = {lower: value for lower, value, _ in headers}
        if len(fields) != len(headers):
            fields = _joined(headers)
        return headers, fields

    def _decide(self, name: bytes) -> _Decision:
        """Decide about a viewer's header; remember the decision for a limited number of names."""
        decision = _DROP
        if name in self._custom_names or name in HOP_BY_HOP:
            pass
        elif name in _REWRITTEN:
            decision = _KEEP if name in self._kept_as_they_are else _REWRITE
        elif name in _WEBSOCKET and not self.takes(name):
            decision = _REWRITE
        elif name in _OWN or name.startswith((b"x-edge-", b"cloudfront-")):
            pass  # only CloudFront itself sets these
        elif name in FORWARDED_ALWAYS or self.takes(name):
            decision = _KEEP
        if len(self._decisions) < _REMEMBERED:
            self._decisions[name] = decision
        return decision

    def _rewritten(self, request: Request) -> Headers:
        """The viewer's headers that CloudFront changes, or passes on under conditions."""
        fields = request.fields
        given = fields.get(b"x-forwarded-for")
        client = given + b", " + request.client if given else request.client
        via = fields.get(b"via")
        headers: Headers = [
            header(b"X-Forwarded-For", client),
            header(b"Via", via + b", " + self.via[1]) if via else self.via,
        ]
        kept = self._kept_as_they_are
        cookie = fields.get(b"cookie")
        if cookie and b"cookie" not in kept and not self.no_cookies:
            cookie = filter_cookies(cookie, self._takes_cookie)
            if cookie:
                headers.append(header(b"Cookie", cookie))
        if b"accept-encoding" in fields and b"accept-encoding" not in kept:
            given = fields[b"accept-encoding"]
            policy = self._policy
            encoding = accepted_encoding(given, gzip=policy.gzip, brotli=policy.brotli)
            if encoding and request.version != b"1.0":
                headers.append(header(b"Accept-Encoding", encoding))
        authorization = fields.get(b"authorization")
        if authorization and b"authorization" not in kept and request.method in _AUTHORIZED:
            headers.append(header(b"Authorization", authorization))
        if request.websocket:
            headers += [
                each
                for each in request.headers
                if each[0] in _WEBSOCKET and not self.takes(each[0])
            ]
        return [each for each in headers if each[0] not in self._custom_names]


_CONDITIONAL = frozenset(
    {
        b"if-match", b"if-modified-since", b"if-none-match", b"if-range", b"if-unmodified-since",
        b"range",
    }
)  # fmt: skip


def _validators(stale: Stored) -> Headers:
    validators: Headers = []
    if stale.etag is not None:
        validators.append(header(b"If-None-Match", stale.etag))
    if stale.last_modified is not None:
        validators.append(header(b"If-Modified-Since", stale.last_modified))
    return validators


def _joined(headers: Headers) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for lower, value, _ in headers:
        fields[lower] = fields[lower] + b"," + value if lower in fields else value
    return fields

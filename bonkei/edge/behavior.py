"""A cache behavior, compiled: cache key, and the request to the origin.

"Request and response behavior for custom origins", "Control the cache key with a policy" and
"Control origin requests with a policy" (Amazon CloudFront Developer Guide).
"""

from __future__ import annotations

import itertools
import secrets
from base64 import urlsafe_b64encode
from enum import Enum
from functools import lru_cache

from bonkei.blueprint.distribution import Behavior, Distribution, Origin
from bonkei.edge.message import (
    HOP_BY_HOP,
    Header,
    HeaderBlock,
    Headers,
    Patience,
    Request,
    header,
)
from bonkei.edge.page import cloudfront_page
from bonkei.edge.pattern import matcher
from bonkei.edge.selection import (
    accepted_encoding,
    either,
    filter_cookies,
    filter_query,
    selects,
    takes_all,
    takes_none,
)
from bonkei.edge.stored import Key, Stored
from bonkei.edge.viewer_response import ViewerResponse

FORWARDED_ALWAYS = frozenset(
    {
        b"cache-control", b"content-encoding", b"content-language", b"content-md5",
        b"content-type", b"date", b"from", b"if-match", b"if-modified-since", b"if-none-match",
        b"if-range", b"if-unmodified-since", b"max-forwards", b"origin", b"pragma", b"range",
        b"request-range", b"warning",
    }
)  # fmt: skip
"""Headers that go to the origin whatever the policies say (the table "HTTP request headers and
CloudFront behavior")."""

_WEBSOCKET = frozenset(
    {
        b"sec-websocket-accept", b"sec-websocket-extensions", b"sec-websocket-key",
        b"sec-websocket-protocol", b"sec-websocket-version",
    }
)  # fmt: skip
_OWN = frozenset({b"content-length", b"expect", b"x-amz-cf-id", b"x-forwarded-proto", b"x-real-ip"})
"""Headers whose value from the viewer is dropped."""

_REWRITTEN = frozenset(
    {
        b"accept-encoding", b"authorization", b"cookie", b"host", b"user-agent", b"via",
        b"x-forwarded-for",
    }
)  # fmt: skip
ADDED_BY_CLOUDFRONT = frozenset({"cloudfront-forwarded-proto"})
"""The headers of CloudFront's own that it adds here where a policy names them."""

_AUTHORIZED = frozenset({b"DELETE", b"PATCH", b"POST", b"PUT"})
_REMEMBERED = 1024

_PREFIX = urlsafe_b64encode(secrets.token_bytes(30))
_COUNT = itertools.count(secrets.randbits(48))


def request_id() -> Header:
    """An X-Amz-Cf-Id: different for each request, opaque to the reader."""
    identity = b"%b%014x==" % (_PREFIX, next(_COUNT))
    return b"x-amz-cf-id", identity, b"X-Amz-Cf-Id: %b\r\n" % identity


@lru_cache(maxsize=1024)
def _forwarded_for(client: bytes) -> Header:
    return header(b"X-Forwarded-For", client)


class _Decision(Enum):
    """What becomes of a viewer's header on its way to the origin."""

    KEEP = 1
    DROP = 2
    REWRITE = 3


_KEEP, _DROP, _REWRITE = _Decision.KEEP, _Decision.DROP, _Decision.REWRITE


class CompiledBehavior:
    """What one cache behavior does with requests and responses."""

    def __init__(self, distribution: Distribution, behavior: Behavior, origin: Origin) -> None:
        pattern = behavior.path_pattern
        # "images/*.jpg" and "/images/*.jpg" are the same.
        self.matches = matcher(pattern if pattern[:1] in ("/", "*") else f"/{pattern}")
        self.pattern = pattern
        self.origin_id = behavior.origin_id
        self.policy = behavior.cache
        self.allowed = frozenset(method.encode() for method in behavior.allowed_methods)
        self.caches = behavior.cache.max_ttl > 0
        self.cached = frozenset(method.encode() for method in behavior.cached_methods)
        self.compress = behavior.compress and self.caches
        # On loopback everything is plain HTTP. A behavior that insists on HTTPS is served as if
        # the viewer had come by HTTPS; one that allows all, as if by HTTP.
        self.protocol = b"http" if behavior.viewer_protocol_policy == "allow-all" else b"https"
        self._origin_path = origin.path.encode()
        self._patience = Patience(
            origin.read_timeout,
            cloudfront_page(504, "CloudFront attempted to establish a connection with the origin, "
                            "but either the attempt failed or the origin closed the connection."),
        )  # fmt: skip
        self._compile_request(distribution, behavior, origin)
        self.viewer = ViewerResponse(
            behavior, self._via_header, self._takes_header, no_cookies=self._no_cookies
        )

    # The request to the origin, and the cache key.

    def _compile_request(
        self, distribution: Distribution, behavior: Behavior, origin: Origin
    ) -> None:
        cache, request = behavior.cache, behavior.origin_request
        own = request.headers if request else None
        self._takes_header = either(cache.headers, own, ignore_case=True)
        self._custom = [header(name.encode(), value.encode()) for name, value in origin.headers]
        self._custom_names = frozenset(name for name, _, _ in self._custom)
        self._decisions: dict[bytes, _Decision] = {}
        self._origin_host = origin.domain_name.encode()
        self._takes_host = self._takes_header(b"host")
        self._takes_user_agent = self._takes_header(b"user-agent")
        self._takes_authorization = self._takes_header(b"authorization")
        self._takes_encoding = self._takes_header(b"accept-encoding")
        self._via = b"1.1 %b (CloudFront)" % distribution.domain_name.encode()
        self._via_header = header(b"Via", self._via)
        queries = (cache.query_strings, request.query_strings if request else None)
        cookies = (cache.cookies, request.cookies if request else None)
        self._all_queries, self._no_queries = takes_all(*queries), takes_none(*queries)
        self._all_cookies, self._no_cookies = takes_all(*cookies), takes_none(*cookies)
        self._takes_query = either(*queries, ignore_case=False)
        self._takes_cookie = either(*cookies, ignore_case=False)
        self._key_headers = tuple(
            name.lower().encode()
            for name in (cache.headers.names if cache.headers.behavior == "whitelist" else ())
        )
        # The value of one header says nothing about another, which a new policy may name instead.
        self._key_names = b",".join(self._key_headers)
        self._key_query = selects(cache.query_strings)
        self._key_cookie = selects(cache.cookies)
        # "All viewer headers" are the viewer's: CloudFront's own are added only where named.
        named = own is None or own.behavior != "all"
        self._adds_protocol = named and self._takes_header(b"cloudfront-forwarded-proto")
        self._compile_own_headers()

    def encoding(self, request: Request) -> bytes:
        """The normalized Accept-Encoding; nothing for HTTP/1.0."""
        if request.version == b"1.0":
            return b""
        policy = self.policy
        given = request.fields.get(b"accept-encoding")
        return accepted_encoding(given, gzip=policy.gzip, brotli=policy.brotli)

    def key(self, request: Request) -> Key:
        """The cache key: path, and what the cache policy takes. GET and HEAD share it."""
        fields = request.fields
        method = b"OPTIONS" if request.method == b"OPTIONS" else b"GET"
        query = filter_query(request.query, self._key_query) if request.query else b""
        cookie = fields.get(b"cookie")
        cookies = filter_cookies(cookie, self._key_cookie) if cookie else b""
        headers = [fields.get(name, b"") for name in self._key_headers]
        encoding = self.encoding(request)
        return (method, request.path, query, cookies, encoding, self._key_names, *headers)

    def origin_request(self, request: Request, stale: Stored | None = None) -> Request:
        """The request as the origin gets it, but for X-Amz-Cf-Id; with the validators of what is
        to be refreshed."""
        path, target, query = self._origin_target(request)
        block = None
        if request.block is None or stale is not None:
            headers, fields = self._origin_headers(request, stale)
        else:
            block = self._derived(request, request.block)
            headers, fields = block.headers, block.fields.copy()
        origin = Request(
            request.method, target, path, query, b"1.1", headers, fields, request.client
        )
        origin.block = block
        origin.patience = self._patience
        if request.has_body:
            origin.length = request.length
            origin.chunked = request.chunked
            origin.has_body = True
            origin.body = request.body
        elif request.websocket:
            origin.websocket = True
        elif request.length is not None:
            origin.length = request.length
        return origin

    def _derived(self, request: Request, block: HeaderBlock) -> HeaderBlock:
        """The headers for the origin, which it knows for a block from this client."""
        key = (self, request.client, request.method)
        derived: HeaderBlock = block.derived.get(key) or block.keep(
            key, HeaderBlock(*self._origin_headers(request, None))
        )
        return derived

    def _origin_headers(
        self, request: Request, stale: Stored | None
    ) -> tuple[Headers, dict[bytes, bytes]]:
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
        if stale is not None:
            headers = [each for each in headers if each[0] not in _CONDITIONAL]
            headers += _validators(stale)
        fields = {lower: value for lower, value, _ in headers}
        if len(fields) != len(headers):
            fields = _joined(headers)
        return headers, fields

    def _origin_target(self, request: Request) -> tuple[bytes, bytes, bytes]:
        """Path, target and query as the origin gets them."""
        path = target = self._origin_path + request.path
        query = request.query
        if query:
            if not self._all_queries:
                query = b"" if self._no_queries else filter_query(query, self._takes_query)
            if query:
                target = b"%b?%b" % (path, query)
        return path, target, query

    def _decide(self, name: bytes) -> _Decision:
        """What to do with a viewer's header; remembered, but only for so many names."""
        decision = _DROP
        if name in self._custom_names or name in HOP_BY_HOP:
            pass
        elif name in _REWRITTEN:
            decision = _KEEP if name in self._kept_as_they_are else _REWRITE
        elif name in _WEBSOCKET and not self._takes_header(name):
            decision = _REWRITE
        elif name in _OWN or name.startswith((b"x-edge-", b"cloudfront-")):
            pass  # a viewer does not speak for CloudFront
        elif name in FORWARDED_ALWAYS or self._takes_header(name):
            decision = _KEEP
        if len(self._decisions) < _REMEMBERED:
            self._decisions[name] = decision
        return decision

    def _compile_own_headers(self) -> None:
        """Which of the headers that CloudFront sets are the viewer's after all, and those that are
        the same in each request."""
        kept = set()
        if self._takes_host:
            kept.add(b"host")
        if self._takes_user_agent:
            kept.add(b"user-agent")
        if self._takes_authorization:
            kept.add(b"authorization")
        if self._all_cookies:
            kept.add(b"cookie")
        if self._takes_encoding and not (self.policy.gzip or self.policy.brotli):
            kept.add(b"accept-encoding")
        self._kept_as_they_are = frozenset(kept)
        constant = [] if self._takes_host else [header(b"Host", self._origin_host)]
        if not self._takes_user_agent:
            constant.append(header(b"User-Agent", b"Amazon CloudFront"))
        if self._adds_protocol:
            constant.append(header(b"CloudFront-Forwarded-Proto", self.protocol))
        names = self._custom_names
        self._constant = [each for each in constant if each[0] not in names] + self._custom
        self._unrewritten = [] if b"via" in names else [self._via_header]

    def _rewritten(self, request: Request) -> Headers:
        """The headers of the viewer that CloudFront changes or passes on under conditions."""
        fields = request.fields
        given = fields.get(b"x-forwarded-for")
        client = given + b", " + request.client if given else request.client
        via = fields.get(b"via")
        headers: Headers = [
            header(b"X-Forwarded-For", client),
            header(b"Via", via + b", " + self._via) if via else self._via_header,
        ]
        kept = self._kept_as_they_are
        cookie = fields.get(b"cookie")
        if cookie and b"cookie" not in kept and not self._no_cookies:
            cookie = filter_cookies(cookie, self._takes_cookie)
            if cookie:
                headers.append(header(b"Cookie", cookie))
        if b"accept-encoding" in fields and b"accept-encoding" not in kept:
            encoding = self.encoding(request)
            if encoding:
                headers.append(header(b"Accept-Encoding", encoding))
        authorization = fields.get(b"authorization")
        if authorization and b"authorization" not in kept and request.method in _AUTHORIZED:
            headers.append(header(b"Authorization", authorization))
        if request.websocket:
            headers += [
                each
                for each in request.headers
                if each[0] in _WEBSOCKET and not self._takes_header(each[0])
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

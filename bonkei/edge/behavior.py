"""A cache behavior, compiled: cache key, request to the origin, response to the viewer.

"Request and response behavior for custom origins", "Control the cache key with a policy" and
"Control origin requests with a policy" (Amazon CloudFront Developer Guide).
"""

from __future__ import annotations

import random
from base64 import urlsafe_b64encode

from bonkei.blueprint.distribution import Behavior, Distribution, Origin
from bonkei.edge.cache import Key, Stored
from bonkei.edge.message import HOP_BY_HOP, Header, Headers, Patience, Request
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
_OWN = HOP_BY_HOP | {
    b"accept-encoding", b"authorization", b"content-length", b"cookie", b"expect", b"host",
    b"user-agent", b"via", b"x-amz-cf-id", b"x-forwarded-for", b"x-forwarded-proto", b"x-real-ip",
}  # fmt: skip
"""Headers that are not simply passed on or dropped."""

_ADDED_BY_CLOUDFRONT = {b"cloudfront-forwarded-proto", b"cloudfront-viewer-http-version"}
_AUTHORIZED = frozenset({b"DELETE", b"PATCH", b"POST", b"PUT"})
POP = b"BONKEI1-C1"
_REMEMBERED = 1024


def request_id() -> bytes:
    """An X-Amz-Cf-Id: opaque, and different for each request."""
    return urlsafe_b64encode(random.getrandbits(312).to_bytes(39, "big"))


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
        self._compile_response(behavior)

    # The request to the origin, and the cache key.

    def _compile_request(
        self, distribution: Distribution, behavior: Behavior, origin: Origin
    ) -> None:
        cache, request = behavior.cache, behavior.origin_request
        own = request.headers if request else None
        self._takes_header = either(cache.headers, own, ignore_case=True)
        custom = [(name.lower().encode(), name.encode(), v.encode()) for name, v in origin.headers]
        self._custom: Headers = custom
        self._custom_names = frozenset(name for name, _, _ in custom)
        self._decisions: dict[bytes, bool] = {}
        self._origin_host = origin.domain_name.encode()
        self._takes_host = self._takes_header(b"host")
        self._takes_user_agent = self._takes_header(b"user-agent")
        self._takes_authorization = self._takes_header(b"authorization")
        self._takes_encoding = self._takes_header(b"accept-encoding")
        self._via = b"1.1 %b (CloudFront)" % distribution.domain_name.encode()
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
        self._key_query = selects(cache.query_strings)
        self._key_cookie = selects(cache.cookies)
        # "All viewer headers" are the viewer's: CloudFront's own are added only where named.
        named = own is None or own.behavior != "all"
        self._added = {name: named and self._takes_header(name) for name in _ADDED_BY_CLOUDFRONT}

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
        return (method, request.path, query, cookies, self.encoding(request), *headers)

    def origin_request(self, request: Request, stale: Stored | None = None) -> Request:
        """The request as the origin gets it; with the validators of what is to be refreshed."""
        headers: Headers = [
            (b"host", b"Host", self._host(request)),
            *[header for header in request.headers if self._passes(header[0], request)],
            *self._custom,
            *self._rewritten(request),
        ]
        if stale is not None:
            headers = [header for header in headers if header[0] not in _CONDITIONAL]
            headers += _validators(stale)
        fields = {lower: value for lower, _, value in headers}
        if len(fields) != len(headers):
            fields = _joined(headers)
        target = self._origin_path + request.path
        query = request.query
        if query and not self._all_queries:
            query = b"" if self._no_queries else filter_query(query, self._takes_query)
        if query:
            target += b"?" + query
        return Request(
            request.method, target, self._origin_path + request.path, query, b"1.1", headers,
            fields, request.client, request.length, request.chunked, request.websocket,
            request.body, self._patience,
        )  # fmt: skip

    def _passes(self, name: bytes, request: Request) -> bool:
        """Whether a viewer's header is passed on as it is. The answer for a name is remembered."""
        decision = self._decisions.get(name)
        if decision is None:
            decision = self._decide(name)
            if len(self._decisions) < _REMEMBERED:
                self._decisions[name] = decision
        if decision or not request.websocket:
            return decision
        return name in _WEBSOCKET

    def _decide(self, name: bytes) -> bool:
        if name in _OWN or name in self._custom_names or name.startswith(b"x-edge-"):
            return False
        if name.startswith(b"cloudfront-"):
            return False  # a viewer does not speak for CloudFront
        return name in FORWARDED_ALWAYS or self._takes_header(name)

    def _host(self, request: Request) -> bytes:
        if self._takes_host:
            return request.fields.get(b"host", self._origin_host)
        return self._origin_host

    def _rewritten(self, request: Request) -> Headers:
        """The headers that CloudFront sets itself. An origin custom header wins over them."""
        fields = request.fields
        given = fields.get(b"x-forwarded-for")
        client = given + b", " + request.client if given else request.client
        agent = fields.get(b"user-agent") if self._takes_user_agent else b"Amazon CloudFront"
        via = fields.get(b"via")
        headers: Headers = [
            (b"x-forwarded-for", b"X-Forwarded-For", client),
            (b"via", b"Via", via + b", " + self._via if via else self._via),
            (b"x-amz-cf-id", b"X-Amz-Cf-Id", request_id()),
        ]
        if agent is not None:
            headers.append((b"user-agent", b"User-Agent", agent))
        if (cookie := fields.get(b"cookie")) and not self._no_cookies:
            if not self._all_cookies:
                cookie = filter_cookies(cookie, self._takes_cookie)
            if cookie:
                headers.append((b"cookie", b"Cookie", cookie))
        headers += self._encoding_header(request)
        authorization = fields.get(b"authorization")
        if authorization and (self._takes_authorization or request.method in _AUTHORIZED):
            headers.append((b"authorization", b"Authorization", authorization))
        if self._added[b"cloudfront-forwarded-proto"]:
            headers.append(
                (b"cloudfront-forwarded-proto", b"CloudFront-Forwarded-Proto", self.protocol)
            )
        if self._added[b"cloudfront-viewer-http-version"]:
            name = b"CloudFront-Viewer-Http-Version"
            headers.append((name.lower(), name, request.version))
        if self._custom_names:
            headers = [header for header in headers if header[0] not in self._custom_names]
        return headers

    def _encoding_header(self, request: Request) -> Headers:
        given = request.fields.get(b"accept-encoding")
        if given is None:
            return []
        if self.policy.gzip or self.policy.brotli:
            given = self.encoding(request)
        elif not self._takes_encoding:
            return []
        return [(b"accept-encoding", b"Accept-Encoding", given)] if given else []

    # The response to the viewer.

    def _compile_response(self, behavior: Behavior) -> None:
        removed = {name.lower().encode() for name in behavior.removed_headers}
        overridden = {h.name.lower().encode() for h in behavior.response_headers if h.override}
        dropped = removed | overridden | {b"x-cache", b"x-amz-cf-pop", b"x-amz-cf-id", b"via"}
        if self._no_cookies:
            dropped.add(b"set-cookie")
        self._dropped = frozenset(dropped)
        self._defaults: tuple[Header, ...] = tuple(
            (h.name.lower().encode(), h.name.encode(), h.value.encode())
            for h in behavior.response_headers
            if not h.override
        )
        self._tail: tuple[Header, ...] = (
            *(
                (h.name.lower().encode(), h.name.encode(), h.value.encode())
                for h in behavior.response_headers
                if h.override
            ),
            (b"via", b"Via", self._via),
            (b"x-amz-cf-pop", b"X-Amz-Cf-Pop", POP),
        )

    def viewer_headers(self, headers: Headers, x_cache: bytes) -> Headers:
        """A response's headers for the viewer: the response headers policy, what CloudFront takes
        out and what it adds."""
        dropped = self._dropped
        kept = [
            self._vary(header) if header[0] == b"vary" else header
            for header in headers
            if header[0] not in dropped
        ]
        if self._defaults:
            present = {lower for lower, _, _ in kept}
            kept += [header for header in self._defaults if header[0] not in present]
        kept += self._tail
        kept.append((b"x-cache", b"X-Cache", x_cache))
        kept.append((b"x-amz-cf-id", b"X-Amz-Cf-Id", request_id()))
        return [header for header in kept if header[2]] if self._empty(kept) else kept

    @staticmethod
    def _empty(headers: Headers) -> bool:
        return any(lower == b"vary" and not value for lower, _, value in headers)

    def _vary(self, header: Header) -> Header:
        """Vary keeps Accept-Encoding, Cookie and the headers that go to the origin ("HTTP response
        headers that CloudFront removes or replaces")."""
        names = [name.strip() for name in header[2].split(b",")]
        kept = [
            name
            for name in names
            if name.lower() in (b"accept-encoding", b"cookie", b"*")
            or self._takes_header(name.lower())
        ]
        return header[0], header[1], b", ".join(kept)


_CONDITIONAL = frozenset(
    {
        b"if-match", b"if-modified-since", b"if-none-match", b"if-range", b"if-unmodified-since",
        b"range",
    }
)  # fmt: skip


def _validators(stale: Stored) -> Headers:
    validators: Headers = []
    if stale.etag is not None:
        validators.append((b"if-none-match", b"If-None-Match", stale.etag))
    if stale.last_modified is not None:
        validators.append((b"if-modified-since", b"If-Modified-Since", stale.last_modified))
    return validators


def _joined(headers: Headers) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for lower, _, value in headers:
        fields[lower] = fields[lower] + b"," + value if lower in fields else value
    return fields

"""A cache behavior, compiled: the requests that it matches, their cache key, and their requests to
the origin ("Request and response behavior for custom origins", Amazon CloudFront Developer Guide).
"""

from __future__ import annotations

from bonkei.blueprint.cloudfront import Behavior, CachePolicy, Distribution, Origin
from bonkei.services.edge.cloudfront.origin_headers import OriginHeaders
from bonkei.services.edge.cloudfront.selection import (
    accepted_encoding,
    either,
    filter_cookies,
    filter_query,
    selects,
    takes_all,
    takes_none,
)
from bonkei.services.edge.cloudfront.stored import Key, Stored
from bonkei.services.edge.cloudfront.viewer_response import ViewerResponse
from bonkei.services.edge.http.message import Patience, Request
from bonkei.services.edge.http.page import cloudfront_page
from bonkei.services.edge.http.pattern import matcher


class CompiledBehavior:
    """The handling of requests and responses by one cache behavior."""

    def __init__(self, distribution: Distribution, behavior: Behavior, origin: Origin) -> None:
        cache, request = behavior.cache, behavior.origin_request
        pattern = behavior.path_pattern
        # "images/*.jpg" and "/images/*.jpg" are the same.
        self.matches = matcher(pattern if pattern[:1] in ("/", "*") else f"/{pattern}")
        self.pattern = pattern
        self.definition, self.origin = behavior, origin
        self.origin_id = behavior.origin_id
        self.policy = cache
        self.allowed = frozenset(method.encode() for method in behavior.allowed_methods)
        self.caches = cache.max_ttl > 0
        self.cached = frozenset(method.encode() for method in behavior.cached_methods)
        self.compress = behavior.compress and self.caches
        self.key = CacheKey(cache)
        self._headers = OriginHeaders(distribution, behavior, origin)
        self.viewer = ViewerResponse(
            behavior, self._headers.via, self._headers.takes, no_cookies=self._headers.no_cookies
        )
        queries = (cache.query_strings, request.query_strings if request else None)
        self._all_queries, self._no_queries = takes_all(*queries), takes_none(*queries)
        self._takes_query = either(*queries, ignore_case=False)
        self._origin_path = origin.path.encode()
        self._patience = Patience(
            origin.read_timeout,
            cloudfront_page(504, "CloudFront attempted to establish a connection with the origin, "
                            "but either the attempt failed or the origin closed the connection."),
        )  # fmt: skip

    def origin_request(self, request: Request, stale: Stored | None = None) -> Request:
        """The request for the origin, without X-Amz-Cf-Id. With `stale` it carries that response's
        validators."""
        path, target, query = self._origin_target(request)
        headers, fields = self._headers.of(request, stale)
        origin = Request(
            request.method, target, path, query, b"1.1", headers, fields, request.client
        )
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


class CacheKey:
    """Computes the cache keys of one cache policy ("Control the cache key with a policy", Amazon
    CloudFront Developer Guide)."""

    def __init__(self, policy: CachePolicy) -> None:
        names = policy.headers.names if policy.headers.behavior == "whitelist" else ()
        self._policy = policy
        self.headers = tuple(name.lower().encode() for name in names)
        # A part of each key: a new policy may name another header, with the same values.
        self._names = b",".join(self.headers)
        self._query = selects(policy.query_strings)
        self._cookie = selects(policy.cookies)

    def encoding(self, request: Request) -> bytes:
        """The normalized Accept-Encoding; nothing for HTTP/1.0."""
        if request.version == b"1.0":
            return b""
        policy = self._policy
        given = request.fields.get(b"accept-encoding")
        return accepted_encoding(given, gzip=policy.gzip, brotli=policy.brotli)

    def of(self, request: Request) -> Key:
        """The cache key: path, and the parts that the policy selects. GET and HEAD share it."""
        fields = request.fields
        method = b"OPTIONS" if request.method == b"OPTIONS" else b"GET"
        query = filter_query(request.query, self._query) if request.query else b""
        cookie = fields.get(b"cookie")
        cookies = filter_cookies(cookie, self._cookie) if cookie else b""
        headers = [fields.get(name, b"") for name in self.headers]
        encoding = self.encoding(request)
        return (method, request.path, query, cookies, encoding, self._names, *headers)

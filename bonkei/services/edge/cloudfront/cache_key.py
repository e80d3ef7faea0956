"""The cache key: the parts of a request that a cache policy takes ("Control the cache key with a
policy", Amazon CloudFront Developer Guide)."""

from __future__ import annotations

from bonkei.blueprint.cloudfront import CachePolicy
from bonkei.services.edge.cloudfront.selection import (
    accepted_encoding,
    filter_cookies,
    filter_query,
    selects,
)
from bonkei.services.edge.cloudfront.stored import Key
from bonkei.services.edge.http.message import Request


class CacheKey:
    """Computes the cache keys of one cache policy."""

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

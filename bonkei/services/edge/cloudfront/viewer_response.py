"""A response on its way to the viewer, as a cache behavior changes its headers.

"Request and response behavior for custom origins" and "Understand response headers policies"
(Amazon CloudFront Developer Guide).
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from itertools import count

from bonkei.blueprint.cloudfront import Behavior
from bonkei.services.edge.http.message import Header, Headers, header, value_of

POP = b"BONKEI1-C1"

MISS = header(b"X-Cache", b"Miss from cloudfront")
HIT = header(b"X-Cache", b"Hit from cloudfront")
REFRESH = header(b"X-Cache", b"RefreshHit from cloudfront")
ERROR = header(b"X-Cache", b"Error from cloudfront")

_PREFIX = urlsafe_b64encode(secrets.token_bytes(30))
_NUMBERS = count(secrets.randbits(48))


def request_id() -> Header:
    """An X-Amz-Cf-Id: different for each request, opaque to the reader."""
    return header(b"X-Amz-Cf-Id", b"%b%014x==" % (_PREFIX, next(_NUMBERS)))


class ViewerResponse:
    """Changes a response's headers as the behavior's policy and CloudFront itself do.

    `takes_header`: whether a header goes to the origin. `no_cookies`: true if no cookie does.
    """

    def __init__(
        self,
        behavior: Behavior,
        via: Header,
        takes_header: Callable[[bytes], bool],
        *,
        no_cookies: bool,
    ) -> None:
        self._takes_header = takes_header
        removed = {name.lower().encode() for name in behavior.removed_headers}
        overridden = {h.name.lower().encode() for h in behavior.response_headers if h.override}
        dropped = removed | overridden
        # Vary is dropped here and added again, filtered.
        dropped |= {b"x-cache", b"x-amz-cf-pop", b"x-amz-cf-id", b"via", b"vary"}
        if no_cookies:
            dropped.add(b"set-cookie")
        self._dropped = frozenset(dropped)
        made = [
            (h.override, header(h.name.encode(), h.value.encode()))
            for h in behavior.response_headers
        ]
        self._defaults = [each for override, each in made if not override]
        pop = header(b"X-Amz-Cf-Pop", POP)
        self._tail = [each for override, each in made if override] + [via, pop]
        tail = b"".join([line for _, _, line in self._tail])
        self._miss, self._error = tail + MISS[2], tail + ERROR[2]
        self._keeps_vary = b"vary" not in removed | overridden

    def decorate(self, status: int, headers: Headers, identity: Header) -> Headers:
        """The headers of a response that comes straight from the origin."""
        return self.headers(headers, ERROR if status >= 400 else MISS, identity)

    def lines(self, status: int, headers: Headers) -> bytes:
        """The lines of what `decorate` returns, without the identity."""
        if not self._defaults:
            dropped = self._dropped
            kept = [line for lower, _, line in headers if lower not in dropped]
            if len(kept) == len(headers):
                kept.append(self._error if status >= 400 else self._miss)
                return b"".join(kept)
        return b"".join([line for _, _, line in self.decorate(status, headers, (b"", b"", b""))])

    def headers(self, headers: Headers, x_cache: Header, identity: Header) -> Headers:
        """A response's headers for the viewer, after the response headers policy and CloudFront's
        own changes. `identity` becomes X-Amz-Cf-Id."""
        dropped = self._dropped
        kept = [each for each in headers if each[0] not in dropped]
        if len(kept) != len(headers) and self._keeps_vary:
            vary = value_of(headers, b"vary")
            if vary is not None:
                kept += self._vary(vary)
        if self._defaults:
            present = {lower for lower, _, _ in kept}
            kept += [each for each in self._defaults if each[0] not in present]
        kept += self._tail
        kept.append(x_cache)
        kept.append(identity)
        return kept

    def _vary(self, value: bytes) -> Headers:
        """Vary keeps Accept-Encoding, Cookie and the headers that go to the origin ("HTTP response
        headers that CloudFront removes or replaces")."""
        names = [name.strip() for name in value.split(b",")]
        kept = [
            name
            for name in names
            if name.lower() in (b"accept-encoding", b"cookie", b"*")
            or self._takes_header(name.lower())
        ]
        return [header(b"Vary", b", ".join(kept))] if kept else []

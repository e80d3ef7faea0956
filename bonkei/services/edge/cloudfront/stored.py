"""A stored response: for the cache, or until a viewer has it."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.services.edge.cloudfront.freshness import Lifetime
from bonkei.services.edge.http.message import Headers, value_of

Key = tuple[bytes, ...]
"""A cache key: the parts of a request that the cache policy selects."""

_OVERHEAD = 512
_OF_THE_BODY = frozenset({b"content-encoding", b"etag", b"vary"})
"""Headers that a 304 must not change: the stored body may have been compressed since."""


@dataclass(slots=True)
class Stored:
    """A complete response. Times are of `since_boot`, in seconds.

    `retry_at`: after a failure, the origin is not asked again before this time. A stored response
    is replaced, not changed; only its times, and the headers of a 304, are updated.
    """

    status: int
    reason: bytes
    headers: Headers
    body: bytes
    stored_at: float
    lifetime: Lifetime
    age: int = 0  # the Age when it arrived
    retry_at: float = 0.0
    stands_for_error: bool = False  # a custom error page, whatever its status

    @property
    def etag(self) -> bytes | None:
        return value_of(self.headers, b"etag")

    @property
    def last_modified(self) -> bytes | None:
        return value_of(self.headers, b"last-modified")

    @property
    def error(self) -> bool:
        """Whether it is a cached error."""
        return self.status >= 400 or self.stands_for_error

    @property
    def size(self) -> int:
        """Its size in the cache, in bytes."""
        head = sum(len(line) for _, _, line in self.headers)
        return len(self.body) + head + _OVERHEAD

    def fresh(self, now: float) -> bool:
        """Whether it may be served without asking the origin."""
        return now < self.stored_at + self.lifetime.ttl or now < self.retry_at

    def usable_while_revalidating(self, now: float) -> bool:
        """Whether it may be served at once although it is stale."""
        over = now - self.stored_at - self.lifetime.ttl
        return not self.error and over < self.lifetime.while_revalidate

    def usable_in_place_of_an_error(self, now: float) -> bool:
        """Whether it may be served while the origin answers with a 5xx.

        CloudFront serves an expired object as long as the origin fails ("How CloudFront processes
        HTTP 4xx and 5xx status codes"), or for `stale-if-error` seconds if that is given.
        """
        if self.error:
            return False
        if self.lifetime.if_error is None:
            return True
        return now - self.stored_at - self.lifetime.ttl < self.lifetime.if_error

    def renew(self, headers: Headers, lifetime: Lifetime, now: float) -> None:
        """The origin answered 304: its headers replace those that are stored (RFC 9111, section
        4.3.4)."""
        names = {lower for lower, _, _ in headers} - _OF_THE_BODY
        kept = [each for each in self.headers if each[0] not in names]
        self.headers = kept + [each for each in headers if each[0] in names]
        self.lifetime = lifetime
        self.stored_at = now
        self.age = 0
        self.retry_at = 0.0


def to_store(
    status: int, reason: bytes, headers: Headers, body: bytes, lifetime: Lifetime, now: float
) -> Stored:
    """A response for the cache. Its Age continues from the Age that it came with."""
    age = value_of(headers, b"age") or b""
    kept = [each for each in headers if each[0] != b"age"]
    known = int(age) if age.isdigit() and len(age) < 12 else 0
    return Stored(status, reason, kept, body, now, lifetime, known)

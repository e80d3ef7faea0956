"""A stored response: for the cache, or until a viewer has it."""

from __future__ import annotations

from dataclasses import dataclass
from sys import getsizeof

from bonkei.services.edge.cloudfront.freshness import Lifetime, age_of
from bonkei.services.edge.http.message import Headers, value_of, weight

Key = tuple[bytes, ...]
"""A cache key: the parts of a request that the cache policy selects."""

_OVERHEAD = 768
"""Bytes of the objects around a key's and a response's texts."""
_OF_THE_BODY = frozenset({b"age", b"content-encoding", b"etag", b"vary"})
"""Headers that a 304 must not change: the stored body may have been compressed since, and the Age
is kept apart."""


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

    def size(self, key: Key) -> int:
        """The memory that it takes under this key, in bytes."""
        texts = sum(map(getsizeof, (self.reason, self.body, *key)))
        return texts + weight(self.headers) + _OVERHEAD

    def fresh(self, now: float) -> bool:
        """Whether it may be served without asking the origin."""
        return now < self.stored_at + self.lifetime.ttl or now < self.retry_at

    def usable_while_revalidating(self, now: float) -> bool:
        """Whether it may be served at once although it is stale."""
        over = now - self.stored_at - self.lifetime.ttl
        return not self.error and over < self.lifetime.while_revalidate

    def usable_in_place_of_an_error(self, now: float) -> bool:
        """Whether it may be served while the origin answers with a 5xx.

        CloudFront serves an expired object up to the maximum TTL ("How CloudFront processes HTTP
        4xx and 5xx status codes"), or for `stale-if-error` seconds if that is given.
        """
        over = now - self.stored_at - self.lifetime.ttl
        return not self.error and over < self.lifetime.if_error

    def renew(self, headers: Headers, now: float) -> None:
        """The origin answered 304: its headers replace those that are stored (RFC 9111, section
        4.3.4)."""
        names = {lower for lower, _, _ in headers} - _OF_THE_BODY
        kept = [each for each in self.headers if each[0] not in names]
        self.headers = kept + [each for each in headers if each[0] in names]
        self.stored_at = now
        self.age = age_of(headers)
        self.retry_at = 0.0


def to_store(
    status: int, reason: bytes, headers: Headers, body: bytes, lifetime: Lifetime, now: float
) -> Stored:
    """A response for the cache. Its Age continues from the Age that it came with."""
    kept = [each for each in headers if each[0] != b"age"]
    return Stored(status, reason, kept, body, now, lifetime, age_of(headers))

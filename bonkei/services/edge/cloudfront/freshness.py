"""The lifetime of a response in CloudFront's cache: pure decisions.

"Manage how long content stays in the cache (expiration)" and "How CloudFront processes HTTP 4xx and
5xx status codes from your origin" (Amazon CloudFront Developer Guide).
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from bonkei.blueprint.cloudfront import CachePolicy
from bonkei.services.edge.http.message import Headers, value_of

CACHED_STATUSES = frozenset({200, 203, 301, 302, 307, 308})
"""Successes and redirects that are cached. CloudFront caches 206 too; the miniature does not."""

ALWAYS_CACHED_ERRORS = frozenset({404, 410, 414, 500, 501, 502, 503, 504})
CACHED_IF_ASKED = frozenset({400, 403, 405, 412, 415})
"""Errors that are cached only with `max-age` or `s-maxage`."""

_NO_STORE_HEEDED = frozenset({404, 410, 414, 501})
_UNCACHEABLE = ("no-store", "no-cache", "private")


@dataclass(frozen=True, slots=True)
class Lifetime:
    """In seconds. A response is fresh for `ttl`. Then it is stale: for `while_revalidate` it is
    served while it is fetched again, for `if_error` in place of an error (None: no directive)."""

    ttl: float
    while_revalidate: float = 0.0
    if_error: float | None = None


def cache_control(headers: Headers) -> dict[str, str]:
    """The directives of every Cache-Control, names in lower case, values without quotes."""
    directives: dict[str, str] = {}
    for lower, value, _ in headers:
        if lower == b"cache-control":
            for part in value.decode("latin-1").split(","):
                name, _, argument = part.strip().partition("=")
                if name:
                    directives[name.lower()] = argument.strip().strip('"')
    return directives


def lifetime(policy: CachePolicy, headers: Headers, now: float) -> Lifetime | None:
    """The lifetime of a success or a redirect; None if it is not cached. `now` is a Unix time.

    With a minimum TTL above 0, `no-cache`, `no-store` and `private` do not prevent caching for that
    long; max-age, s-maxage and Expires are kept within minimum and maximum. Without any of them,
    the default TTL applies, or the minimum if that is longer.
    """
    if policy.max_ttl <= 0:
        return None
    directives = cache_control(headers)
    if any(name in directives for name in _UNCACHEABLE):
        return Lifetime(policy.min_ttl) if policy.min_ttl > 0 else None
    if value_of(headers, b"vary") == b"*" and policy.min_ttl <= 0:
        # CloudFront keeps it and asks the origin each time; the viewer sees no difference.
        return None
    asked = _asked(directives, headers, now)
    if asked is None:
        ttl = max(policy.default_ttl, policy.min_ttl)
    else:
        ttl = min(max(asked, policy.min_ttl), policy.max_ttl)
    return Lifetime(
        ttl,
        min(_seconds(directives.get("stale-while-revalidate")) or 0.0, policy.max_ttl),
        None
        if (if_error := _seconds(directives.get("stale-if-error"))) is None
        else min(if_error, policy.max_ttl),
    )


def error_lifetime(
    status: int, policy: CachePolicy, headers: Headers, minimum: float, now: float
) -> Lifetime | None:
    """The lifetime of an error, at least the error caching minimum TTL; None if it is not
    cached."""
    if policy.max_ttl <= 0:
        return None
    directives = cache_control(headers)
    asked = "max-age" in directives or "s-maxage" in directives
    if status in CACHED_IF_ASKED:
        if not asked:
            return None
    elif status not in ALWAYS_CACHED_ERRORS:
        return None
    if status in _NO_STORE_HEEDED and any(name in directives for name in _UNCACHEABLE):
        return None
    seconds = _asked(directives, headers, now) or 0.0
    return Lifetime(max(minimum, min(seconds, policy.max_ttl)))


def _asked(directives: dict[str, str], headers: Headers, now: float) -> float | None:
    for name in ("s-maxage", "max-age"):
        if (seconds := _seconds(directives.get(name))) is not None:
            return seconds
    expires = value_of(headers, b"expires")
    if expires is None:
        return None
    try:
        return max(0.0, parsedate_to_datetime(expires.decode("latin-1")).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0  # an invalid date means: expired (RFC 9111, section 5.3)


def _seconds(value: str | None) -> float | None:
    return float(value) if value is not None and value.isascii() and value.isdigit() else None

"""The lifetime of a response in CloudFront's cache: pure decisions.

"Manage how long content stays in the cache (expiration)" and "How CloudFront processes HTTP 4xx and
5xx status codes from your origin" (Amazon CloudFront Developer Guide). Where they are silent, such
as on Age and on malformed values, RFC 9111 decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bonkei.blueprint.cloudfront import CachePolicy
from bonkei.services.edge.http.message import Headers, value_of

CACHED_STATUSES = frozenset({200, 203, 301, 302, 307, 308})
"""Successes and redirects that are cached. CloudFront caches 206 too; the miniature does not."""

CACHED_IF_CONTROLLED = frozenset({307, 308})
"""Redirects that are cached only with a Cache-Control ("How CloudFront processes HTTP 3xx status
codes from your origin")."""

ALWAYS_CACHED_ERRORS = frozenset({404, 410, 414, 500, 501, 502, 503, 504})
CACHED_IF_ASKED = frozenset({400, 403, 405, 412, 415})
"""Errors that are cached only with `max-age` or `s-maxage`."""

_NO_STORE_HEEDED = frozenset({404, 410, 414, 501})
_UNCACHEABLE = ("no-store", "no-cache", "private")
_NEVER_STALE = ("must-revalidate", "proxy-revalidate")
_DIRECTIVE = re.compile(r'([^\s,="]+)[ \t]*(?:=[ \t]*("(?:[^"\\]|\\.)*"|[^\s,"]*))?')
_DATES = (
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d gmt", "%a, %d %b %Y %H:%M:%S gmt"),
    (r"\w{6,9}, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d gmt", "%A, %d-%b-%y %H:%M:%S gmt"),
    (r"\w{3} \w{3} [\d ]\d \d\d:\d\d:\d\d \d{4}", "%a %b %d %H:%M:%S %Y"),
)
"""The three forms of a date that RFC 9110, section 5.6.7, lets a recipient read."""
_OLDEST = 2**31
"""Seconds: what a larger Age counts as (RFC 9111, section 1.2.2)."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """In seconds. A response is fresh for `ttl`. Then it is stale: for `while_revalidate` it is
    served while it is fetched again, for `if_error` in place of an error."""

    ttl: float
    while_revalidate: float = 0.0
    if_error: float = 0.0


def cache_control(headers: Headers) -> dict[str, str]:
    """The directives of every Cache-Control, names in lower case, values without quotes. Of two
    values, the first counts (RFC 9111, section 4.2.1)."""
    directives: dict[str, str] = {}
    for lower, value, _ in headers:
        if lower == b"cache-control":
            for name, argument in _DIRECTIVE.findall(value.decode("latin-1")):
                directives.setdefault(name.lower(), argument.strip('"'))
    return directives


def age_of(headers: Headers) -> int:
    """The seconds since the response was made, as the origin says; 0 if it does not say. Of two
    values, the first counts (RFC 9111, section 5.1)."""
    first = (value_of(headers, b"age") or b"").partition(b",")[0].strip()
    return min(int(first[:12]), _OLDEST) if first.isdigit() else 0


def lifetime(policy: CachePolicy, headers: Headers, now: float, age: int) -> Lifetime | None:
    """The lifetime of a success or a redirect with this age; None if it is not cached. `now` is a
    Unix time.

    With a minimum TTL above 0, `no-cache`, `no-store` and `private` do not prevent caching for that
    long; max-age, s-maxage and Expires are kept within minimum and maximum. Without any of them,
    the default TTL applies, or the minimum if that is longer.

    A stale response is served in place of an error up to the maximum TTL, also with must-revalidate
    and s-maxage: CloudFront names stale-if-error=0 as the way "to avoid this behavior".
    """
    if policy.max_ttl <= 0:
        return None
    directives = cache_control(headers)
    if any(name in directives for name in _UNCACHEABLE):
        if policy.min_ttl <= 0:
            return None
        return Lifetime(policy.min_ttl, if_error=policy.max_ttl)
    if policy.min_ttl <= 0 and any(
        lower == b"vary" and b"*" in (each.strip() for each in value.split(b","))
        for lower, value, _ in headers
    ):
        # CloudFront keeps it and asks the origin each time; the viewer sees no difference.
        return None
    asked = _asked(directives, headers, now, age)
    if asked is None:
        ttl = max(policy.default_ttl, policy.min_ttl)
    else:
        ttl = min(max(asked, policy.min_ttl), policy.max_ttl)
    if_error = _seconds(directives.get("stale-if-error", ""))
    while_revalidate = _seconds(directives.get("stale-while-revalidate", "")) or 0.0
    if any(name in directives for name in _NEVER_STALE):
        while_revalidate = 0.0
    return Lifetime(
        ttl,
        min(while_revalidate, policy.max_ttl),
        policy.max_ttl if if_error is None else min(if_error, policy.max_ttl),
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
    seconds = _asked(directives, headers, now, age_of(headers)) or 0.0
    return Lifetime(max(minimum, min(seconds, policy.max_ttl)))


def _asked(directives: dict[str, str], headers: Headers, now: float, age: int) -> float | None:
    """The seconds that are left; None if the origin does not ask for a time. A malformed value
    means: stale (RFC 9111, sections 4.2.1 and 5.3)."""
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return max(0.0, (_seconds(directives[name]) or 0.0) - age)
    expires = value_of(headers, b"expires")
    if expires is None:
        return None
    end, made = _date(expires), _date(value_of(headers, b"date") or b"")
    if end is None:
        return 0.0
    # The origin's clock may be wrong: "until the date" at most, and no longer than it means.
    meant = end - made - age if made is not None else end - now - age
    return max(0.0, min(end - now, meant))


def _seconds(value: str) -> float | None:
    return float(value) if value.isascii() and value.isdigit() else None


def _date(value: bytes) -> float | None:
    """A date as a Unix time; None if it has none of the three forms."""
    text = value.decode("latin-1").strip().lower()
    for pattern, form in _DATES:
        if re.fullmatch(pattern, text, re.ASCII):
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
            except (ValueError, OverflowError):
                return None
    return None

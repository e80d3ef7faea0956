"""How long CloudFront keeps a response: the tables of "Manage how long content stays in the cache
(expiration)" and "How CloudFront processes HTTP 4xx and 5xx status codes from your origin"."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint.cloudfront import CachePolicy
from bonkei.services.edge.cloudfront.freshness import cache_control, error_lifetime, lifetime
from bonkei.services.edge.http.message import Headers, header

NOW = 1_800_000_000.0


def headers(**fields: str) -> Headers:
    return [header(k.replace("_", "-").encode(), v.encode()) for k, v in fields.items()]


def ttl(minimum: float, default: float, maximum: float, **fields: str) -> float | None:
    found = lifetime(CachePolicy("p", minimum, default, maximum), headers(**fields), NOW)
    return found.ttl if found else None


@pytest.mark.parametrize(
    ("policy", "control", "expected"),
    [
        # Minimum TTL of 0.
        ((0, 60, 100), "max-age=50", 50),
        ((0, 60, 100), "max-age=500", 100),
        ((0, 60, 100), "max-age=50, s-maxage=70", 70),
        ((0, 60, 100), "public", 60),
        ((0, 60, 100), "no-cache", None),
        ((0, 60, 100), "no-store", None),
        ((0, 60, 100), "private, max-age=50", None),
        ((0, 60, 100), "max-age=0", 0),
        # Minimum TTL greater than 0.
        ((10, 60, 100), "max-age=5", 10),
        ((10, 60, 100), "max-age=50", 50),
        ((10, 60, 100), "max-age=500", 100),
        ((10, 5, 100), "public", 10),
        ((10, 60, 100), "no-store", 10),
        # Caching disabled.
        ((0, 0, 0), "max-age=50", None),
    ],
)
def test_cache_control(
    policy: tuple[float, float, float], control: str, expected: float | None
) -> None:
    assert ttl(*policy, cache_control=control) == expected


def test_expires() -> None:
    def until(seconds: float) -> str:
        return formatdate(NOW + seconds, usegmt=True)

    assert ttl(0, 60, 100, expires=until(30)) == 30
    assert ttl(0, 60, 100, expires=until(300)) == 100
    assert ttl(0, 60, 100, expires=until(-5)) == 0
    assert ttl(0, 60, 100, expires="never") == 0
    # "If you specify values both for max-age and for Expires, CloudFront uses only max-age."
    assert ttl(0, 60, 100, expires=until(30), cache_control="max-age=7") == 7


def test_without_headers_the_default_ttl_applies() -> None:
    assert ttl(0, 60, 100) == 60


def test_stale_directives_are_bounded_by_the_maximum() -> None:
    control = "max-age=1, stale-while-revalidate=500, stale-if-error=50"
    found = lifetime(CachePolicy("p", 0, 60, 100), headers(cache_control=control), NOW)
    assert found is not None
    assert (found.while_revalidate, found.if_error) == (100, 50)


def test_vary_star_is_not_cached() -> None:
    assert ttl(0, 60, 100, vary="*") is None


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 200), st.integers(0, 10**6))
def test_max_age_never_leaves_the_bounds(low: int, default: int, span: int, age: int) -> None:
    found = ttl(low, default, low + span, cache_control=f"max-age={age}")
    assert found is not None
    assert low <= found <= low + span


@given(st.binary(max_size=60))
def test_any_cache_control_is_read(value: bytes) -> None:
    assert isinstance(cache_control([header(b"Cache-Control", value)]), dict)


@pytest.mark.parametrize(
    ("status", "control", "expected"),
    [
        (404, "", 10),
        (500, "", 10),
        (503, "max-age=30", 30),
        (503, "max-age=3", 10),
        (404, "max-age=500", 100),
        (404, "no-store", None),
        (503, "no-store", 10),  # ignored except for 404, 410, 414 and 501
        (403, "", None),
        (403, "max-age=20", 20),
        (400, "s-maxage=20", 20),
        (401, "max-age=20", None),
    ],
)
def test_errors(status: int, control: str, expected: float | None) -> None:
    policy = CachePolicy("p", 0, 60, 100)
    given_headers = headers(cache_control=control) if control else []
    found = error_lifetime(status, policy, given_headers, 10, NOW)
    assert (found.ttl if found else None) == expected

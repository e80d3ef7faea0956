"""CloudFront's managed policies. A distribution names one by its id; the ids are the same in every
account."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from bonkei.blueprint.cloudfront import (
    CachePolicy,
    OriginRequestPolicy,
    ResponseHeader,
    Selection,
)

# "Use managed response headers policies", SecurityHeadersPolicy:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
SECURITY_HEADERS = (
    ResponseHeader("Referrer-Policy", "strict-origin-when-cross-origin", override=False),
    ResponseHeader("Strict-Transport-Security", "max-age=31536000", override=False),
    ResponseHeader("X-Content-Type-Options", "nosniff", override=True),
    ResponseHeader("X-Frame-Options", "SAMEORIGIN", override=False),
    ResponseHeader("X-XSS-Protection", "1; mode=block", override=False),
)


@cache
def managed_policies() -> dict[str, list[dict[str, Any]]]:
    """The table as in its file, from a kind of policy to its policies."""
    data = Path(__file__).parents[1] / "data" / "cloudfront_managed_policies.toml"
    return tomllib.loads(data.read_text(encoding="utf-8"))


def managed_cache_policy(policy_id: str) -> CachePolicy | None:
    """The managed cache policy of an id."""
    found = _by_id("cache_policy", policy_id)
    if found is None:
        return None
    return CachePolicy(
        name=found["name"],
        min_ttl=found["min_ttl"],
        default_ttl=found["default_ttl"],
        max_ttl=found["max_ttl"],
        headers=_selection(found["headers"]),
        cookies=_selection(found["cookies"]),
        query_strings=_selection(found["query_strings"]),
        gzip=found["gzip"],
        brotli=found["brotli"],
    )


def managed_origin_request_policy(policy_id: str) -> OriginRequestPolicy | None:
    """The managed origin request policy of an id."""
    found = _by_id("origin_request_policy", policy_id)
    if found is None:
        return None
    return OriginRequestPolicy(
        name=found["name"],
        headers=_selection(found["headers"]),
        cookies=_selection(found["cookies"]),
        query_strings=_selection(found["query_strings"]),
    )


def managed_response_headers(policy_id: str) -> tuple[ResponseHeader, ...] | None:
    """The fixed headers of a managed response headers policy (CORS ones depend on the request)."""
    found = _by_id("response_headers_policy", policy_id)
    if found is None:
        return None
    return SECURITY_HEADERS if found["security"] else ()


def _by_id(kind: str, policy_id: str) -> dict[str, Any] | None:
    return next((p for p in managed_policies()[kind] if p["id"] == policy_id), None)


def _selection(table: dict[str, Any]) -> Selection:
    behavior = table["behavior"]
    if behavior.startswith("allViewer"):
        behavior = "all"
    return Selection(behavior, tuple(table.get("names", ())))

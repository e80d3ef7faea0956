"""The policies that CloudFront manages, as the provider's data sources show them.

Their names, ids and settings are the blueprint's (`cloudfront_managed_policies.toml`).
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bonkei.blueprint.cloudfront.managed_policies import managed_policies

_YEAR = 31536000

_SECURITY = [
    {
        "content_security_policy": [],
        "content_type_options": [{"override": True}],
        "frame_options": [{"frame_option": "SAMEORIGIN", "override": False}],
        "referrer_policy": [
            {"referrer_policy": "strict-origin-when-cross-origin", "override": False}
        ],
        "strict_transport_security": [
            {
                "access_control_max_age_sec": _YEAR,
                "include_subdomains": False,
                "override": False,
                "preload": False,
            }
        ],
        "xss_protection": [
            {"mode_block": True, "override": False, "protection": True, "report_uri": ""}
        ],
    }
]


def _cors(methods: tuple[str, ...], exposed: tuple[str, ...]) -> list[Any]:
    return [
        {
            "access_control_allow_credentials": False,
            "access_control_allow_headers": [{"items": ["*"]}],
            "access_control_allow_methods": [{"items": list(methods)}],
            "access_control_allow_origins": [{"items": ["*"]}],
            "access_control_expose_headers": [{"items": list(exposed)}] if exposed else [],
            "access_control_max_age_sec": 0,
            "origin_override": False,
        }
    ]


_SIMPLE = _cors(("GET", "HEAD"), ())
_PREFLIGHT = _cors(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"), ("*",))
_CORS = {"none": [], "simple": _SIMPLE, "preflight": _PREFLIGHT}


def _selections(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The blocks `cookies_config`, `headers_config` and `query_strings_config`."""
    found = {}
    for kind in ("cookie", "header", "query_string"):
        table = policy[f"{kind}s"]
        items = [{"items": table["names"]}] if "names" in table else []
        found[f"{kind}s_config"] = [{f"{kind}_behavior": table["behavior"], f"{kind}s": items}]
    return found


def _cache(policy: Mapping[str, Any]) -> dict[str, Any]:
    key = {
        **_selections(policy),
        "enable_accept_encoding_gzip": policy["gzip"],
        "enable_accept_encoding_brotli": policy["brotli"],
    }
    return {
        **{name: policy[name] for name in ("min_ttl", "default_ttl", "max_ttl")},
        "parameters_in_cache_key_and_forwarded_to_origin": [key],
    }


def _headers(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cors_config": _CORS[policy["cors"]],
        "security_headers_config": _SECURITY if policy["security"] else [],
        "custom_headers_config": [],
        "remove_headers_config": [],
        "server_timing_headers_config": [],
    }


Policies = Mapping[str, tuple[str, dict[str, Any]]]
"""Name -> id, settings."""


def _table(kind: str, settings: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Policies:
    policies = sorted(managed_policies()[kind], key=lambda one: one["name"])
    return {one["name"]: (one["id"], settings(one)) for one in policies}


CACHE_POLICIES = _table("cache_policy", _cache)
ORIGIN_REQUEST_POLICIES = _table("origin_request_policy", _selections)
RESPONSE_HEADERS_POLICIES = _table("response_headers_policy", _headers)

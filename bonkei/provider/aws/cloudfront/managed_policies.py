"""The policies that CloudFront manages: their published names, ids and settings.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_YEAR = 31536000
_DAY = 86400
_METHOD_OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


def _selection(kind: str, behavior: str, names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """`kind`: cookie, header or query_string."""
    inner = "query_strings" if kind == "query_string" else f"{kind}s"
    items = [{"items": list(names)}] if names else []
    return [{f"{kind}_behavior": behavior, inner: items}]


def _cache(
    ttl: tuple[int, int, int],
    headers: tuple[str, ...] = (),
    cookies: str = "none",
    query_strings: str = "none",
    *,
    query_names: tuple[str, ...] = (),
    compressed: tuple[bool, bool] = (True, True),
) -> dict[str, Any]:
    """`ttl`: least, default, most seconds. `compressed`: Gzip, Brotli."""
    low, default, high = ttl
    key = {
        "cookies_config": _selection("cookie", cookies),
        "headers_config": _selection("header", "whitelist" if headers else "none", headers),
        "query_strings_config": _selection("query_string", query_strings, query_names),
        "enable_accept_encoding_gzip": compressed[0],
        "enable_accept_encoding_brotli": compressed[1],
    }
    return {
        "min_ttl": low,
        "default_ttl": default,
        "max_ttl": high,
        "parameters_in_cache_key_and_forwarded_to_origin": [key],
    }


CACHE_POLICIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "Managed-Amplify": (
        "2e54312d-136d-493c-8eb9-b001f22f67d2",
        _cache((2, 2, 600), ("Authorization", "CloudFront-Viewer-Country", "Host"), "all", "all"),
    ),
    "Managed-CachingDisabled": (
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        _cache((0, 0, 0), compressed=(False, False)),
    ),
    "Managed-CachingOptimized": (
        "658327ea-f89d-4fab-a63d-7e88639e58f6",
        _cache((1, _DAY, _YEAR)),
    ),
    "Managed-CachingOptimizedForUncompressedObjects": (
        "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
        _cache((1, _DAY, _YEAR), compressed=(False, False)),
    ),
    "Managed-Elemental-MediaPackage": (
        "08627262-05a9-4f76-9ded-b50ca2e3a84f",
        _cache(
            (0, _DAY, _YEAR),
            ("Origin",),
            "none",
            "whitelist",
            query_names=("aws.manifestfilter", "end", "m", "start"),
            compressed=(True, False),
        ),
    ),
    "UseOriginCacheControlHeaders": (
        "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
        _cache((0, 0, _YEAR), ("Host", "Origin", *_METHOD_OVERRIDES), "all"),
    ),
    "UseOriginCacheControlHeaders-QueryStrings": (
        "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
        _cache((0, 0, _YEAR), ("Host", "Origin", *_METHOD_OVERRIDES), "all", "all"),
    ),
}

_CORS = ("Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method")
_CLOUDFRONT_HEADERS = (
    "CloudFront-Forwarded-Proto",
    "CloudFront-Is-Android-Viewer",
    "CloudFront-Is-Desktop-Viewer",
    "CloudFront-Is-IOS-Viewer",
    "CloudFront-Is-Mobile-Viewer",
    "CloudFront-Is-SmartTV-Viewer",
    "CloudFront-Is-Tablet-Viewer",
    "CloudFront-Viewer-Address",
    "CloudFront-Viewer-ASN",
    "CloudFront-Viewer-City",
    "CloudFront-Viewer-Country",
    "CloudFront-Viewer-Country-Name",
    "CloudFront-Viewer-Country-Region",
    "CloudFront-Viewer-Country-Region-Name",
    "CloudFront-Viewer-Http-Version",
    "CloudFront-Viewer-Latitude",
    "CloudFront-Viewer-Longitude",
    "CloudFront-Viewer-Metro-Code",
    "CloudFront-Viewer-Postal-Code",
    "CloudFront-Viewer-Time-Zone",
    "CloudFront-Viewer-TLS",
)


def _origin(
    header_behavior: str, headers: tuple[str, ...] = (), rest: str = "none", cookies: str = "none"
) -> dict[str, Any]:
    """`rest`: query strings."""
    return {
        "headers_config": _selection("header", header_behavior, headers),
        "cookies_config": _selection("cookie", cookies),
        "query_strings_config": _selection("query_string", rest),
    }


ORIGIN_REQUEST_POLICIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "Managed-AllViewer": (
        "216adef6-5c7f-47e4-b989-5492eafa07d3",
        _origin("allViewer", (), "all", "all"),
    ),
    "Managed-AllViewerAndCloudFrontHeaders-2022-06": (
        "33f36d7e-f396-46d9-90e0-52428a34d9dc",
        _origin("allViewerAndWhitelistCloudFront", _CLOUDFRONT_HEADERS, "all", "all"),
    ),
    "Managed-AllViewerExceptHostHeader": (
        "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        _origin("allExcept", ("Host",), "all", "all"),
    ),
    "Managed-CORS-CustomOrigin": (
        "59781a5b-3903-41f3-afcb-af62929ccde1",
        _origin("whitelist", ("Origin",)),
    ),
    "Managed-CORS-S3Origin": (
        "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
        _origin("whitelist", _CORS),
    ),
    "Managed-Elemental-MediaTailor-PersonalizedManifests": (
        "775133bc-15f2-49f9-abea-afb2e0bf67d2",
        _origin("whitelist", (*_CORS, "User-Agent", "X-Forwarded-For"), "all"),
    ),
    "Managed-HostHeaderOnly": (
        "bf0718e1-ba1e-49d1-88b1-f726733018ae",
        _origin("whitelist", ("Host",)),
    ),
    "Managed-UserAgentRefererHeaders": (
        "acba4595-bd28-49b8-b9fe-13317c0390fa",
        _origin("whitelist", ("User-Agent", "Referer")),
    ),
}

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


def _headers(cors: list[Any], security: list[Any]) -> dict[str, Any]:
    return {
        "cors_config": cors,
        "security_headers_config": security,
        "custom_headers_config": [],
        "remove_headers_config": [],
        "server_timing_headers_config": [],
    }


RESPONSE_HEADERS_POLICIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "Managed-CORS-and-SecurityHeadersPolicy": (
        "e61eb60c-9c35-4d20-a928-2b84e02af89c",
        _headers(_SIMPLE, _SECURITY),
    ),
    "Managed-CORS-With-Preflight": (
        "5cc3b908-e619-4b99-88e5-2cf7f45965bd",
        _headers(_PREFLIGHT, []),
    ),
    "Managed-CORS-with-preflight-and-SecurityHeadersPolicy": (
        "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
        _headers(_PREFLIGHT, _SECURITY),
    ),
    "Managed-SecurityHeadersPolicy": (
        "67f7725c-6f97-4210-82d7-5512b31e9d03",
        _headers([], _SECURITY),
    ),
    "Managed-SimpleCORS": (
        "60669652-455b-4ae9-85a4-c4c02393f86c",
        _headers(_SIMPLE, []),
    ),
}

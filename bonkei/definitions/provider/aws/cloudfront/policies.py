"""Amazon CloudFront: a stack's own cache, origin request and response headers policies.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.cloudfront.components import etag
from bonkei.definitions.provider.aws.shared.blocks import each, first
from bonkei.definitions.provider.aws.shared.checks import (
    Rule,
    at,
    between,
    length,
    matches,
    one_of,
)
from bonkei.definitions.provider.aws.shared.naming import Mint, Minting
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given

_NAME = (length(1, 128), matches(r"[a-zA-Z0-9_-]+", "letters, digits, - and _"))
_CACHE_KEY = "parameters_in_cache_key_and_forwarded_to_origin"
_METHODS = ("GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "ALL")

# "Headers that you can't remove / add" (Understand response headers policies).
_FIXED_HEADERS = {
    *("connection", "content-encoding", "content-length", "expect", "host", "keep-alive"),
    *("proxy-authenticate", "proxy-authorization", "proxy-connection", "trailer"),
    *("transfer-encoding", "upgrade", "via", "warning"),
}
_SECURITY_HEADERS = {
    *("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"),
    *("strict-transport-security", "x-xss-protection"),
}


def _minted(kind: str) -> Minting:
    def mint_policy(mint: Mint) -> Mapping[str, Value]:
        identifier = mint.uuid(kind)
        return {
            "id": identifier,
            "arn": mint.arn("cloudfront", f"{kind}/{identifier}", region=""),
            "etag": etag(mint),
        }

    return mint_policy


def _selection(block: str, kind: str) -> Rule:
    """A behavior such as `whitelist` needs names. Other behaviors take none."""
    behavior_name = f"{kind}_behavior"
    items_name = "query_strings" if kind == "query_string" else f"{kind}s"

    def rule(config: Object) -> Iterator[Problem]:
        outer = first(config.get(_CACHE_KEY)) if config.get(_CACHE_KEY) is not None else config
        chosen = first(outer.get(block))
        behavior, names = chosen.get(behavior_name), first(chosen.get(items_name)).get("items")
        if not given(behavior):
            return
        place = (_CACHE_KEY, 0, block) if outer is not config else (block,)
        takes = behavior in ("whitelist", "allExcept", "allViewerAndWhitelistCloudFront")
        if takes and names in (None, []) and not _unsure(chosen.get(items_name)):
            detail = f'{behavior_name} = "{behavior}" needs a block {items_name} with items.'
            yield Problem((*place, 0, behavior_name), "Missing block", detail)
        if not takes and given(names) and names:
            detail = f'{behavior_name} = "{behavior}" takes no names.'
            yield Problem((*place, 0, items_name), "Conflicting arguments", detail)

    return rule


def _unsure(block: Value) -> bool:
    if block is None:
        return False
    return not isinstance(block, list | Mapping) or any(
        not given(inner.get("items")) and inner.get("items") is not None for inner in each(block)
    )


def _times(config: Object) -> Iterator[Problem]:
    low, default, high = (config.get(name) for name in ("min_ttl", "default_ttl", "max_ttl"))
    low = 0 if low is None else low
    default = 86400 if default is None else default
    high = 31536000 if high is None else high
    if given(low) and given(high) and low > high:
        detail = f"min_ttl ({low}) is above max_ttl ({high})."
        yield Problem(("min_ttl",), "Invalid times to live", detail)
    elif (
        given(default) and given(high) and default > high and config.get("default_ttl") is not None
    ):
        detail = f"default_ttl ({default}) is above max_ttl ({high})."
        yield Problem(("default_ttl",), "Invalid times to live", detail)


def _compression(config: Object) -> Iterator[Problem]:
    """A policy that caches nothing takes no parameters (InvalidArgument: parameters with TTL 0)."""
    if config.get("max_ttl") != 0:
        return
    key = first(config.get(_CACHE_KEY))
    for name in ("enable_accept_encoding_brotli", "enable_accept_encoding_gzip"):
        if given(key.get(name)) and key[name]:
            detail = f"With max_ttl = 0 nothing is cached, so {name} must be false."
            yield Problem((_CACHE_KEY, 0, name), "Conflicting arguments", detail)


def _custom_headers(config: Object) -> Iterator[Problem]:
    block = first(config.get("custom_headers_config"))
    for index, item in enumerate(each(block.get("items"))):
        name = item.get("header")
        path = ("custom_headers_config", 0, "items", index, "header")
        if not given(name):
            continue
        if str(name).lower() in _FIXED_HEADERS:
            yield Problem(path, "Invalid header", f'CloudFront cannot set "{name}".')
        if str(name).lower() in _SECURITY_HEADERS:
            detail = f'"{name}" is set in the block security_headers_config.'
            yield Problem(path, "Invalid header", detail)


def _has_settings(config: Object) -> Iterator[Problem]:
    names = (
        "cors_config",
        "custom_headers_config",
        "remove_headers_config",
        "security_headers_config",
        "server_timing_headers_config",
    )
    if all(config.get(name) in (None, []) for name in names):
        yield Problem((), "Missing block", f"One of {', '.join(names)} must be there.")


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudfront_cache_policy": resource(
        _minted("cache-policy"),
        at("name", *_NAME),
        at("comment", length(0, 128)),
        at("min_ttl", between(0)),
        at("default_ttl", between(0)),
        at("max_ttl", between(0)),
        _selection("cookies_config", "cookie"),
        _selection("headers_config", "header"),
        _selection("query_strings_config", "query_string"),
        _times,
        _compression,
        arguments={"min_ttl": 0},
        recomputed={"etag": "*"},
    ),
    "aws_cloudfront_origin_request_policy": resource(
        _minted("origin-request-policy"),
        at("name", *_NAME),
        at("comment", length(0, 128)),
        _selection("cookies_config", "cookie"),
        _selection("headers_config", "header"),
        _selection("query_strings_config", "query_string"),
        recomputed={"etag": "*"},
    ),
    "aws_cloudfront_response_headers_policy": resource(
        _minted("response-headers-policy"),
        at("name", *_NAME),
        at("comment", length(0, 128)),
        at("cors_config.access_control_allow_methods.items", one_of(*_METHODS)),
        at(
            "security_headers_config.strict_transport_security.access_control_max_age_sec",
            between(0),
        ),
        _custom_headers,
        _has_settings,
        recomputed={"etag": "*"},
    ),
}

"""The policies of a behavior: aws_cloudfront_cache_policy, aws_cloudfront_origin_request_policy,
aws_cloudfront_response_headers_policy, and the older arguments (`forwarded_values`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from bonkei.blueprint.cloudfront import (
    CachePolicy,
    OriginRequestPolicy,
    ResponseHeader,
    Selection,
    SelectionBehavior,
)
from bonkei.blueprint.cloudfront.managed_policies import (
    managed_cache_policy,
    managed_origin_request_policy,
    managed_response_headers,
)
from bonkei.blueprint.state import State
from bonkei.blueprint.state.block import Block

_BEHAVIORS: dict[str, SelectionBehavior] = {
    "none": "none",
    "whitelist": "whitelist",
    "allExcept": "allExcept",
    "all": "all",
    "allViewer": "all",
    "allViewerAndWhitelistCloudFront": "all",
}


def read_cache_policy(behavior: Block, state: State) -> CachePolicy:
    """Read the policy that a behavior names, from the state or from CloudFront's managed
    policies."""
    policy_id = behavior.text("cache_policy_id", "")
    if not policy_id:
        behavior.refuse(
            "cache_policy_id", "not set", remedy="set cache_policy_id or forwarded_values"
        )
    found = state.find(policy_id, "id", "aws_cloudfront_cache_policy")
    if found is None:
        managed = managed_cache_policy(policy_id)
        return managed or _unknown_policy(behavior, "cache_policy_id")
    parameters = found.required_block("parameters_in_cache_key_and_forwarded_to_origin")
    return found.read(
        CachePolicy,
        headers=_selection(parameters, "headers_config", "header_behavior", "headers"),
        cookies=_selection(parameters, "cookies_config", "cookie_behavior", "cookies"),
        query_strings=_selection(
            parameters, "query_strings_config", "query_string_behavior", "query_strings"
        ),
        gzip=parameters.flag("enable_accept_encoding_gzip"),
        brotli=parameters.flag("enable_accept_encoding_brotli"),
    )


def read_origin_request_policy(behavior: Block, state: State) -> OriginRequestPolicy | None:
    """The policy that a behavior names, if any."""
    policy_id = behavior.text("origin_request_policy_id", "")
    if not policy_id:
        return None
    found = state.find(policy_id, "id", "aws_cloudfront_origin_request_policy")
    if found is None:
        managed = managed_origin_request_policy(policy_id)
        return managed or _unknown_policy(behavior, "origin_request_policy_id")
    return OriginRequestPolicy(
        name=found.text("name"),
        headers=_selection(found, "headers_config", "header_behavior", "headers"),
        cookies=_selection(found, "cookies_config", "cookie_behavior", "cookies"),
        query_strings=_selection(
            found, "query_strings_config", "query_string_behavior", "query_strings"
        ),
    )


def read_forwarded_values(behavior: Block) -> tuple[CachePolicy, OriginRequestPolicy | None]:
    """The legacy cache settings. The forwarded parts form the cache key.

    If all headers are forwarded (`*`), nothing is cached: "Cache content based on request headers",
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/header-caching.html
    """
    values = behavior.required_block("forwarded_values")
    headers = tuple(sorted(values.texts("headers")))
    cookies, query_strings = _legacy_cookies(values), _legacy_query_strings(values)
    if "*" in headers:
        return (
            CachePolicy("forwarded_values", 0, 0, 0),
            OriginRequestPolicy("forwarded_values", Selection("all"), cookies, query_strings),
        )
    cache = behavior.read(
        CachePolicy,
        name="forwarded_values",
        headers=Selection("whitelist", headers) if headers else Selection("none"),
        cookies=cookies,
        query_strings=query_strings,
        gzip=behavior.flag("compress"),
    )
    return cache, None


def _legacy_cookies(values: Block) -> Selection:
    cookies = values.block("cookies")
    if cookies is None:
        return Selection("none")
    forward = cookies.choice("forward", ("none", "whitelist", "all"))
    return Selection(_BEHAVIORS[forward], tuple(sorted(cookies.texts("whitelisted_names"))))


def _legacy_query_strings(values: Block) -> Selection:
    keys = tuple(sorted(values.texts("query_string_cache_keys")))
    if not values.flag("query_string"):
        return Selection("none")
    return Selection("whitelist", keys) if keys else Selection("all")


def _selection(block: Block, config: str, behavior: str, items: str) -> Selection:
    found = block.block(config)
    if found is None:
        return Selection("none")
    chosen = found.choice(behavior, tuple(_BEHAVIORS), "none")
    listed = found.block(items)
    return Selection(_BEHAVIORS[chosen], tuple(sorted(listed.texts("items"))) if listed else ())


def _unknown_policy(behavior: Block, attribute: str) -> NoReturn:
    behavior.refuse(
        attribute,
        "neither a policy in the state nor one of CloudFront's managed policies",
        remedy="name the policy through a resource or a data source",
    )


def read_response_headers(
    behavior: Block, state: State
) -> tuple[tuple[ResponseHeader, ...], tuple[str, ...]]:
    """The headers that a behavior's policy sets, and the names of the headers that it removes.
    Headers that depend on the request (CORS) are not among them."""
    policy_id = behavior.text("response_headers_policy_id", "")
    if not policy_id:
        return (), ()
    found = state.find(policy_id, "id", "aws_cloudfront_response_headers_policy")
    if found is None:
        managed = managed_response_headers(policy_id)
        if managed is None:
            _unknown_policy(behavior, "response_headers_policy_id")
        return managed, ()
    headers = (*_security_headers(found), *_custom_headers(found))
    return tuple(sorted(headers, key=lambda header: header.name.lower())), _removed(found)


def _security_headers(policy: Block) -> Iterator[ResponseHeader]:
    """ "Understand response headers policies", security headers.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
    """
    config = policy.block("security_headers_config")
    if config is None:
        return
    if csp := config.block("content_security_policy"):
        value = csp.text("content_security_policy")
        yield ResponseHeader("Content-Security-Policy", value, csp.flag("override"))
    if options := config.block("content_type_options"):
        yield ResponseHeader("X-Content-Type-Options", "nosniff", options.flag("override"))
    if frame := config.block("frame_options"):
        yield ResponseHeader("X-Frame-Options", frame.text("frame_option"), frame.flag("override"))
    if referrer := config.block("referrer_policy"):
        value = referrer.text("referrer_policy")
        yield ResponseHeader("Referrer-Policy", value, referrer.flag("override"))
    if hsts := config.block("strict_transport_security"):
        value = _strict_transport_security(hsts)
        yield ResponseHeader("Strict-Transport-Security", value, hsts.flag("override"))
    if xss := config.block("xss_protection"):
        yield ResponseHeader("X-XSS-Protection", _xss_protection(xss), xss.flag("override"))


def _strict_transport_security(block: Block) -> str:
    value = f"max-age={block.integer('access_control_max_age_sec')}"
    if block.flag("include_subdomains"):
        value += "; includeSubDomains"
    if block.flag("preload"):
        value += "; preload"
    return value


def _xss_protection(block: Block) -> str:
    if not block.flag("protection"):
        return "0"
    if block.flag("mode_block"):
        return "1; mode=block"
    report = block.text("report_uri", "")
    return f"1; report={report}" if report else "1"


def _custom_headers(policy: Block) -> Iterator[ResponseHeader]:
    for config in policy.blocks("custom_headers_config"):
        for item in config.blocks("items"):
            yield ResponseHeader(item.text("header"), item.text("value"), item.flag("override"))


def _removed(policy: Block) -> tuple[str, ...]:
    return tuple(
        sorted(
            item.text("header")
            for config in policy.blocks("remove_headers_config")
            for item in config.blocks("items")
        )
    )

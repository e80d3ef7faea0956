"""aws_cloudfront_response_headers_policy: the headers that do not depend on the request."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.cloudfront import ResponseHeader
from bonkei.blueprint.cloudfront.managed_policies import managed_response_headers
from bonkei.blueprint.state import State
from bonkei.blueprint.state.block import Block


def read_response_headers(
    behavior: Block, state: State
) -> tuple[tuple[ResponseHeader, ...], tuple[str, ...]]:
    """The headers that a behavior's policy sets, and the names of the headers that it removes."""
    policy_id = behavior.text("response_headers_policy_id", "")
    if not policy_id:
        return (), ()
    found = state.find(policy_id, "id", "aws_cloudfront_response_headers_policy")
    if found is None:
        managed = managed_response_headers(policy_id)
        if managed is None:
            behavior.refuse(
                "response_headers_policy_id",
                "neither a policy in the state nor one of CloudFront's managed policies",
                remedy="name the policy through a resource or a data source",
            )
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

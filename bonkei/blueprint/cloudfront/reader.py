"""aws_cloudfront_distribution."""

from __future__ import annotations

import re
from typing import Literal, cast

from bonkei.blueprint.cloudfront import (
    Behavior,
    CustomErrorResponse,
    Distribution,
    Origin,
)
from bonkei.blueprint.cloudfront.policies import (
    read_cache_policy,
    read_forwarded_values,
    read_origin_request_policy,
    read_response_headers,
)
from bonkei.blueprint.coverage import Gaps
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.dns import names_of

_BUCKET = re.compile(r"(.+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com")
"""A bucket's name in its own domain, of a region or not."""
_VIEWER_POLICIES = ("allow-all", "https-only", "redirect-to-https")
_ORIGIN_POLICIES = ("http-only", "https-only", "match-viewer")


def read_distributions(state: State, gaps: Gaps) -> tuple[Distribution, ...]:
    """Read every distribution. Policies are looked up by id."""
    return tuple(
        _distribution(resource, state, gaps)
        for resource in state.managed("aws_cloudfront_distribution")
    )


def _distribution(block: Resource, state: State, gaps: Gaps) -> Distribution:
    origins = tuple(_origin(origin, state) for origin in block.blocks("origin"))
    targets = {origin.id: origin.id for origin in origins} | _first_members(block, gaps)
    ordered = block.blocks("ordered_cache_behavior")
    default = block.required_block("default_cache_behavior")
    return block.read(
        Distribution,
        enabled=block.flag("enabled", True),
        origins=origins,
        behaviors=(
            *(_behavior(item, item.text("path_pattern"), targets, state) for item in ordered),
            _behavior(default, "*", targets, state),
        ),
        aliases=tuple(sorted(block.texts("aliases"))),
        custom_error_responses=tuple(
            sorted(
                (_custom_error(item) for item in block.blocks("custom_error_response")),
                key=lambda response: response.error_code,
            )
        ),
        web_acl_arn=block.text("web_acl_id", ""),
        names=tuple(sorted(names_of(block.text("domain_name"), state))),
    )


def _first_members(block: Resource, gaps: Gaps) -> dict[str, str]:
    """Origin groups by id, each as its primary origin. Failover is noted as not simulated."""
    members: dict[str, str] = {}
    for group in block.blocks("origin_group"):
        found = group.blocks("member")
        if not found:
            group.refuse("member", "the block is missing")
        members[group.text("origin_id")] = found[0].text("origin_id")
        gaps.part(block, "origin_group", "no failover: the primary origin gets every request")
    return members


def _behavior(block: Block, pattern: str, targets: dict[str, str], state: State) -> Behavior:
    target = block.text("target_origin_id")
    if target not in targets:
        block.refuse("target_origin_id", "no origin of the distribution has this id")
    if block.has("forwarded_values"):
        cache, origin_request = read_forwarded_values(block)
    else:
        cache = read_cache_policy(block, state)
        origin_request = read_origin_request_policy(block, state)
    headers, removed = read_response_headers(block, state)
    return block.read(
        Behavior,
        path_pattern=pattern,
        origin_id=targets[target],
        viewer_protocol_policy=cast(
            Literal["allow-all", "https-only", "redirect-to-https"],
            block.choice("viewer_protocol_policy", _VIEWER_POLICIES),
        ),
        allowed_methods=tuple(sorted(block.texts("allowed_methods"))),
        cached_methods=tuple(sorted(block.texts("cached_methods"))),
        cache=cache,
        origin_request=origin_request,
        response_headers=headers,
        removed_headers=removed,
    )


def _origin(block: Block, state: State) -> Origin:
    custom = block.block("custom_origin_config")
    vpc = block.block("vpc_origin_config")
    # A VPC origin has its ports and protocol in a resource of its own.
    connection = custom or (_vpc_origin(vpc, state) if vpc else None)
    timeouts = custom or vpc or Block(block.address, {})
    connection = connection or Block(block.address, {})
    name = block.text("domain_name")
    wanted = block.text("origin_access_control_id", "")
    control = state.find(wanted, "id", "aws_cloudfront_origin_access_control")
    identity = block.block("s3_origin_config") or Block(block.address, {})
    return Origin(
        id=block.text("origin_id"),
        domain_name=name,
        path=block.text("origin_path", ""),
        headers=tuple(
            sorted((h.text("name"), h.text("value")) for h in block.blocks("custom_header"))
        ),
        protocol_policy=cast(
            Literal["http-only", "https-only", "match-viewer"],
            connection.choice("origin_protocol_policy", _ORIGIN_POLICIES, "http-only"),
        ),
        http_port=connection.integer("http_port", 80),
        https_port=connection.integer("https_port", 443),
        read_timeout=timeouts.number("origin_read_timeout", 30),
        keepalive_timeout=timeouts.number("origin_keepalive_timeout", 5),
        in_vpc=vpc is not None,
        bucket=found[1] if custom is None and (found := _BUCKET.match(name)) else "",
        is_signed=control is not None and control.text("signing_behavior", "always") != "never",
        access_identity=identity.text("origin_access_identity", "").rpartition("/")[2],
    )


def _vpc_origin(block: Block, state: State) -> Block | None:
    found = state.find(block.text("vpc_origin_id"), "id", "aws_cloudfront_vpc_origin")
    return found.block("vpc_origin_endpoint_config") if found else None


def _custom_error(block: Block) -> CustomErrorResponse:
    code = block.integer("response_code", 0)  # the provider writes 0 for none
    return block.read(
        CustomErrorResponse,
        response_code=code or None,
        response_page_path=block.text("response_page_path", "") or None,
    )

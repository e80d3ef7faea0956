"""The destinations of the request logs of CloudFront, load balancers and AWS WAF.

Read from the `access_logs` of aws_lb, the `logging_config` of aws_cloudfront_distribution, and
aws_wafv2_web_acl_logging_configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.blueprint.state import State
from bonkei.blueprint.state.block import Block


@dataclass(frozen=True, slots=True)
class AccessLog:
    """The access log of a load balancer or a distribution (its address and ARN), in a bucket."""

    source: str
    source_arn: str
    bucket: str
    prefix: str = ""
    cookies: bool = False


@dataclass(frozen=True, slots=True)
class WafLogFilter:
    """Keeps or drops a record (KEEP, DROP) if one (`MEETS_ANY`) or all (`MEETS_ALL`) of the
    conditions hold. A condition is an action or a label's name."""

    behavior: str
    requirement: str
    actions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WafLog:
    """The log of a web ACL, and the ARNs of its destinations. The first matching filter decides, or
    else `default_behavior`. `redacted` lists the parts single_header, uri_path, query_string and
    method, with a header's name."""

    address: str
    web_acl_arn: str
    destinations: tuple[str, ...]
    default_behavior: str = "KEEP"
    filters: tuple[WafLogFilter, ...] = ()
    redacted: tuple[tuple[str, str], ...] = ()


def read_access_logs(state: State) -> tuple[AccessLog, ...]:
    """The access logs of load balancers and distributions."""
    return tuple(_access_logs(state))


def _access_logs(state: State) -> Iterator[AccessLog]:
    for block in state.managed("aws_lb", "aws_alb"):
        logs = block.block("access_logs")
        if logs is not None and logs.flag("enabled"):
            prefix = logs.text("prefix", "")
            yield AccessLog(block.address, block.text("arn"), logs.text("bucket"), prefix)
    for block in state.managed("aws_cloudfront_distribution"):
        logs = block.block("logging_config")
        if logs is not None and logs.has("bucket"):
            bucket = logs.text("bucket").partition(".s3.")[0]
            yield AccessLog(
                block.address,
                block.text("arn"),
                bucket,
                logs.text("prefix", ""),
                logs.flag("include_cookies"),
            )


def read_connection_logs(state: State) -> tuple[AccessLog, ...]:
    """The connection logs of load balancers."""
    return tuple(
        AccessLog(block.address, block.text("arn"), logs.text("bucket"), logs.text("prefix", ""))
        for block in state.managed("aws_lb", "aws_alb")
        if (logs := block.block("connection_logs")) is not None and logs.flag("enabled")
    )


def read_waf_logs(state: State) -> tuple[WafLog, ...]:
    """The logs of web ACLs."""
    return tuple(
        WafLog(
            block.address,
            block.text("resource_arn"),
            block.texts("log_destination_configs"),
            *_filters(block.block("logging_filter")),
            tuple(_redacted(block)),
        )
        for block in state.managed("aws_wafv2_web_acl_logging_configuration")
    )


def _redacted(block: Block) -> Iterator[tuple[str, str]]:
    for each in block.blocks("redacted_fields"):
        for kind in ("method", "query_string", "uri_path"):
            if each.values.get(kind):
                yield kind, ""
        if (header := each.block("single_header")) is not None:
            yield "single_header", header.text("name").lower()


def _filters(block: Block | None) -> tuple[str, tuple[WafLogFilter, ...]]:
    if block is None:
        return "KEEP", ()
    return block.text("default_behavior"), tuple(_filter(each) for each in block.blocks("filter"))


def _filter(block: Block) -> WafLogFilter:
    conditions = block.blocks("condition")
    actions = (each.block("action_condition") for each in conditions)
    labels = (each.block("label_name_condition") for each in conditions)
    return WafLogFilter(
        block.text("behavior"),
        block.text("requirement"),
        tuple(each.text("action") for each in actions if each is not None),
        tuple(each.text("label_name") for each in labels if each is not None),
    )

"""CloudWatch Logs: log groups and their filters.

Read from aws_cloudwatch_log_group, and from the aws_cloudwatch_log_* resources of a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.blueprint.state import State
from bonkei.blueprint.state.tags import read_tags
from bonkei.blueprint.state.use import Use, uses_of


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group. `retention` is in days; 0 means forever. `writers` are the resources that name
    it as a destination. Containers are not among them: they name their groups in their log
    configuration or environment."""

    address: str
    arn: str
    name: str
    retention: int = 0
    kms_key_id: str = ""
    writers: tuple[Use, ...] = ()
    log_class: str = "STANDARD"
    deletion_protected: bool = False
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LogStream:
    """A declared stream. Writers create most other streams."""

    address: str
    log_group_name: str
    name: str


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """Each matching record adds `value` to the metric (a number, or a field such as `$.bytes`)."""

    address: str
    name: str
    log_group_name: str
    pattern: str
    namespace: str
    metric_name: str
    value: str
    default_value: float | None = None
    dimensions: tuple[tuple[str, str], ...] = ()
    unit: str = "None"


@dataclass(frozen=True, slots=True)
class QueryDefinition:
    """A saved query of Logs Insights. Without groups, it is for any."""

    address: str
    identifier: str
    name: str
    query: str
    log_group_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """Passes matching events to `destination_arn`: a function, a Kinesis or a Firehose stream."""

    address: str
    name: str
    log_group_name: str
    pattern: str
    destination_arn: str
    role_arn: str = ""
    distribution: str = "ByLogStream"


@dataclass(frozen=True, slots=True)
class LogResourcePolicy:
    """A policy that names the services that may write to log groups. `document` is JSON."""

    address: str
    name: str
    document: str


# These resources read the group, or define how it is kept.
_NOT_A_WRITER = ("aws_cloudwatch_", "aws_iam_", "aws_kms_", "random_", "terraform_data")


def read_log_groups(state: State) -> tuple[LogGroup, ...]:
    """Every log group."""
    return tuple(
        block.read(
            LogGroup,
            retention=block.integer("retention_in_days", 0),
            writers=uses_of(
                (block.text("name"), block.text("arn"), f"{block.text('arn')}:*"),
                state,
                not_by=_NOT_A_WRITER,
            ),
            log_class=block.text("log_group_class", "STANDARD"),
            deletion_protected=block.flag("deletion_protection_enabled"),
            tags=tuple(sorted(read_tags(block).items())),
        )
        for block in state.managed("aws_cloudwatch_log_group")
    )


def read_log_streams(state: State) -> tuple[LogStream, ...]:
    """Every declared stream."""
    return tuple(
        LogStream(block.address, block.text("log_group_name"), block.text("name"))
        for block in state.managed("aws_cloudwatch_log_stream")
    )


def read_subscription_filters(state: State) -> tuple[SubscriptionFilter, ...]:
    """Every subscription filter of a log group."""
    return tuple(
        block.read(SubscriptionFilter, pattern=block.text("filter_pattern", ""))
        for block in state.managed("aws_cloudwatch_log_subscription_filter")
    )


def read_log_resource_policies(state: State) -> tuple[LogResourcePolicy, ...]:
    """Every policy of the account that lets services write."""
    return tuple(
        LogResourcePolicy(
            block.address, block.text("policy_name", ""), block.text("policy_document")
        )
        for block in state.managed("aws_cloudwatch_log_resource_policy")
    )


def read_query_definitions(state: State) -> tuple[QueryDefinition, ...]:
    """Every saved query, in the order of names."""
    found = (
        QueryDefinition(
            block.address,
            block.text("query_definition_id"),
            block.text("name"),
            block.text("query_string"),
            block.texts("log_group_names"),
        )
        for block in state.managed("aws_cloudwatch_query_definition")
    )
    return tuple(sorted(found, key=lambda each: each.name))


def read_metric_filters(state: State) -> tuple[MetricFilter, ...]:
    """Every metric filter, once for each metric that it feeds."""
    return tuple(_metric_filters(state))


def _metric_filters(state: State) -> Iterator[MetricFilter]:
    for block in state.managed("aws_cloudwatch_log_metric_filter"):
        for metric in block.blocks("metric_transformation"):
            yield block.read(
                MetricFilter,
                pattern=block.text("pattern", ""),
                namespace=metric.text("namespace"),
                metric_name=metric.text("name"),
                value=metric.text("value"),
                default_value=(
                    metric.number("default_value") if metric.has("default_value") else None
                ),
                dimensions=metric.pairs("dimensions"),
                unit=metric.text("unit", "None"),
            )

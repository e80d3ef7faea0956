"""aws_cloudwatch_log_group and aws_cloudwatch_log_metric_filter."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.blueprint.log_group import LogGroup, MetricFilter
from bonkei.blueprint.state import State


def read_log_groups(state: State) -> tuple[LogGroup, ...]:
    """Every log group."""
    return tuple(
        LogGroup(
            address=block.address,
            arn=block.text("arn"),
            name=block.text("name"),
            retention=block.integer("retention_in_days", 0),
            kms_key_id=block.text("kms_key_id", ""),
        )
        for block in state.managed("aws_cloudwatch_log_group")
    )


def read_metric_filters(state: State) -> tuple[MetricFilter, ...]:
    """Every metric filter, once for each metric that it feeds."""
    return tuple(_metric_filters(state))


def _metric_filters(state: State) -> Iterator[MetricFilter]:
    for block in state.managed("aws_cloudwatch_log_metric_filter"):
        for metric in block.blocks("metric_transformation"):
            yield MetricFilter(
                address=block.address,
                name=block.text("name"),
                log_group_name=block.text("log_group_name"),
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

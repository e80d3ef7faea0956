"""aws_cloudwatch_metric_alarm and aws_cloudwatch_composite_alarm."""

from __future__ import annotations

from bonkei.blueprint.alarm import Alarm, CompositeAlarm, Metric, MetricQuery
from bonkei.blueprint.block import Block
from bonkei.blueprint.state import Resource, State


def read_alarms(state: State) -> tuple[Alarm, ...]:
    """Every metric alarm."""
    return tuple(_alarm(block) for block in state.managed("aws_cloudwatch_metric_alarm"))


def read_composite_alarms(state: State) -> tuple[CompositeAlarm, ...]:
    """Every composite alarm."""
    return tuple(
        CompositeAlarm(
            address=block.address,
            arn=block.text("arn"),
            name=block.text("alarm_name"),
            rule=block.text("alarm_rule"),
            alarm_actions=tuple(sorted(block.texts("alarm_actions"))),
            ok_actions=tuple(sorted(block.texts("ok_actions"))),
        )
        for block in state.managed("aws_cloudwatch_composite_alarm")
    )


def _alarm(block: Resource) -> Alarm:
    periods = block.integer("evaluation_periods")
    by_band = block.has("threshold_metric_id")
    return Alarm(
        address=block.address,
        arn=block.text("arn"),
        name=block.text("alarm_name"),
        comparison=block.text("comparison_operator"),
        threshold=None if by_band else block.number("threshold", 0),
        evaluation_periods=periods,
        datapoints_to_alarm=block.integer("datapoints_to_alarm", 0) or periods,
        metric=_metric(block) if block.has("metric_name") else None,
        queries=tuple(sorted(map(_query, block.blocks("metric_query")), key=lambda q: q.id)),
        treat_missing_data=block.text("treat_missing_data", "missing"),
        actions_enabled=block.flag("actions_enabled", True),
        alarm_actions=tuple(sorted(block.texts("alarm_actions"))),
        ok_actions=tuple(sorted(block.texts("ok_actions"))),
        insufficient_data_actions=tuple(sorted(block.texts("insufficient_data_actions"))),
        description=block.text("alarm_description", ""),
    )


def _query(block: Block) -> MetricQuery:
    metric = block.block("metric")
    return MetricQuery(
        id=block.text("id"),
        metric=_metric(metric) if metric else None,
        expression=block.text("expression", ""),
        label=block.text("label", ""),
        returns_data=block.flag("return_data"),
    )


def _metric(block: Block) -> Metric:
    """An alarm itself and a query's metric differ in the names of the statistic only."""
    statistics = ("statistic", "extended_statistic", "stat")
    return Metric(
        namespace=block.text("namespace", ""),
        name=block.text("metric_name"),
        dimensions=block.pairs("dimensions"),
        statistic=next((block.text(name) for name in statistics if block.has(name)), ""),
        period=block.integer("period", 60),
    )

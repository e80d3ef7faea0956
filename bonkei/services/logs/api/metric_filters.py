"""Describes the metric filters of the definitions, and tests patterns."""

from __future__ import annotations

from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.services.logs.api.desk import (
    Answer,
    Desk,
    Parameters,
    given,
    page,
    read_pattern,
)


def describe_metric_filters(desk: Desk, parameters: Parameters) -> Answer:
    group = parameters.get("logGroupName")
    if group is not None:
        desk.store.group(str(group))
    prefix = str(parameters.get("filterNamePrefix") or "")
    metric = (parameters.get("metricName"), parameters.get("metricNamespace"))
    found = [
        (f"{each.log_group_name} {each.name}", _described(each))
        for each in desk.metric_filters()
        if group in (None, each.log_group_name)
        and each.name.startswith(prefix)
        and metric in ((None, None), (each.metric_name, each.namespace))
    ]
    return page("metricFilters", found, parameters)


def _described(each: MetricFilter) -> Answer:
    return {
        "filterName": each.name,
        "logGroupName": each.log_group_name,
        "filterPattern": each.pattern,
        "metricTransformations": [
            given(
                metricName=each.metric_name,
                metricNamespace=each.namespace,
                metricValue=each.value,
                defaultValue=each.default_value,
                dimensions=dict(each.dimensions) or None,
                unit=each.unit,
            )
        ],
    }


def try_metric_filter(_desk: Desk, parameters: Parameters) -> Answer:
    pattern = read_pattern(str(parameters.get("filterPattern") or ""))
    found = [
        (number, message, match)
        for number, message in enumerate(map(str, parameters["logEventMessages"]), 1)
        if (match := pattern.find(message)) is not None
    ]
    return {
        "matches": [
            {
                "eventNumber": number,
                "eventMessage": message,
                "extractedValues": pattern.extract(match),
            }
            for number, message, match in found
        ]
    }

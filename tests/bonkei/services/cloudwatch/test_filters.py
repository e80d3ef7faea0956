"""Log events become metrics."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bonkei.base.events import LogEvent
from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.services.cloudwatch.filters import MetricFilters, embedded_metrics
from bonkei.services.cloudwatch.metric.model import metric_id

T = 1_800_000_000


def declared(pattern: str, value: str = "1", **more: object) -> MetricFilter:
    return MetricFilter("a", "f", "/group", pattern, "Logs", "Found", value, **more)  # type: ignore[arg-type]


def events(*messages: str) -> list[LogEvent]:
    return [LogEvent(T * 1000 + index, message) for index, message in enumerate(messages)]


def test_each_match_counts() -> None:
    filters = MetricFilters([declared("ERROR")])

    found = list(filters.read("/group", events("an ERROR", "fine", "ERROR again")))

    assert [(one.metric, one.values) for one in found] == [
        (metric_id("Logs", "Found"), ((1.0, 1.0),))
    ] * 2
    assert found[0].time == T
    assert not list(filters.read("/other", events("an ERROR")))


def test_a_value_and_dimensions_from_fields() -> None:
    one = declared(
        "{ $.latency = * }", "$.latency", dimensions=(("Path", "$.path"),), unit="Milliseconds"
    )
    messages = ['{"latency": 50, "path": "/"}', '{"latency": "x", "path": "/"}', '{"latency": 1}']

    found = list(MetricFilters([one]).read("/group", events(*messages)))

    assert [(one.metric.dimensions, one.values, one.unit) for one in found] == [
        ((("Path", "/"),), ((50.0, 1.0),), "Milliseconds")
    ]


def test_the_default_value_is_reported_for_a_minute_without_a_match() -> None:
    filters = MetricFilters([declared("ERROR", default_value=0.0)])

    list(filters.read("/group", events("fine")))
    assert [one.values for one in filters.defaults(T + 60)] == [((0.0, 1.0),)]
    assert not list(filters.defaults(T + 60))  # without any event, nothing is reported
    list(filters.read("/group", events("fine", "ERROR")))
    assert not list(filters.defaults(T + 60))
    list(filters.read("/group", events("ERROR", "fine")))
    assert not list(filters.defaults(T + 60))
    list(filters.read("/group", events("fine")))
    assert len(list(filters.defaults(T + 60))) == 1


def test_a_late_match_is_not_hidden_by_another_filter_of_its_metric() -> None:
    """A program and its one-off tasks have log groups of their own, and one alarm."""
    one = declared("ERROR", default_value=0.0)
    filters = MetricFilters([one, replace(one, log_group_name="/tasks")])
    list(filters.defaults(T + 1))

    assert len(list(filters.read("/group", events("ERROR")))) == 1
    later = [replace(event, timestamp=event.timestamp + 5000) for event in events("fine")]
    list(filters.read("/tasks", later))
    assert not list(filters.defaults(T + 61))
    list(filters.read("/tasks", later))
    assert len(list(filters.defaults(T + 121))) == 1


def test_a_pattern_that_aws_refuses_is_reported() -> None:
    filters = MetricFilters([declared("{ $.a = }"), declared("ERROR")])

    assert "a value is missing" in filters.broken["a"]
    assert len(list(filters.read("/group", events("ERROR")))) == 1


EMBEDDED = {
    "_aws": {
        "Timestamp": T * 1000,
        "CloudWatchMetrics": [
            {
                "Namespace": "lambda-function-metrics",
                "Dimensions": [["functionVersion"], []],
                "Metrics": [{"Name": "time", "Unit": "Milliseconds", "StorageResolution": 1}],
            }
        ],
    },
    "functionVersion": "$LATEST",
    "time": [100, 200],
}


def test_embedded_metrics_of_the_specification() -> None:
    found = list(embedded_metrics(json.dumps(EMBEDDED), T))

    assert [one.metric.dimensions for one in found] == [(("functionVersion", "$LATEST"),), ()]
    assert found[0].values == ((100.0, 1.0), (200.0, 1.0))
    assert (found[0].unit, found[0].resolution, found[0].time) == ("Milliseconds", 1, T)


def test_malformed_embedded_metrics_give_nothing() -> None:
    wrong = ["{", '{"_aws": 1}', '{"_aws": {"CloudWatchMetrics": [1, {"Namespace": "a"}]}}', "[]"]
    wrong.append(json.dumps(EMBEDDED | {"time": "no number"}))

    assert not [one for text in wrong for one in embedded_metrics(text, T)]


@pytest.mark.parametrize("moment", ["NaN", "Infinity", "1" + "0" * 400, "0", '"soon"', "[]"])
def test_a_metric_of_another_time_is_left_out(moment: str) -> None:
    """At most two weeks old, or two hours ahead."""
    text = json.dumps(EMBEDDED).replace(str(T * 1000), moment)
    assert not list(embedded_metrics(text, T))


@pytest.mark.parametrize("value", ["NaN", "-Infinity", '"inf"', "1" + "0" * 400, "true", "{}"])
def test_only_a_number_is_a_value(value: str) -> None:
    text = json.dumps(EMBEDDED | {"time": "HERE"}).replace('"HERE"', value)
    assert not list(embedded_metrics(text, T))
    filters = MetricFilters([declared("{ $.time = * }", "$.time")])
    assert not list(filters.read("/group", events(text)))


def test_a_number_in_quotation_marks_counts_for_metric_filters_only() -> None:
    """ "Target members": an embedded metric's are numbers."""
    text = json.dumps(EMBEDDED | {"time": "12"})
    assert not list(embedded_metrics(text, T))
    one = declared("{ $.time = * }", "$.time")
    assert [each.values for each in MetricFilters([one]).read("/group", events(text))] == [
        ((12.0, 1.0),)
    ]


@pytest.mark.parametrize("name", ["Metrics", "Dimensions"])
def test_a_directive_of_another_form_gives_nothing(name: str) -> None:
    known = json.dumps(EMBEDDED).replace(f'"{name}": ', f'"{name}": 1, "Other": ')
    assert not list(embedded_metrics(known, T))
    assert not list(embedded_metrics('{"_aws": ' + "[" * 100_000, T))

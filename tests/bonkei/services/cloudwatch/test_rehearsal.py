"""Values that raise an alarm, and values that end it."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.blueprint.cloudwatch import Alarm, Metric, MetricQuery
from bonkei.grammar.filter_pattern import parse
from bonkei.services.cloudwatch.alarm.evaluation import COMPARISONS
from bonkei.services.cloudwatch.alarm.points import identity
from bonkei.services.cloudwatch.rehearsal import record_for, values

METRIC = Metric("Own", "M", (), "Sum", 60)


def alarm(comparison: str, threshold: float, **more: Any) -> Alarm:
    settings: dict[str, Any] = {"metric": METRIC} | more
    return Alarm("a", "arn", "a", comparison, threshold, 1, 1, **settings)


@pytest.mark.parametrize("comparison", sorted(COMPARISONS))
@pytest.mark.parametrize("threshold", [1.0, 5.0, 80.0])
def test_values_on_both_sides_of_a_threshold(comparison: str, threshold: float) -> None:
    found = alarm(comparison, threshold)
    for bad in (True, False):
        chosen = values(found, bad=bad)

        assert chosen is not None
        ((value, count),) = chosen.values()
        assert COMPARISONS[comparison](value, threshold) is bad
        assert (value >= 0, count) == (True, 1.0)


def test_a_threshold_without_a_lower_value() -> None:
    assert values(alarm("LessThanThreshold", 0.0), bad=True) is None


def test_values_of_metric_math() -> None:
    free = Metric("AWS/RDS", "FreeableMemory", (), "Average", 60)
    queries = (
        MetricQuery("free", free),
        MetricQuery("e", expression="100 * (1 - free / 17179869184)", returns_data=True),
    )
    found = alarm("GreaterThanOrEqualToThreshold", 80.0, metric=None, queries=queries)
    bad, good = values(found, bad=True), values(found, bad=False)

    assert bad is not None
    assert good is not None
    assert 100 * (1 - bad[identity(free)][0] / 17179869184) >= 80
    assert 100 * (1 - good[identity(free)][0] / 17179869184) < 80


def test_percentiles_get_enough_samples() -> None:
    metric = Metric("AWS/ApplicationELB", "TargetResponseTime", (), "p99", 60)
    chosen = values(alarm("GreaterThanThreshold", 1.0, metric=metric), bad=True)

    assert chosen is not None
    assert chosen[identity(metric)] == (2.0, 2000.0)


@pytest.mark.parametrize(
    "pattern",
    [
        "ERROR",
        '"]:FATAL:"',
        "?ERROR ?WARN",
        "ERROR timeout -DEBUG",
        '{ $.level = "ERROR" }',
        "{ $.a.b >= 5 && ($.c IS NULL || $.d = *x*) && $.e NOT EXISTS }",
        "{ $.status != 200 }",
        "",
    ],
)
def test_a_record_that_a_pattern_matches(pattern: str) -> None:
    record = record_for(pattern)

    assert record is not None
    assert parse(pattern).matches(record)


@pytest.mark.parametrize("pattern", ["{ $.a = }", "{ $.a[0] = 1 }", "%[0-9]{9}%"])
def test_patterns_without_a_record(pattern: str) -> None:
    assert record_for(pattern) is None

"""Metric math.

"Using math expressions with CloudWatch metrics",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import pytest

from bonkei.blueprint.cloudwatch import Metric, MetricQuery
from bonkei.services.cloudwatch.math.evaluate import Evaluation, Window, check_queries
from bonkei.services.cloudwatch.math.expression import ExpressionError
from bonkei.services.cloudwatch.math.series import Series

TIMES = (0.0, 60.0, 120.0, 180.0)
DATA = {
    "m1": {0.0: 10.0, 60.0: 20.0, 180.0: 40.0},
    "m2": {0.0: 1.0, 60.0: 0.0, 120.0: 3.0, 180.0: 4.0},
    "errors": {},
}


def compute(expression: str) -> object:
    queries = [
        *(MetricQuery(name, Metric("Own", name, statistic="Sum")) for name in DATA),
        MetricQuery("e", expression=expression, returns_data=True),
    ]
    evaluation = Evaluation(
        queries, lambda metric: Series(DATA[metric.name], TIMES, 60), Window(TIMES, 60)
    )
    found = evaluation.value("e")
    return (
        [dict(one.points) for one in (found if isinstance(found, tuple) else [found])]
        if not (isinstance(found, float | str))
        else found
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3 ^ 2", 19.0),
        ("-(1 - 4) / 2", 1.5),
        ("m1 + m2", [{0: 11, 60: 20, 180: 44}]),
        ("m1 / m2", [{0: 10, 180: 10}]),  # a division by zero gives no data
        ("100 * m2", [{0: 100, 60: 0, 120: 300, 180: 400}]),
        ("m2 > 2", [{0: 0, 60: 0, 120: 1, 180: 1}]),
        ("m2 > 2 && m1 > 10", [{0: 0, 60: 0, 180: 1}]),
        ("m2 > 3 OR m1 < 15", [{0: 1, 60: 0, 180: 1}]),
        ("SUM(METRICS())", [{0: 11, 60: 20, 120: 3, 180: 44}]),
        ('METRICS("m")', [{0: 10, 60: 20, 180: 40}, {0: 1, 60: 0, 120: 3, 180: 4}]),
        ("MAX([m1, m2])", [{0: 10, 60: 20, 120: 3, 180: 40}]),
        ("SUM(m2)", 8.0),
        ("AVG(m2)", 2.0),
        ("m2 / MAX(m2) * 100", [{0: 25, 60: 0, 120: 75, 180: 100}]),
        ("FILL(m1, 0)", [{0: 10, 60: 20, 120: 0, 180: 40}]),
        ("FILL(m1, REPEAT)", [{0: 10, 60: 20, 120: 20, 180: 40}]),
        ("FILL(m1, LINEAR)", [{0: 10, 60: 20, 120: 30, 180: 40}]),
        ("FILL(errors, 0)", [{0: 0, 60: 0, 120: 0, 180: 0}]),
        ("IF(m2 > 2, m2, 0)", [{0: 0, 60: 0, 120: 3, 180: 4}]),
        ("IF(m2 > 2, m2)", [{120: 3, 180: 4}]),
        ("IF(SUM(m2) > 3, 1, 2)", 1.0),
        ("RATE(m2)", [{60: -1 / 60, 120: 3 / 60, 180: 1 / 60}]),
        ("DIFF(m1)", [{60: 10, 180: 20}]),
        ("DIFF_TIME(m1)", [{60: 60, 180: 120}]),
        ("RUNNING_SUM(m2)", [{0: 1, 60: 1, 120: 4, 180: 8}]),
        ("PERIOD(m1)", 60.0),
        ("m2 / PERIOD(m2) * 60", [{0: 1, 60: 0, 120: 3, 180: 4}]),
        ("METRIC_COUNT(REMOVE_EMPTY(METRICS()))", 2.0),
        ("DATAPOINT_COUNT(m1)", 3.0),
        ("ABS(0 - m2)", [{0: 1, 60: 0, 120: 3, 180: 4}]),
        ("CEIL(m2 / 2)", [{0: 1, 60: 0, 120: 2, 180: 2}]),
        ("LOG10(m1 * 10)", [{0: 2, 60: pytest.approx(2.30103), 180: pytest.approx(2.60206)}]),
        ("FIRST(SORT(METRICS(), SUM, DESC))", [{0: 10, 60: 20, 180: 40}]),
        ("SLICE(METRICS(), 1, 2)", [{0: 1, 60: 0, 120: 3, 180: 4}]),
        ("TIME_SERIES(7)", [{0: 7, 60: 7, 120: 7, 180: 7}]),
        ("MINUTE(m1)", [{0: 0, 60: 1, 120: 2, 180: 3}]),
        ("DAY(m1)", [{0: 4, 60: 4, 120: 4, 180: 4}]),  # 1970 began on a Thursday
    ],
)
def test_expressions(expression: str, expected: object) -> None:
    assert compute(expression) == expected


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("m1 +", "ends too early"),
        ("m1 m2", "character 4: an operator is missing"),
        ("m1 & m2", "character 4: `&` is not understood"),
        ("SUM(m1", r"a `\)` is missing"),
        ("NOTHING(m1)", "NOTHING is not a function"),
        ("sum(m1)", "written in capitals"),
        ("m9 + 1", "there is no query `m9`"),
        ("e + 1", "`e` needs itself"),
        ("FILL(m1)", "does not take these 1 arguments"),
        ("ANOMALY_DETECTION_BAND(m1, 2)", "ANOMALY_DETECTION_BAND is not simulated"),
        ("SEARCH('{AWS/ECS}', 'Sum')", "SEARCH is not simulated"),
        ("SELECT SUM(Sent) FROM \"Own\" WHERE Path = '/a'", "does not simulate Metrics Insights"),
        ("1 / 0", "divided by zero"),
        ("(" * 3, "ends too early"),
    ],
)
def test_a_mistake_is_reported(expression: str, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem):
        compute(expression)


def test_queries_are_checked_without_data() -> None:
    metric = MetricQuery("m", Metric("Own", "m", statistic="Sum"))
    check_queries([metric, MetricQuery("e", expression="100 * SUM([m]) / FILL(m, 0)")])
    with pytest.raises(ExpressionError):
        check_queries([metric, MetricQuery("e", expression="m +")])

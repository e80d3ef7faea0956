"""Amazon CloudWatch: alarms and dashboards.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import each, first
from bonkei.definitions.provider.aws.shared.checks import (
    Check,
    at,
    length,
    matches,
    unique,
    unsure,
)
from bonkei.definitions.provider.aws.shared.documents import parse
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import name_as_id
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import UNKNOWN, Object, Value, given

_COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)
_ANOMALY = _COMPARISONS[4:]
_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_ACTIONS = ("alarm_actions", "ok_actions", "insufficient_data_actions")
_STAT = r"(p|tm|tc|ts|wm)(\d{1,2}(\.\d{1,10})?|100)|(TM|TC|TS|WM|PR)\(.*\)|IQM"

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ID = re.compile(r"(?<![\w.])[a-z]\w*\b(?!\s*\()")


_alarm = name_as_id("cloudwatch", "alarm:", "alarm_name")


def _period(*shorter: int) -> Check:
    """As internal/service/cloudwatch/metric_alarm.go of the provider has it."""

    def check(value: Value) -> str | None:
        if value in shorter or (value > 0 and value % 60 == 0):
            return None
        listed = ", ".join(map(str, shorter))
        return f"A period is {listed} or a multiple of 60 seconds, not {value}."

    return check


def _one_subject(config: Object) -> Iterator[Problem]:
    """An alarm watches one metric, or an expression over several."""
    queries = config.get("metric_query")
    if queries in (None, []) and config.get("metric_name") is None:
        if config.get("evaluation_criteria") not in (None, []):
            return
        detail = 'Give "metric_name" with namespace, period and statistic, or metric_query blocks.'
        yield Problem((), "Missing argument", detail)
    if queries in (None, []):
        if config.get("metric_name") is not None:
            for name in ("namespace", "period"):
                if config.get(name) is None:
                    yield Problem(("metric_name",), "Missing argument", f'"{name}" is needed.')
            if config.get("statistic") is None and config.get("extended_statistic") is None:
                detail = 'Give "statistic" or "extended_statistic".'
                yield Problem(("metric_name",), "Missing argument", detail)
        return
    for name in ("metric_name", "namespace", "period", "statistic", "dimensions", "unit"):
        if given(config.get(name)) and config[name] not in ("", {}):
            detail = f'With metric_query blocks there is no "{name}" outside of them.'
            yield Problem((name,), "Conflicting arguments", detail)


def _queries(config: Object) -> Iterator[Problem]:
    queries = list(each(config.get("metric_query")))
    if not queries:
        return
    returned = [query.get("return_data") for query in queries]
    known = all(value is None or given(value) for value in returned)
    # An anomaly alarm returns the band beside the metric that is compared with it.
    most = 1 if config.get("threshold_metric_id") is None else 2
    if known and not unsure(config.get("metric_query")) and not 1 <= returned.count(True) <= most:
        detail = "Exactly one metric_query has return_data = true: the value that is compared."
        yield Problem(("metric_query",), "Invalid metric queries", detail)
    for index, query in enumerate(queries):
        metric, expression = query.get("metric"), query.get("expression")
        if metric is UNKNOWN or expression is UNKNOWN:
            continue
        if bool(first(metric)) == (expression not in (None, "")):
            detail = "A metric_query has an expression or a block metric."
            yield Problem(("metric_query", index), "Invalid metric query", detail)


def _expressions(config: Object) -> Iterator[Problem]:
    """An expression may only name the ids of the alarm's other queries.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    queries = list(each(config.get("metric_query")))
    ids: list[Value] = [query.get("id") for query in queries]
    if unsure(config.get("metric_query")) or not all(map(given, ids)):
        return
    for index, query in enumerate(queries):
        text = query.get("expression")
        if not given(text) or str(text).lstrip().upper().startswith("SELECT"):
            continue
        for name in _ID.findall(_QUOTED.sub("", str(text))):
            if name not in ids:
                detail = (
                    f'"{name}" is not a metric_query here; there are: {", ".join(map(str, ids))}.'
                )
                path = ("metric_query", index, "expression")
                yield Problem(path, "No such metric query", detail)


def _threshold(config: Object) -> Iterator[Problem]:
    if config.get("evaluation_criteria") not in (None, []):
        return
    comparison = config.get("comparison_operator")
    band = config.get("threshold_metric_id")
    if comparison is None or config.get("evaluation_periods") is None:
        detail = '"comparison_operator" and "evaluation_periods" must be given.'
        yield Problem((), "Missing argument", detail)
    if config.get("threshold") is None and band is None:
        yield Problem((), "Missing argument", 'Give "threshold" or "threshold_metric_id".')
    if given(comparison) and band is None and comparison in _ANOMALY:
        detail = f'"{comparison}" compares with an anomaly band: it needs threshold_metric_id.'
        yield Problem(("comparison_operator",), "Missing argument", detail)


def _points(config: Object) -> Iterator[Problem]:
    periods, points = config.get("evaluation_periods"), config.get("datapoints_to_alarm")
    if given(periods) and given(points) and float(points or 0) > float(periods or 0):
        detail = f"datapoints_to_alarm ({points}) is more than evaluation_periods ({periods})."
        yield Problem(("datapoints_to_alarm",), "Invalid number of data points", detail)
    period = config.get("period")
    if given(periods) and given(period):
        span, most = float(periods or 0) * float(period or 0), 86400
        most = 7 * 86400 if float(period or 0) >= 3600 else most
        if span > most:
            detail = f"{periods} periods of {period} s are more than a {most // 86400}-day span."
            yield Problem(("evaluation_periods",), "Too long an evaluation", detail)


def _dashboard(value: Value) -> str | None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"""
    document, wrong = parse(value)
    if wrong or not isinstance(document, dict):
        return wrong or "Expected a JSON object."
    widgets = document.get("widgets")
    if not isinstance(widgets, list):
        return 'Expected an object with a list "widgets".'
    kinds = ("metric", "text", "log", "alarm", "explorer", "custom")
    for index, widget in enumerate(widgets, start=1):
        if not isinstance(widget, dict) or widget.get("type") not in kinds:
            return f"Widget {index}: type must be one of {', '.join(kinds)}."
        if "properties" not in widget:
            return f"Widget {index}: properties are missing."
    return None


_AUTOMATE = re.compile(r"arn:[\w-]+:automate:[\w-]+:ec2:(reboot|recover|stop|terminate)")
"""validEC2AutomateARN of the provider's internal/service/cloudwatch."""


def _action(value: Value) -> str | None:
    return None if _AUTOMATE.fullmatch(value) else arn()(value)


_ALARM_ACTIONS = tuple(at(name, _action) for name in _ACTIONS)

RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cloudwatch_metric_alarm": resource(
        _alarm,
        at("extended_statistic", matches(_STAT, "a percentile or the like, such as p99")),
        at("period", _period(10, 20, 30)),
        at("namespace", matches(r"[^:].*", "a namespace that begins with no :")),
        at("metric_query.id", matches(r"[a-z][a-zA-Z0-9_]*", "an id that begins in lower case")),
        at("metric_query.metric.period", _period(1, 5, 10, 20, 30)),
        at("metric_query.period", _period(1, 5, 10, 20, 30)),
        at(
            "metric_query.metric.stat",
            matches(f"{'|'.join(_STATISTICS)}|{_STAT}", "a statistic"),
        ),
        unique("metric_query", "id", "metric query"),
        *_ALARM_ACTIONS,
        _one_subject,
        _queries,
        _expressions,
        _threshold,
        _points,
    ),
    "aws_cloudwatch_composite_alarm": resource(
        _alarm,
        at("alarm_name", length(1, 255)),
        at(
            "alarm_rule",
            matches(r"(?s).*\b(ALARM|OK|INSUFFICIENT_DATA|TRUE|FALSE)\b.*", "ALARM(…), OK(…) …"),
        ),
        *_ALARM_ACTIONS,
    ),
    "aws_cloudwatch_dashboard": resource(
        lambda mint: {
            "id": mint.given("dashboard_name"),
            "dashboard_arn": mint.arn(
                "cloudwatch", f"dashboard/{mint.given('dashboard_name')}", region=""
            ),
        },
        at("dashboard_name", length(1, 255), matches(r"[\w-]+", "letters, digits, - and _")),
        documents={"dashboard_body": _dashboard},
    ),
    "aws_cloudwatch_metric_stream": resource(
        lambda mint: {
            "id": mint.name(),
            "arn": mint.arn("cloudwatch", f"metric-stream/{mint.name()}"),
            "name": mint.name(),
            "state": "running",
            "creation_date": mint.context.now,
            "last_update_date": mint.context.now,
        },
        at("firehose_arn", arn("firehose")),
        at("role_arn", arn("iam")),
    ),
}

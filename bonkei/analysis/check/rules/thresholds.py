"""An alarm's comparison: its direction, a reachable threshold, the right unit."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.metrics import filters_of, metric_table
from bonkei.analysis.check.subject import Subject, error
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, Metric

_MIB = 1024 * 1024
# RDS: a threshold below this is a percentage, or megabytes, by mistake.
_LEAST_MEMORY = 16 * _MIB
_IN_BYTES = ("FreeableMemory", "FreeLocalStorage", "FreeStorageSpace")
_OPPOSITE = {"high": "low", "low": "high"}


@error(
    "An alarm is on the bad side of its metric",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html",
)
def alarm_compares_the_right_way(subject: Subject) -> Iterator[Problem]:
    """Only for metrics with one bad side. Scaling alarms are left out. An alarm on a service's
    maximum number of healthy targets is left out, too: it warns early."""
    topics = {topic.arn for topic in subject.blueprint.topics}
    told_by_others = " ".join(alarm.rule for alarm in subject.blueprint.composite_alarms)
    for alarm in subject.blueprint.alarms:
        tells = topics & {*alarm.alarm_actions} or alarm.name in told_by_others
        way = {"Gre": "high", "Les": "low"}.get(alarm.comparison[:3], "")
        if alarm.threshold is None or not way or not tells:
            continue
        for metric, bad in _sides(alarm, subject.blueprint):
            if bad != way and not _is_at_most(metric, alarm.threshold, subject.blueprint):
                yield Problem(
                    alarm.address,
                    f"{alarm.name} is in alarm when {way}, but that is good for {metric.name}",
                    "reverse the comparison",
                    "comparison_operator",
                )


def _is_at_most(metric: Metric, threshold: float, blueprint: Blueprint) -> bool:
    """Whether the alarm compares the number of targets with auto scaling's maximum."""
    scalings = [service.scaling for service in blueprint.services if service.scaling]
    return metric.name == "HealthyHostCount" and threshold in {s.max_capacity for s in scalings}


def _sides(alarm: Alarm, blueprint: Blueprint) -> Iterator[tuple[Metric, str]]:
    """The metrics that an alarm compares, and the side of the comparison: high or low."""
    if alarm.metric is not None:
        if side := _bad_side(alarm.metric, blueprint):
            yield alarm.metric, side
        return
    metrics = {query.id: query.metric for query in alarm.queries if query.metric is not None}
    expressions = [q.expression for q in alarm.queries if q.expression and q.returns_data]
    if len(metrics) == 1 and len(expressions) == 1:
        ((name, metric),) = metrics.items()
        rises = _rises(expressions[0], name)
        side = _bad_side(metric, blueprint)
        if rises is not None and side:
            yield metric, side if rises else _OPPOSITE[side]


def _bad_side(metric: Metric, blueprint: Blueprint) -> str:
    if any(found.value == "1" for found in filters_of(metric, blueprint)):
        return "high"  # records that are counted
    known = metric_table().get(metric.namespace, {})
    return next((side for side in ("high", "low") if metric.name in known.get(side, ())), "")


_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _rises(expression: str, name: str) -> bool | None:
    """Whether plain arithmetic over one metric rises with it; None for anything else."""
    try:
        tree = ast.parse(expression, mode="eval").body
        low, high = (_value(tree, {name: value}) for value in (1.0, 2.0))
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
        return None
    return None if low == high else high > low


def _value(node: ast.AST, variables: dict[str, float]) -> float:
    """Evaluate the expression. Raises ValueError for anything other than numbers, + - * / and the
    one metric."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name) if name in variables:
            return variables[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, variables)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, variables), _value(right, variables))
    raise ValueError("not plain arithmetic")


@error(
    "An alarm's metric can cross its threshold",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html",
)
def alarm_threshold_is_reached(subject: Subject) -> Iterator[Problem]:
    """A percentage is never above 100 or below 0. A count is never below 0."""
    for alarm in subject.blueprint.alarms:
        metric, threshold = alarm.metric, alarm.threshold
        if metric is None or threshold is None:
            continue
        percent = metric.name in metric_table().get(metric.namespace, {}).get("percent", ())
        never, always = {
            "GreaterThanThreshold": (percent and threshold >= 100, threshold < 0),
            "GreaterThanOrEqualToThreshold": (percent and threshold > 100, threshold <= 0),
            "LessThanThreshold": (threshold <= 0, percent and threshold > 100),
            "LessThanOrEqualToThreshold": (threshold < 0, percent and threshold >= 100),
        }.get(alarm.comparison, (False, False))
        if (never or always) and _is_never_negative(metric, subject.blueprint):
            yield Problem(
                alarm.address,
                f"{alarm.name} compares {metric.name} with {threshold:g}: it is"
                f" {'never' if never else 'always'} in alarm",
                "set a threshold between the usual and the possible values",
                "threshold",
            )


def _is_never_negative(metric: Metric, blueprint: Blueprint) -> bool:
    known = metric_table().get(metric.namespace, {})
    return bool(_bad_side(metric, blueprint)) or metric.name in known.get("names", ())


@error(
    "A threshold on free memory or storage is in bytes",
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html",
)
def alarm_threshold_is_in_the_metrics_unit(subject: Subject) -> Iterator[Problem]:
    for alarm in subject.blueprint.alarms:
        metric = alarm.metric
        if metric is None or metric.namespace != "AWS/RDS" or alarm.threshold is None:
            continue
        if metric.name in _IN_BYTES and alarm.threshold < _LEAST_MEMORY:
            yield Problem(
                alarm.address,
                f"{alarm.name} compares {metric.name}, which is in bytes, with {alarm.threshold:g}",
                "write the threshold in bytes; a percentage needs metric math",
                "threshold",
            )

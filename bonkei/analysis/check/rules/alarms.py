"""Alarms that can fire, notify someone, and return to OK."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.metrics import filters_of, why_not_emitted
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm, Metric

_ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"
_CONCEPTS = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html"
)


@error(
    "Every alarm notifies someone",
    _ALARMS,
)
def alarm_has_actions(subject: Subject) -> Iterator[Problem]:
    """Composite alarms count, too. An alarm that only a composite alarm reads needs no action."""
    read_by_others = " ".join(alarm.rule for alarm in subject.blueprint.composite_alarms)
    for alarm in _all(subject.blueprint):
        if alarm.name in read_by_others:
            continue
        if not alarm.alarm_actions:
            yield Problem(
                alarm.address,
                f"{alarm.name} does not notify anyone when it goes into ALARM",
                "set alarm_actions",
                "alarm_actions",
            )
        if isinstance(alarm, Alarm) and not alarm.actions_enabled:
            yield Problem(
                alarm.address,
                f"{alarm.name}'s actions are turned off",
                "set actions_enabled = true",
                "actions_enabled",
            )


@warning(
    "An alarm that notifies someone also notifies of its end",
    _ALARMS,
)
def alarm_tells_of_its_end(subject: Subject) -> Iterator[Problem]:
    """Only for alarms that notify people. A scaling alarm needs no notification of its end."""
    for alarm in _all(subject.blueprint):
        tells = any(":sns:" in arn for arn in alarm.alarm_actions)
        if tells and not alarm.ok_actions:
            yield Problem(
                alarm.address,
                f"{alarm.name} does not notify anyone when it returns to OK",
                "set ok_actions",
                "ok_actions",
            )


def _all(blueprint: Blueprint) -> Iterator[Alarm | CompositeAlarm]:
    yield from blueprint.alarms
    yield from blueprint.composite_alarms


@warning(
    "A topic that an alarm notifies has a subscriber",
    "https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html",
)
def alarm_action_reaches_someone(subject: Subject) -> Iterator[Problem]:
    topics = {topic.arn: topic for topic in subject.blueprint.topics}
    for alarm in _all(subject.blueprint):
        for arn in sorted({*alarm.alarm_actions, *alarm.ok_actions}):
            topic = topics.get(arn)
            region = Arn.of(alarm.arn).region
            if ":sns:" in arn and Arn.of(arn).region != region:
                yield Problem(
                    alarm.address,
                    f"{alarm.name} is in {region}, and CloudWatch takes no action in another"
                    f" region: {arn}",
                    "notify a topic of the alarm's own region",
                    "alarm_actions",
                )
            if topic is not None and not topic.subscriptions:
                yield Problem(
                    topic.address,
                    f"{alarm.name} notifies {topic.name}, and that topic has no subscriber",
                    "subscribe the function, queue or person to notify",
                )


@error(
    "Every alarm reads a metric that something emits, with its dimensions",
    _CONCEPTS,
)
def alarm_metric_is_emitted(subject: Subject) -> Iterator[Problem]:
    for alarm in subject.blueprint.alarms:
        if not alarm.metrics() and not alarm.queries:
            yield Problem(
                alarm.address, f"{alarm.name} reads no metric", "set metric_name or metric_query"
            )
        for metric in alarm.metrics():
            region = Arn.of(alarm.arn).region
            if reason := why_not_emitted(metric, region, subject.blueprint):
                yield Problem(
                    alarm.address,
                    f"{alarm.name} reads {metric.namespace} {metric.name}, and {reason}: it"
                    " never fires",
                    "name a metric with its real dimensions, in the region that has it",
                    "metric_query" if alarm.queries else "dimensions",
                )


@error(
    "An alarm on counted log records sums them and returns to OK",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html",
)
def alarm_on_records_returns_to_ok(subject: Subject) -> Iterator[Problem]:
    """Alarms on metric filters that count records: no record means no data, not zero."""
    for alarm, metric in _counting(subject.blueprint):
        if metric.statistic not in ("Sum", "SampleCount"):
            yield Problem(
                alarm.address,
                f"{alarm.name} takes the {metric.statistic} of counted records: one record and a"
                " thousand look alike",
                'set statistic = "Sum"',
                "statistic",
            )
        if alarm.treat_missing_data != "notBreaching":
            yield Problem(
                alarm.address,
                f"without new records {alarm.name} never returns to OK",
                'set treat_missing_data = "notBreaching"',
                "treat_missing_data",
            )


def _counting(blueprint: Blueprint) -> Iterator[tuple[Alarm, Metric]]:
    for alarm in blueprint.alarms:
        metric = alarm.metric
        if metric is not None and any(f.value == "1" for f in filters_of(metric, blueprint)):
            yield alarm, metric


@warning(
    "An alarm reads each metric filter's metric",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html",
)
def metric_filter_is_read(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    read = {(m.namespace, m.name) for alarm in blueprint.alarms for m in alarm.metrics()}
    for found in blueprint.metric_filters:
        if (found.namespace, found.metric_name) not in read:
            yield Problem(
                found.address,
                f"no alarm looks at {found.namespace} {found.metric_name}",
                "give it an alarm, or remove the filter",
            )

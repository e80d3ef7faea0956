"""The claims of claims.toml about monitoring. Each test has its claim's name."""

from __future__ import annotations

import re

from evaluations import Evaluation

from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.services.cloudwatch.alarm.composite import alarms_of, parse_rule

AT_LEAST = "GreaterThanOrEqualToThreshold"


def test_aurora_cpu(production: Evaluation, expected: int) -> None:
    alarms = _alarms_on(production, "AWS/RDS", "CPUUtilization")
    assert {alarm.threshold for alarm in alarms} == {expected}
    assert {alarm.comparison for alarm in alarms} == {AT_LEAST}
    assert _dimensions(alarms) == _instances(production)


def test_aurora_memory(production: Evaluation, expected: int) -> None:
    alarms = _alarms_on(production, "AWS/RDS", "FreeableMemory")
    assert {(alarm.threshold, alarm.comparison) for alarm in alarms} == {(expected, AT_LEAST)}
    assert _dimensions(alarms) == _instances(production)
    total = 16 * 1024**3  # the memory of an instance of this class
    for alarm in alarms:
        (used,) = [query.expression for query in alarm.queries if query.returns_data]
        (freeable,) = [query.id for query in alarm.queries if query.metric]
        formula = re.fullmatch(rf"100 \* \(1 - {freeable} / (\d+)\)", used)
        assert formula is not None
        assert int(formula[1]) == total
    assert {i.instance_class for i in production.blueprint.database_clusters[0].instances} == {
        "db.r8g.large"
    }


def test_ecs_cpu(production: Evaluation, expected: int) -> None:
    alarms = _alarms_on(production, "AWS/ECS", "CPUUtilization")
    assert {(alarm.threshold, alarm.comparison) for alarm in alarms} == {(expected, AT_LEAST)}
    assert _dimensions(alarms) == _services(production)


def test_ecs_memory(production: Evaluation, expected: int) -> None:
    alarms = _alarms_on(production, "AWS/ECS", "MemoryUtilization")
    assert {(alarm.threshold, alarm.comparison) for alarm in alarms} == {(expected, AT_LEAST)}
    assert _dimensions(alarms) == _services(production)


def test_backend_records_are_counted(production: Evaluation, expected: list[str]) -> None:
    (definition,) = [
        found
        for found in production.blueprint.task_definitions
        if found.family.endswith("-backend")
    ]
    (group,) = [
        dict(container.environment)["LOG_GROUP"]
        for container in definition.containers
        if container.firelens
    ]
    filters = _filters_of(production, group)
    patterns = [f'{{ $.level = "{level}" }}' for level in expected]
    assert sorted(found.pattern for found in filters) == patterns
    assert {found.value for found in filters} == {"1"}


def test_postgresql_records_are_counted(production: Evaluation, expected: list[str]) -> None:
    (cluster,) = production.blueprint.database_clusters
    assert cluster.log_exports == ("postgresql",)
    group = f"/aws/rds/cluster/{cluster.identifier}/postgresql"
    filters = _filters_of(production, group)
    # Aurora's log_line_prefix is %t:%r:%u@%d:[%p]: and the level follows it.
    assert sorted(found.pattern for found in filters) == [f'"]:{level}:"' for level in expected]


def test_one_record_is_told(production: Evaluation, expected: int) -> None:
    counted = {(found.namespace, found.metric_name) for found in _filters(production)}
    alarms = {key: _alarms_on(production, *key) for key in counted}
    for (_, name), found in alarms.items():
        (alarm,) = found
        assert alarm.metric is not None, name
        assert (alarm.threshold, alarm.comparison) == (expected, AT_LEAST)
        assert (alarm.metric.statistic, alarm.evaluation_periods) == ("Sum", 1)
        assert alarm.treat_missing_data == "notBreaching"
    assert {name.partition("-")[0] for _, name in counted} == {"backend", "frontend", "postgresql"}


def test_alarms_reach_slack(production: Evaluation, expected: str) -> None:
    (function,) = production.blueprint.functions
    topics = {topic.arn: topic for topic in production.blueprint.topics}
    assert production.blueprint.alarms
    composites = production.blueprint.composite_alarms
    told_by_others = {name for one in composites for name in alarms_of(parse_rule(one.rule))}
    for alarm in (*production.blueprint.alarms, *composites):
        if alarm.name in told_by_others and not alarm.alarm_actions:
            continue
        endpoints = {
            subscription.endpoint
            for action in alarm.alarm_actions
            for subscription in topics[action].subscriptions
        }
        assert function.arn in endpoints, alarm.name
    secrets = {
        found["arn"]: found["name"] for found in production.values("aws_secretsmanager_secret")
    }
    (webhook,) = [secrets[value] for _, value in function.environment if value in secrets]
    assert webhook.endswith(f"/{expected}-webhook")


def test_recovery_is_told_as_well(production: Evaluation, expected: int) -> None:
    silent = [a.name for a in production.blueprint.alarms if a.ok_actions != a.alarm_actions]
    assert len(silent) == expected


def _alarms_on(evaluation: Evaluation, namespace: str, metric: str) -> list[Alarm]:
    found = [
        alarm
        for alarm in evaluation.blueprint.alarms
        if any((m.namespace, m.name) == (namespace, metric) for m in alarm.metrics())
    ]
    assert found, f"no alarm on {namespace} {metric}"
    return found


def _dimensions(alarms: list[Alarm]) -> set[tuple[tuple[str, str], ...]]:
    metrics: list[Metric] = [metric for alarm in alarms for metric in alarm.metrics()]
    return {tuple(sorted(metric.dimensions)) for metric in metrics}


def _instances(evaluation: Evaluation) -> set[tuple[tuple[str, str], ...]]:
    return {
        (("DBInstanceIdentifier", instance.identifier),)
        for cluster in evaluation.blueprint.database_clusters
        for instance in cluster.instances
    }


def _services(evaluation: Evaluation) -> set[tuple[tuple[str, str], ...]]:
    (cluster,) = evaluation.blueprint.clusters
    names = [service.name for service in evaluation.blueprint.services]
    return {(("ClusterName", cluster.name), ("ServiceName", name)) for name in names}


def _filters(evaluation: Evaluation) -> tuple[MetricFilter, ...]:
    """Of records; failed deliveries are counted in a namespace of their own."""
    every = evaluation.blueprint.metric_filters
    return tuple(found for found in every if found.namespace.endswith("/logs"))


def _filters_of(evaluation: Evaluation, log_group: str) -> list[MetricFilter]:
    return [found for found in _filters(evaluation) if found.log_group_name == log_group]

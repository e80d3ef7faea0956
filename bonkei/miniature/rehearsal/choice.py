"""The choice of a cause for each alarm: a real one if this machine allows it. Pure."""

from __future__ import annotations

from math import ceil

from bonkei.base.errors import BonkeiError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.blueprint.ecs import Service
from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.grammar.filter_pattern import parse
from bonkei.miniature.measures.traffic import balancer_name, group_name
from bonkei.miniature.rehearsal.plan import (
    KILLED,
    LAST,
    LOAD,
    LOGGED,
    OUTAGE,
    QUICK,
    SLOW,
    SUSPENDED,
    WEBHOOK,
    Facts,
    Plan,
    is_called,
)  # fmt: skip
from bonkei.services.cloudwatch.alarm.evaluation import COMPARISONS
from bonkei.services.cloudwatch.rehearsal import record_for, values
from bonkei.services.rds.size import capacity

_MOST_BYTES = 1024**3
_MOST_TASKS = 4
_WAITING = "ApproximateNumberOfMessagesVisible"
_GIB = 1024**3
_MIB = 1024**2


def fallback(alarm: Alarm, blueprint: Blueprint, why: str = "") -> Plan:
    """The cause for an alarm without a real cause."""
    found = filter_of(alarm, blueprint)
    if found is not None and record_for(found.pattern):
        return Plan("records", found.log_group_name, LAST, why=why)
    if values(alarm, bad=True) is None or values(alarm, bad=False) is None:
        return Plan("none", act=LAST, why="no metric data were found that would raise it")
    return Plan("injected", alarm.name, LOAD, why=why)


def choose(alarm: Alarm, blueprint: Blueprint, facts: Facts | None) -> Plan:
    """The cause for an alarm. Without `facts`, real causes are impossible."""
    found = filter_of(alarm, blueprint)
    plan: Plan | str = "nothing here causes that metric"
    if is_of_firewall(alarm):
        plan = Plan("firewall")
    elif facts is not None and alarm.metric is not None and alarm.threshold is not None:
        if found is not None:
            plan = _of_log(found, blueprint, facts)
        else:
            chosen = _BY_NAMESPACE.get(alarm.metric.namespace)
            plan = chosen(alarm, alarm.metric, blueprint, facts) if chosen else plan
    elif facts is not None:
        plan = "the math of several metrics has no single cause"
        waiting = [one for one in alarm.metrics() if one.name == _WAITING]
        if len(waiting) == 1 and {one.namespace for one in alarm.metrics()} == {"AWS/SQS"}:
            plan = _of_queue(alarm, waiting[0], blueprint, facts)
        elif any(metric.name == "FreeableMemory" for metric in alarm.metrics()):
            plan = "a rehearsal takes no gigabytes from a database"
    if isinstance(plan, str):
        return fallback(alarm, blueprint, plan)
    return plan


def is_of_firewall(alarm: Alarm) -> bool:
    """Whether it counts blocked requests of all rules: a request that bypasses the distribution is
    blocked."""
    metric = alarm.metric
    return (
        metric is not None
        and (metric.namespace, metric.name) == ("AWS/WAFV2", "BlockedRequests")
        and dict(metric.dimensions).get("Rule") == "ALL"
        and alarm.comparison.startswith("Greater")
    )


def least(alarm: Alarm) -> float:
    """The smallest number of counted things with which it breaches."""
    whole = float(ceil(alarm.threshold or 0.0))
    breaches = COMPARISONS[alarm.comparison]
    return max(1.0, whole if breaches(whole, alarm.threshold or 0.0) else whole + 1)


def filter_of(alarm: Alarm, blueprint: Blueprint) -> MetricFilter | None:
    """The metric filter that counts records for it."""
    metric = alarm.metric
    if metric is None:
        return None
    return next(
        (
            one
            for one in blueprint.metric_filters
            if (one.namespace, one.metric_name) == (metric.namespace, metric.name)
            and one.value == "1"
            and not one.dimensions
        ),
        None,
    )


_POSTGRESQL = "2026-01-01 00:00:00 UTC:127.0.0.1(1):app@app:[1]:{level}:  it does not exist"


def _of_log(found: MetricFilter, blueprint: Blueprint, facts: Facts) -> Plan | str:
    try:
        matches = parse(found.pattern).matches
    except BonkeiError as error:
        return error.message
    group = found.log_group_name
    for cluster in blueprint.database_clusters:
        if facts.runs(cluster) and group == f"/aws/rds/cluster/{cluster.identifier}/postgresql":
            if matches(_POSTGRESQL.format(level="ERROR")):
                return Plan("statement", cluster.arn, seconds=LOGGED)
            if matches(_POSTGRESQL.format(level="FATAL")):
                return Plan("refused sign-in", cluster.arn, seconds=LOGGED)
    service = _last_word(group, blueprint)
    if service is None:
        return "no known program writes such records"
    if _is_of_level("FATAL", found.pattern):
        return Plan("no start", service.arn, seconds=LOGGED)
    if _is_of_level("ERROR", found.pattern):
        return _outage(service, blueprint, facts, seconds=LOGGED)
    return "no known cause makes a program write such records"


def _is_of_level(level: str, pattern: str) -> bool:
    """Whether records of this level match, and others do not, as JSON or as plain text."""
    matches = parse(pattern).matches
    texts = [(f'{{"level": "{one}"}}', f"{one} x") for one in (level, "INFO")]
    return any(
        bad and not good for bad, good in zip(*(map(matches, t) for t in texts), strict=False)
    )


def _last_word(group: str, blueprint: Blueprint) -> Service | None:
    name = group.rpartition("/")[2]
    return next((one for one in blueprint.services if is_called(one, name)), None)


def _outage(
    service: Service, blueprint: Blueprint, facts: Facts, *, seconds: float = QUICK
) -> Plan | str:
    if not facts.paths_of(service):
        return f"[rehearse] of bonkei.toml names no path of {service.name}"
    for cluster in blueprint.database_clusters:
        if facts.runs(cluster):
            return Plan("outage", cluster.arn, OUTAGE, seconds)
    return "no database runs here that could be stopped"


def _of_ecs(alarm: Alarm, metric: Metric, blueprint: Blueprint, facts: Facts) -> Plan | str:
    named = dict(metric.dimensions)
    service = next(
        (one for one in blueprint.services if one.name == named.get("ServiceName")), None
    )
    if service is None or not alarm.comparison.startswith("Greater"):
        return "it belongs to no service here"
    definition = blueprint.task_definition(service.task_definition_arn)
    count, threshold = _running(service, facts), alarm.threshold or 0.0
    share = min(95.0, threshold * 1.15) if threshold < 95 else threshold
    if metric.name == "CPUUtilization":
        needed = count * definition.cpu / 1024 * share / 100
        if needed > facts.processors * 0.75:
            return f"it would take {needed:.1f} of {facts.processors} processors"
        return Plan("processor", service.arn, number=share)
    if metric.name == "MemoryUtilization":
        size = count * definition.memory * _MIB * share / 100
        if size > min(_MOST_BYTES, facts.free_memory / 4):
            return f"it would take {size / _GIB:.1f} GiB of memory"
        return Plan("memory", service.arn, number=share)
    return "nothing here causes that metric"


def _of_balancer(alarm: Alarm, metric: Metric, blueprint: Blueprint, facts: Facts) -> Plan | str:
    named, name = dict(metric.dimensions), metric.name
    grows = alarm.comparison.startswith("Greater")
    if "TargetGroup" not in named:
        if name.startswith("HTTPCode_ELB_5") and grows:
            service = _default_service(named.get("LoadBalancer", ""), blueprint)
            return Plan("killed", service.arn, KILLED) if service else "no service is behind it"
        return "nothing here causes that metric"
    service = next(
        (
            one
            for one in blueprint.services
            if named["TargetGroup"] in {group_name(t.target_group_arn) for t in one.targets}
        ),
        None,
    )
    if service is None:
        return "it belongs to no service here"
    if name == "HealthyHostCount" and grows:
        more = int(alarm.threshold or 0) - _running(service, facts)
        if more > _MOST_TASKS:
            return f"it would take {more} tasks more"
        return Plan("more tasks", service.arn, number=float(alarm.threshold or 0))
    if name == "HealthyHostCount" or (name == "UnHealthyHostCount" and grows):
        return Plan("suspended", service.arn, SUSPENDED)
    if name == "TargetResponseTime" and grows and 0 < (alarm.threshold or 0) <= 4:
        stop = (alarm.threshold or 0) + 0.3
        return Plan("slow", service.arn, SLOW, float(int(stop) + 1), stop)
    if name.startswith("HTTPCode_Target_5") and grows:
        return _outage(service, blueprint, facts)
    return "nothing here causes that metric"


def _default_service(balancer: str, blueprint: Blueprint) -> Service | None:
    """The service behind the listener's default action."""
    groups = {
        target.target_group_arn
        for one in blueprint.load_balancers
        if balancer_name(one.arn) == balancer
        for listener in one.listeners
        for target in getattr(listener.default_action, "targets", ())
    }
    return next(
        (
            one
            for one in blueprint.services
            if groups & {target.target_group_arn for target in one.targets}
        ),
        None,
    )


def _of_database(alarm: Alarm, metric: Metric, blueprint: Blueprint, facts: Facts) -> Plan | str:
    named = dict(metric.dimensions)
    cluster = next(
        (
            one
            for one in blueprint.database_clusters
            if one.identifier == named.get("DBClusterIdentifier")
            or (
                one.instances[:1]
                and one.instances[0].identifier == named.get("DBInstanceIdentifier")
            )
        ),
        None,
    )
    if cluster is None:
        return "the miniature runs the first instance of a cluster only"
    if not facts.runs(cluster) or not alarm.comparison.startswith("Greater"):
        return "its server does not run here"
    if metric.name == "DatabaseConnections":
        if (alarm.threshold or 0) >= facts.runs(cluster) - 3:
            return f"its server here takes {facts.runs(cluster)} connections"
        return Plan("outage", cluster.arn, OUTAGE)
    if metric.name == "CPUUtilization":
        needed = capacity(cluster)[0] * min(100.0, (alarm.threshold or 0) * 1.15) / 100
        if needed > facts.processors * 0.6:
            return f"it would take {needed:.1f} of {facts.processors} processors"
        return Plan("database processor", cluster.arn, number=max(1.0, -(-needed // 1)))
    return "nothing here causes that metric"


def _of_queue(alarm: Alarm, metric: Metric, blueprint: Blueprint, _facts: Facts) -> Plan | str:
    name = dict(metric.dimensions).get("QueueName")
    queue = next((one for one in blueprint.queues if one.name == name), None)
    counts = metric.name == _WAITING
    most = least(alarm)
    if queue is None or not counts or most > 10 or not alarm.comparison.startswith("Greater"):
        return "nothing here causes that metric"
    if any(source.source == queue.arn for source in blueprint.event_sources):
        return "a function takes its messages at once"
    return Plan("letter", queue.arn, number=most)


def _of_function(alarm: Alarm, metric: Metric, blueprint: Blueprint, facts: Facts) -> Plan | str:
    name = dict(metric.dimensions).get("FunctionName")
    function = next((one for one in blueprint.functions if one.name == name), None)
    grows = alarm.comparison.startswith("Greater")
    if function is None or metric.name != "Errors" or not grows:
        return "nothing here causes that metric"
    if facts.webhook and any(value == facts.webhook for _, value in function.environment):
        return Plan("webhook", function.arn, WEBHOOK, number=least(alarm))
    return "no known cause makes this function fail"


_BY_NAMESPACE = {
    "AWS/ECS": _of_ecs,
    "AWS/ApplicationELB": _of_balancer,
    "AWS/RDS": _of_database,
    "AWS/SQS": _of_queue,
    "AWS/Lambda": _of_function,
}


def _running(service: Service, facts: Facts) -> int:
    return max(1, (facts.running or {}).get(service.arn, service.capacity))

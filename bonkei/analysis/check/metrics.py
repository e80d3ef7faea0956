"""The existing metrics: AWS's own, and those from metric filters."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from bonkei.analysis.policy.lenient import allows
from bonkei.analysis.policy.managed import unknown_managed_policies
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Metric
from bonkei.blueprint.logs.log_group import MetricFilter


def filters_of(metric: Metric, blueprint: Blueprint) -> tuple[MetricFilter, ...]:
    """The metric filters that feed a metric."""
    return tuple(
        found
        for found in blueprint.metric_filters
        if (found.namespace, found.metric_name) == (metric.namespace, metric.name)
    )


def why_not_emitted(metric: Metric, region: str, blueprint: Blueprint) -> str:
    """Say what is wrong with a metric's name, dimensions, their values, or the alarm's region. The
    result is empty if the metric is emitted."""
    filters = filters_of(metric, blueprint)
    names = tuple(name for name, _ in metric.dimensions)
    if filters:
        usual = tuple(sorted(name for name, _ in filters[0].dimensions))
        return "" if names == usual else _wrong_dimensions(names, [list(usual)])
    if not metric.namespace.startswith(("AWS/", "ECS/")):
        if _others_may_emit(blueprint):
            return ""
        return f"no metric filter makes {metric.namespace} {metric.name}"
    known = metric_table().get(metric.namespace)
    if known is None:
        return ""  # the table does not have this service
    if metric.name not in known["names"]:
        return f"{metric.namespace} has no metric {metric.name}"
    if list(names) not in known["dimensions"]:
        return _wrong_dimensions(names, known["dimensions"])
    if region != known.get("region", region):
        return f"{metric.namespace} has its metrics in {known['region']}, not in {region}"
    return _why_nothing_has_these(metric, blueprint)


def _others_may_emit(blueprint: Blueprint) -> bool:
    """Whether a role may put its own metrics. Their names cannot be known here."""
    return any(
        bool(unknown_managed_policies(role)) or allows(role, "cloudwatch:PutMetricData", "*")
        for role in blueprint.roles
    )


def _wrong_dimensions(names: tuple[str, ...], usual: list[list[str]]) -> str:
    sets = " or ".join("(" + ", ".join(found) + ")" if found else "(none)" for found in usual)
    return f"it is emitted with the dimensions {sets}, not ({', '.join(names) or 'none'})"


def _why_nothing_has_these(metric: Metric, blueprint: Blueprint) -> str:
    existing = _existing(blueprint)
    for name, value in metric.dimensions:
        kind = metric_table()["dimensions"].get(name)
        if kind is None or not existing[kind] or value in existing[kind]:
            continue
        if not any(arn.endswith((f"/{value}", f":{value}")) for arn in blueprint.arns):
            return f"there is no {kind.replace('_', ' ')} {value}"
    return ""


def _existing(blueprint: Blueprint) -> dict[str, set[str]]:
    """Values of dimensions, by kind of resource. An empty set: the definitions have none of that
    kind, so its values are not checked."""
    instances = [i for cluster in blueprint.database_clusters for i in cluster.instances]
    return {
        "cluster": {c.name for c in blueprint.clusters},
        "service": {s.name for s in blueprint.services},
        # "CloudWatch metrics for your Application Load Balancer": the last part of the ARN.
        "load_balancer": {b.arn.partition(":loadbalancer/")[2] for b in blueprint.load_balancers},
        "target_group": {t.arn.rpartition(":")[2] for t in blueprint.target_groups},
        "database": {c.identifier for c in blueprint.database_clusters},
        "database_instance": {i.identifier for i in instances},
        "function": {f.name for f in blueprint.functions},
        "topic": {t.name for t in blueprint.topics},
        "web_acl": {a.metric_name or a.name for a in blueprint.web_acls}
        | {a.name for a in blueprint.web_acls},
        "pipeline": {p.name for p in blueprint.pipelines},
        "build_project": {p.name for p in blueprint.build_projects},
        "distribution": {d.id for d in blueprint.distributions},
        "event_rule": {r.name for r in blueprint.event_rules},
        "nat_gateway": {n.id for n in blueprint.network.nat_gateways},
        "bucket": {b.name for b in blueprint.buckets},
    }


@cache
def metric_table() -> dict[str, Any]:
    """The content of data/metrics.toml, by namespace."""
    data = files("bonkei.analysis.check") / "data" / "metrics.toml"
    return tomllib.loads(data.read_text(encoding="utf-8"))

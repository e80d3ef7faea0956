"""What a system costs a month without traffic: quantities from Terraform's state, and unit prices.

Both are assumptions: data/costs.toml says which, and when the prices were taken down.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bonkei.blueprint.state import State

PRICES = Path(__file__).with_name("data") / "costs.toml"

_FLOW_LOG_GB = 0.11  # a month, for each target and zone
_ENHANCED_MONITORING_GB = 0.1  # a month, for each instance
_IMAGES_GB = 0.5  # for each repository
_METRICS_PER_SUBJECT = 15

Quantities = dict[str, float]


@dataclass(frozen=True, slots=True)
class Price:
    """In USD for one `unit`, of which `per_month` go into a month."""

    usd: float
    unit: str
    words: Mapping[str, str]
    per_month: float


@dataclass(frozen=True, slots=True)
class Costs:
    """`usd` a month, by the name of the price; `unpriced`: what has none."""

    usd: Mapping[str, float]
    unpriced: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        return sum(self.usd.values())


@cache
def _document() -> Mapping[str, Any]:
    return tomllib.loads(PRICES.read_text(encoding="utf-8"))


def dated() -> str:
    """The month of the prices."""
    return str(_document()["date"])


def read_prices() -> dict[str, Price]:
    """By name, in the order of the file."""
    hours = _document()["hours_per_month"]
    return {
        name: Price(
            usd=entry["usd"],
            unit=entry["unit"],
            words={"en": entry["en"], "ja": entry["ja"]},
            per_month=hours if entry["unit"] == "hour" else 1,
        )
        for name, entry in _document()["price"].items()
    }


def costs(state: State) -> Costs:
    """Without traffic. Services that only traffic costs are not in it."""
    prices, counted = read_prices(), quantities(state)
    known = {
        name: n * prices[name].per_month * prices[name].usd
        for name, n in counted.items()
        if name in prices
    }
    return Costs(known, tuple(sorted(counted.keys() - prices.keys())))


def quantities(state: State) -> Quantities:
    """The quantity of each unit, by the price's name, which may have no price: for an hour, or for
    a month."""
    resources = _ByType(state)
    found: Quantities = {}
    for part in (_programs, _database, _network, _edge, _watching, _keeping):
        for name, amount in part(resources):
            found[name] = found.get(name, 0) + amount
    return {name: amount for name, amount in found.items() if amount}


class _ByType:
    """The attributes of the managed resources, by type."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, kind: str) -> list[Mapping[str, Any]]:
        return [each.values for each in self._state.managed(kind)]


_Counted = Iterator[tuple[str, float]]


def _fewest(resources: _ByType) -> dict[str, int]:
    """Tasks of each idle service: auto scaling's minimum, or the desired number without it."""
    desired = {s["name"]: s["desired_count"] or 0 for s in resources["aws_ecs_service"]}
    return desired | {
        target["resource_id"].rpartition("/")[2]: target["min_capacity"]
        for target in resources["aws_appautoscaling_target"]
        if target["service_namespace"] == "ecs"
    }


def _programs(resources: _ByType) -> _Counted:
    fewest = _fewest(resources)
    definitions = {found["arn"]: found for found in resources["aws_ecs_task_definition"]}
    for service in resources["aws_ecs_service"]:
        definition = definitions.get(service["task_definition"])
        strategies = service.get("capacity_provider_strategy") or [{"capacity_provider": "FARGATE"}]
        if definition is None or service.get("launch_type") in ("EC2", "EXTERNAL"):
            continue
        platforms = definition.get("runtime_platform") or [{}]
        architecture = (platforms[0].get("cpu_architecture") or "X86_64").lower()
        name = f"{strategies[0]['capacity_provider'].lower()}_{architecture}"
        for unit, amount in (("vcpu", "cpu"), ("memory", "memory")):
            yield f"{name}_{unit}", fewest[service["name"]] * int(definition[amount] or 0) / 1024


def _database(resources: _ByType) -> _Counted:
    clusters = {found["cluster_identifier"]: found for found in resources["aws_rds_cluster"]}
    yield "aurora_storage", len(clusters)
    for instance in resources["aws_rds_cluster_instance"]:
        name, amount = instance["instance_class"], 1.0
        cluster = clusters.get(instance["cluster_identifier"], {})
        if name == "db.serverless":
            name = "aurora_acu"
            amount = (cluster.get("serverlessv2_scaling_configuration") or [{}])[0].get(
                "min_capacity", 0
            )
        yield name, amount
    for instance in resources["aws_db_instance"]:
        yield f"{instance['engine']} {instance['instance_class']}", 1
    for kind in ("aws_elasticache_replication_group", "aws_elasticache_cluster"):
        for found in resources[kind]:
            if node := found.get("node_type"):  # a member of a group has the group's
                yield f"{found.get('engine') or 'redis'} {node}", 1


def _network(resources: _ByType) -> _Counted:
    endpoints = [e for e in resources["aws_vpc_endpoint"] if e["vpc_endpoint_type"] == "Interface"]
    public = [lb for lb in resources["aws_lb"] if not lb["internal"]]
    yield "nat_gateway", len(resources["aws_nat_gateway"])
    yield "public_ipv4", len(resources["aws_eip"]) + sum(len(lb["subnets"] or ()) for lb in public)
    yield "interface_endpoint", sum(len(found["subnet_ids"] or ()) for found in endpoints)


def _edge(resources: _ByType) -> _Counted:
    acls = resources["aws_wafv2_web_acl"]
    yield "load_balancer", len(resources["aws_lb"])
    yield "web_acl", len(acls)
    yield "web_acl_rule", sum(len(acl["rule"] or ()) for acl in acls)


def _watching(resources: _ByType) -> _Counted:
    filters = [
        found["metric_transformation"][0] for found in resources["aws_cloudwatch_log_metric_filter"]
    ]
    for alarm in resources["aws_cloudwatch_metric_alarm"]:
        metrics = sum(bool(query["metric"]) for query in alarm.get("metric_query") or ())
        yield "alarm_metric", metrics or 1
    yield "composite_alarm", len(resources["aws_cloudwatch_composite_alarm"])
    yield "custom_metric", len({(found["namespace"], found["name"]) for found in filters})
    tasks = sum(_fewest(resources).values())
    yield "insights_metric", _METRICS_PER_SUBJECT * _insights_subjects(resources, tasks)
    if resources["aws_flow_log"]:
        zones = sum(len(found["subnets"] or ()) for found in resources["aws_lb"])
        yield "log_ingestion", tasks * zones * _FLOW_LOG_GB
    watched = [i for i in resources["aws_rds_cluster_instance"] if i.get("monitoring_interval")]
    yield "log_ingestion", len(watched) * _ENHANCED_MONITORING_GB


def _insights_subjects(resources: _ByType, tasks: int) -> int:
    """With the enhanced kind: each cluster and service, each task, and two containers in it."""
    on = [
        cluster
        for cluster in resources["aws_ecs_cluster"]
        for setting in cluster.get("setting") or ()
        if setting["name"] == "containerInsights" and setting["value"] == "enhanced"
    ]
    return len(on) + len(resources["aws_ecs_service"]) + tasks * 3 if on else 0


def _keeping(resources: _ByType) -> _Counted:
    managed = [c for c in resources["aws_rds_cluster"] if c.get("manage_master_user_password")]
    yield "kms_key", len(resources["aws_kms_key"])
    yield "secret", len(resources["aws_secretsmanager_secret"]) + len(managed)
    yield "image_storage", len(resources["aws_ecr_repository"]) * _IMAGES_GB

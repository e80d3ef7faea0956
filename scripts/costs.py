"""The costs of an environment without traffic: quantities from Terraform's state, and unit prices.

`.venv/bin/python scripts/costs.py` evaluates the example variable files and writes the tables of
docs/costs.md and docs/costs.ja.md anew. The prices and what is assumed with them: docs/costs.toml.
"""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.definitions.terraform.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
PRICES = ROOT / "docs" / "costs.toml"
PAGES = {"en": ROOT / "docs" / "costs.md", "ja": ROOT / "docs" / "costs.ja.md"}
ENVIRONMENTS = ("development", "production")

_TABLE = re.compile(r"(<!-- costs -->\n).*?(<!-- /costs -->)", re.DOTALL)
_HEAD = {
    "en": ("What", "Unit price", "quantity", "a month", "Total"),
    "ja": ("項目", "単価", "数量", "月額", "合計"),
}
_UNITS = {
    "en": {"hour": "hour", "month": "month", "GB": "GB"},
    "ja": {"hour": "時間", "month": "月", "GB": "GB"},
}

_FLOW_LOG_GB = 0.11  # a month, for each target and zone
_ENHANCED_MONITORING_GB = 0.1  # a month, for each instance
_IMAGES_GB = 0.5  # for each repository
_METRICS_PER_SUBJECT = 15
_KEYS_OF_THE_PIPELINES_STACK = 1

Attributes = dict[str, Any]
Quantities = dict[str, float]


@dataclass(frozen=True, slots=True)
class Price:
    """In USD for one `unit`, of which `per_month` go into a month."""

    usd: float
    unit: str
    words: Mapping[str, str]
    per_month: float


def read_prices() -> dict[str, Price]:
    """By name, in the order of the file."""
    document = tomllib.loads(PRICES.read_text(encoding="utf-8"))
    hours = document["hours_per_month"]
    return {
        name: Price(
            usd=entry["usd"],
            unit=entry["unit"],
            words={"en": entry["en"], "ja": entry["ja"]},
            per_month=hours if entry["unit"] == "hour" else 1,
        )
        for name, entry in document["price"].items()
    }


def quantities(state: Mapping[str, Any]) -> Quantities:
    """The quantity of each unit, by the price's name: for an hour, or for a month.

    KeyError when the state has something without a rule here, such as another CPU architecture.
    """
    resources = _ByType(state)
    found: Quantities = {}
    for part in (_programs, _database, _network, _edge, _watching, _keeping):
        for name, amount in part(resources).items():
            found[name] = found.get(name, 0) + amount
    return {name: amount for name, amount in found.items() if amount}


def table(language: str, states: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown, one row a price in use, and the totals. KeyError when a price is missing."""
    prices = read_prices()
    counted = {name: quantities(state) for name, state in states.items()}
    unknown = {name for found in counted.values() for name in found} - prices.keys()
    if unknown:
        raise KeyError(f"{PRICES.name} has no price for {', '.join(sorted(unknown))}")
    return "\n".join(_rows(language, prices, counted)) + "\n"


def rewrite(page: str, made: str) -> str:
    """The page with its table replaced."""
    return _TABLE.sub(lambda found: f"{found[1]}{made}{found[2]}", page)


class _ByType:
    """The state's managed resources, by type."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self._found: dict[str, list[Attributes]] = {}
        for resource in _walk(state["values"]["root_module"]):
            if resource["mode"] == "managed":
                self._found.setdefault(resource["type"], []).append(resource["values"])

    def __getitem__(self, kind: str) -> list[Attributes]:
        return self._found.get(kind, [])


def _walk(module: Mapping[str, Any]) -> Iterator[Attributes]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _walk(child)


def _fewest(resources: _ByType) -> dict[str, int]:
    """Tasks of each idle service: auto scaling's minimum, or the desired number without it."""
    desired = {s["name"]: s["desired_count"] for s in resources["aws_ecs_service"]}
    return desired | {
        target["resource_id"].rpartition("/")[2]: target["min_capacity"]
        for target in resources["aws_appautoscaling_target"]
    }


def _programs(resources: _ByType) -> Quantities:
    fewest = _fewest(resources)
    definitions = {found["arn"]: found for found in resources["aws_ecs_task_definition"]}
    found: Quantities = {}
    for service in resources["aws_ecs_service"]:
        definition = definitions[service["task_definition"]]
        (strategy,) = service["capacity_provider_strategy"]
        architecture = definition["runtime_platform"][0]["cpu_architecture"].lower()
        name = f"{strategy['capacity_provider'].lower()}_{architecture}"
        tasks = fewest[service["name"]]
        for unit, amount in (("vcpu", "cpu"), ("memory", "memory")):
            key = f"{name}_{unit}"
            found[key] = found.get(key, 0) + tasks * int(definition[amount]) / 1024
    return found


def _database(resources: _ByType) -> Quantities:
    clusters = {found["cluster_identifier"]: found for found in resources["aws_rds_cluster"]}
    found: Quantities = {"aurora_storage": len(clusters)}
    for instance in resources["aws_rds_cluster_instance"]:
        name, amount = instance["instance_class"], 1.0
        if name == "db.serverless":
            cluster = clusters[instance["cluster_identifier"]]
            (scaling,) = cluster["serverlessv2_scaling_configuration"]
            name, amount = "aurora_acu", scaling["min_capacity"]
        found[name] = found.get(name, 0) + amount
    return found


def _network(resources: _ByType) -> Quantities:
    endpoints = [e for e in resources["aws_vpc_endpoint"] if e["vpc_endpoint_type"] == "Interface"]
    balancers = sum(len(found["subnets"]) for found in resources["aws_lb"])
    return {
        "nat_gateway": len(resources["aws_nat_gateway"]),
        "public_ipv4": len(resources["aws_eip"]) + balancers,
        "interface_endpoint": sum(len(found["subnet_ids"]) for found in endpoints),
    }


def _edge(resources: _ByType) -> Quantities:
    acls = resources["aws_wafv2_web_acl"]
    return {
        "load_balancer": len(resources["aws_lb"]),
        "web_acl": len(acls),
        "web_acl_rule": sum(len(acl["rule"]) for acl in acls),
    }


def _watching(resources: _ByType) -> Quantities:
    filters = [
        found["metric_transformation"][0] for found in resources["aws_cloudwatch_log_metric_filter"]
    ]
    alarms = resources["aws_cloudwatch_metric_alarm"]
    metrics = sum(
        sum(bool(query["metric"]) for query in alarm["metric_query"]) or 1 for alarm in alarms
    )
    tasks = sum(_fewest(resources).values())
    zones = sum(len(found["subnets"]) for found in resources["aws_lb"])
    instances = len(resources["aws_rds_cluster_instance"])
    return {
        "alarm_metric": metrics,
        "custom_metric": len({(found["namespace"], found["name"]) for found in filters}),
        "insights_metric": _METRICS_PER_SUBJECT * _insights_subjects(resources, tasks),
        "log_ingestion": tasks * zones * _FLOW_LOG_GB + instances * _ENHANCED_MONITORING_GB,
    }


def _insights_subjects(resources: _ByType, tasks: int) -> int:
    """The cluster, its services, their tasks, and two containers in each; none when it is off."""
    (cluster,) = resources["aws_ecs_cluster"]
    settings = {found["name"]: found["value"] for found in cluster["setting"]}
    match settings.get("containerInsights", "disabled"):
        case "disabled":
            return 0
        case "enhanced":
            return 1 + len(resources["aws_ecs_service"]) + tasks * 3
        case other:
            raise KeyError(f"Container Insights {other} has no price here")


def _keeping(resources: _ByType) -> Quantities:
    managed = [c for c in resources["aws_rds_cluster"] if c["manage_master_user_password"]]
    return {
        "kms_key": len(resources["aws_kms_key"]) + _KEYS_OF_THE_PIPELINES_STACK,
        "secret": len(resources["aws_secretsmanager_secret"]) + len(managed),
        "image_storage": len(resources["aws_ecr_repository"]) * _IMAGES_GB,
    }


def _rows(
    language: str, prices: Mapping[str, Price], counted: Mapping[str, Quantities]
) -> Iterator[str]:
    what, unit_price, quantity, month, total = _HEAD[language]
    columns = [text for name in counted for text in (f"{name}: {quantity}", f"{name}: {month}")]
    yield f"| {' | '.join((what, unit_price, *columns))} |"
    yield f"|---|---:|{'---:|' * len(columns)}"
    totals = dict.fromkeys(counted, 0.0)
    for name, price in prices.items():
        if not any(name in found for found in counted.values()):
            continue
        cells = []
        for environment, found in counted.items():
            amount = found.get(name, 0)
            usd = amount * price.per_month * price.usd
            totals[environment] += usd
            cells += [f"{amount:g}", f"{usd:.2f}"] if amount else ["", ""]
        unit = f"{price.usd:g}/{_UNITS[language][price.unit]}"
        yield f"| {' | '.join((price.words[language], unit, *cells))} |"
    cells = [text for usd in totals.values() for text in ("", f"**{usd:.0f}**")]
    yield f"| **{total}** | | {' | '.join(cells)} |"


def evaluate(environment: str) -> dict[str, Any]:
    """The state of an example variable file."""
    with tempfile.TemporaryDirectory(prefix="costs-") as home:
        infrastructure = ROOT / "infrastructure"
        variables = infrastructure / "environments" / f"{environment}.tfvars"
        workspace = Workspace(infrastructure, Path(home), [variables])
        workspace.apply()
        return workspace.state()


def main() -> None:
    """Write both pages."""
    states = {name: evaluate(name) for name in ENVIRONMENTS}
    for language, page in PAGES.items():
        text = page.read_text(encoding="utf-8")
        page.write_text(rewrite(text, table(language, states)), encoding="utf-8")


if __name__ == "__main__":
    main()

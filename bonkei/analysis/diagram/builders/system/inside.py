"""Databases, endpoints with the services behind them, and builds with their way out."""

from __future__ import annotations

from bonkei.analysis.diagram.builders.system.drawing import (
    APP,
    BEFORE,
    ENTRY,
    INNER,
    OUTSIDE,
    Drawing,
)
from bonkei.analysis.diagram.model import Arrow, Node
from bonkei.analysis.diagram.names import common_prefix, plural
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.blueprint.elasticache import Cache
from bonkei.blueprint.rds import DatabaseCluster

# The name of an endpoint's service for a reader.
_SERVICES: dict[str, str] = {
    "ecr.api": "ECR",
    "ecr.dkr": "ECR",
    "logs": "CloudWatch Logs",
    "secretsmanager": "Secrets Manager",
    "ssm": "Systems Manager",
    "ssmmessages": "Session Manager (ECS Exec)",
    "kms": "KMS",
    "s3": "S3",
    "sts": "STS",
    "monitoring": "CloudWatch",
    "kinesis-firehose": "Firehose",
    "dynamodb": "DynamoDB",
    "sns": "SNS",
    "sqs": "SQS",
}


def draw_inner(drawing: Drawing, services: tuple[Service, ...], first: int) -> int:
    """Draw below the row `first` of the first service. Returns the first free row."""
    blueprint = drawing.blueprint
    row = first
    for store in blueprint.stores:
        endpoints = store.endpoints if isinstance(store, Cache) else (store.endpoint,)
        users = [
            index
            for index, service in enumerate(services)
            if any(_uses(blueprint, service, endpoint) for endpoint in endpoints)
        ]
        row = max(row, first + min(users, default=0))
        name, lines = drawing.short(store.identifier), _described(store)
        node = Node(store.address, "database", name, INNER, row, lines)
        drawing.nodes.append(node)
        drawing.stand(node.id, store.subnet_ids)
        for index in users:
            drawing.arrows.append(Arrow(services[index].address, node.id, f"TCP {store.port}"))
        row += 1
    row = max(row, first + len(services))
    return _draw_endpoints(drawing, services, row)


def _described(store: DatabaseCluster | Cache) -> tuple[str, ...]:
    if isinstance(store, Cache):
        return (f"{store.engine.title()} cache",)
    names = {"aurora-postgresql": "Aurora PostgreSQL", "postgres": "PostgreSQL"}
    return (
        f"{names.get(store.engine, store.engine)} {store.engine_version}",
        plural(len(store.instances), "instance"),
        *(("encrypted",) if store.encrypted else ()),
    )


def _uses(blueprint: Blueprint, service: Service, endpoint: str) -> bool:
    definition = blueprint.task_definition(service.task_definition_arn)
    return any(endpoint in value for c in definition.containers for _, value in c.environment)


def _draw_endpoints(drawing: Drawing, services: tuple[Service, ...], row: int) -> int:
    endpoints = drawing.blueprint.network.endpoints
    for kind, title in (("Interface", "Interface endpoints"), ("Gateway", "Gateway endpoint")):
        found = [endpoint for endpoint in endpoints if endpoint.kind == kind]
        if not found:
            continue
        node_id = f"endpoints-{kind}"
        drawing.nodes.append(
            Node(node_id, "endpoint", title, INNER, row, _in_lines([e.service for e in found]))
        )
        if kind == "Interface":
            drawing.stand(node_id, found[0].subnet_ids)
        behind = f"behind-{kind}"
        names = sorted({_SERVICES.get(e.service, e.service) for e in found})
        heading, lines = ("AWS services", _in_lines(names)) if len(names) > 1 else (names[0], ())
        drawing.nodes.append(Node(behind, "internet", heading, OUTSIDE, row, lines))
        drawing.arrows.append(Arrow(node_id, behind, style="data"))
        for service in services:
            drawing.arrows.append(Arrow(service.address, node_id, style="data"))
        row += 1
    return row


def _in_lines(names: list[str]) -> tuple[str, ...]:
    """Write two names on each line."""
    pairs = [names[i : i + 2] for i in range(0, len(names), 2)]
    return tuple(", ".join(pair) for pair in pairs)


def draw_builds(drawing: Drawing, row: int) -> None:
    blueprint = drawing.blueprint
    placed = [p for p in blueprint.build_projects if p.subnet_ids]
    nats = blueprint.network.nat_gateways
    if not nats:
        return
    nat = nats[0]
    lines = (plural(len(nats), "gateway"),)
    drawing.nodes.append(Node(nat.address, "nat", "NAT gateway", ENTRY, row, lines))
    drawing.stand(nat.address, tuple(sorted({n.subnet_id for n in nats})))
    drawing.nodes.append(Node("internet", "internet", "Internet", BEFORE, row, ("packages",)))
    drawing.arrows.append(Arrow(nat.address, "internet", style="data"))
    if placed:
        names = [drawing.short(project.name) for project in placed]
        alike = common_prefix(names)
        names = [name.removeprefix(alike) for name in names]
        drawing.nodes.append(Node("builds", "build", "CodeBuild", APP, row, _in_lines(names)))
        drawing.stand("builds", placed[0].subnet_ids)
        drawing.arrows.append(Arrow("builds", nat.address, style="data"))
        for index, pipeline in enumerate(blueprint.pipelines):
            stages = [stage.name for stage in pipeline.stages]
            node = Node(
                pipeline.address,
                "pipeline",
                drawing.short(pipeline.name),
                OUTSIDE,
                row + index,
                _in_lines(stages),
            )
            drawing.nodes.append(node)
            drawing.arrows.append(Arrow(node.id, "builds", "builds", "control"))

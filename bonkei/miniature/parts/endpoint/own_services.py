"""What answers for each AWS service, by botocore's names. The endpoint looks it up here.

To add a service: add its name to `scripts/extract_service_models.py` and run that, write an
`AwsService` in its part, and add a line here. docs/decisions/aws-endpoint.md describes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bonkei.base.aws_service import Asks, AwsService
from bonkei.blueprint import Blueprint
from bonkei.services.ecs.api import service as ecs
from bonkei.services.ecs.api.values import Ecs
from bonkei.services.edge import api as elbv2
from bonkei.services.edge.snapshot import EdgeSnapshot
from bonkei.services.rds import api as rds
from bonkei.services.rds.estate import Servers
from bonkei.services.rds.snapshot import DatabaseSnapshot


def own_services(
    tasks: Callable[[], Ecs | None],
    logs: AwsService,
    blueprint: Callable[[], Blueprint],
    edge: Callable[[], EdgeSnapshot],
    databases: Callable[[], Sequence[DatabaseSnapshot]],
    servers: Servers,
    asks: Asks,
) -> Mapping[str, AwsService]:
    """`tasks`: the part that runs them, once it exists. `logs`: CloudWatch Logs. `servers`: the
    databases'. `asks`: what roles may do."""
    return {
        "ecs": ecs.service(tasks, asks),
        "elbv2": elbv2.service(
            blueprint, lambda arn: _health(edge(), arn), lambda: dict(edge().shifts)
        ),
        "logs": logs,
        "rds": rds.service(blueprint, lambda: dict(map(_state, databases())), servers),
    }


def _health(edge: EdgeSnapshot, arn: str) -> list[elbv2.TargetHealth]:
    return [
        elbv2.TargetHealth(target.host, target.port, target.state, target.reason)
        for group in edge.target_groups
        if group.arn == arn
        for target in group.targets
    ]


def _state(database: DatabaseSnapshot) -> tuple[str, rds.DatabaseState]:
    host, _, port = database.endpoint.rpartition(":")
    return database.identifier, rds.DatabaseState(
        database.status, host, int(port or 5432), database.earliest
    )

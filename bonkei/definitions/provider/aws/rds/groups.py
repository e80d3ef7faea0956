"""Amazon RDS: subnet groups, parameter groups, event subscriptions.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.rds.postgresql import postgresql_parameters
from bonkei.definitions.provider.aws.shared.checks import (
    Check,
    at,
    length,
    matches,
    unique,
    whole,
)
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint, made_name_as_id
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Refused, ResourceBehaviour
from bonkei.definitions.provider.values import Value

_group_name: tuple[Check, ...] = (
    length(1, 255),
    matches(r"[0-9a-z._-]+", "lower-case letters, digits, periods, underscores and hyphens"),
)

_FAMILY = (
    r"(aurora-(mysql|postgresql)|aurora|docdb|mariadb|mysql|neptune|postgres)\d+(\.\d+)?"
    r"|(custom|db2|oracle|sqlserver)-[a-z0-9-]+-\d+(\.\d+)?"
)


def _subnet_group(mint: Mint) -> Mapping[str, Value]:
    name = mint.name().lower()
    wanted = set(mint.given("subnet_ids") or ())
    subnets = [s for s in mint.context.peers("aws_subnet") if s.get("id") in wanted]
    zones = {subnet.get("availability_zone") for subnet in subnets}
    if len(subnets) == len(wanted) and len(zones) < 2:
        raise Refused(
            "DBSubnetGroupDoesNotCoverEnoughAZs: the subnets lie in one availability zone",
            "A DB subnet group covers two availability zones at least.",
            ("subnet_ids",),
        )
    return {
        "id": name,
        "arn": mint.arn("rds", f"subgrp:{name}"),
        "name": name,
        "supported_network_types": ["IPV4"],
        "vpc_id": subnets[0].get("vpc_id") if subnets else None,
    }


def _parameter_group(kind: str) -> ResourceBehaviour:
    return resource(
        made_name_as_id("rds", f"{kind}:"),
        at("name", *_group_name),
        at("name_prefix", length(1, 226)),
        at("family", matches(_FAMILY, "a family of an engine, such as aurora-postgresql17")),
        unique("parameter", "name", "parameter"),
        postgresql_parameters,
        import_="name",
    )


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_db_subnet_group": resource(
        _subnet_group,
        at("name", *_group_name),
        at("name_prefix", length(1, 229)),
        whole("subnet_ids", length(1, 20)),
    ),
    "aws_rds_cluster_parameter_group": _parameter_group("cluster-pg"),
    "aws_db_parameter_group": _parameter_group("pg"),
    "aws_db_event_subscription": resource(
        lambda mint: {
            "id": mint.name(),
            "arn": mint.arn("rds", f"es:{mint.name()}"),
            "name": mint.name(),
            "customer_aws_id": mint.account,
        },
        at("sns_topic", arn("sns")),
    ),
}

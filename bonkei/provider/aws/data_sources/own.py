"""What the stack itself has made, read again; and the one thing that it cannot make: its domain's
hosted zone.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.seeds import HEX, UPPER, scatter
from bonkei.provider.aws.zones import name_servers
from bonkei.provider.behaviour import Context, DataSource, Refused
from bonkei.provider.values import Object


def _own(resource_type: str, *keys: str, **renamed: str) -> DataSource:
    """One of this stack's own resources, found by any of the keys. Others cannot be read.

    `renamed`: the data source's key -> the resource's.
    """
    names = {key: key for key in keys} | renamed

    def read(config: Object, context: Context) -> Object:
        wanted = {key: config[key] for key in names if config.get(key) not in (None, "")}
        for peer in context.peers(resource_type):
            if wanted and all(peer.get(names[key]) == value for key, value in wanted.items()):
                return {**peer, **wanted}
        said = ", ".join(f'{key} = "{value}"' for key, value in wanted.items())
        raise Refused(
            f"there is no {resource_type} with {said}",
            "Only what this stack itself has made can be read here; there is no AWS account behind"
            " the miniature. Pass the value in as a variable, or make the resource in this stack.",
        )

    return DataSource(read=read)


def _zone(config: Object, context: Context) -> Object:
    """A hosted zone of this stack; else one taken to exist, minted from its name.

    A zone is the one thing that a stack cannot make for itself: its name servers must be known to
    the parent domain. So a name (with a dot) is believed.
    """
    name = str(config.get("name") or "").rstrip(".")
    identifier = str(config.get("zone_id") or "")
    for peer in context.peers("aws_route53_zone"):
        if identifier == peer.get("zone_id") or (name and name == peer.get("name")):
            return {**peer, "id": peer.get("zone_id")}
    if "." not in name:
        raise Refused(
            f'there is no hosted zone "{name or identifier}"',
            "A zone of this stack is found by name or id; any other by its domain name.",
            ("name",) if name else ("zone_id",),
        )
    zone = f"Z{scatter(f'route53/{name}', 20, UPPER)}"
    servers = name_servers(f"route53/{name}")
    return {
        "id": zone,
        "zone_id": zone,
        "name": name,
        "arn": f"arn:{context.partition}:route53:::hostedzone/{zone}",
        "name_servers": servers,
        "primary_name_server": servers[0],
        "caller_reference": scatter(name, 32, HEX),
        "comment": "",
        "resource_record_set_count": 2,
        "tags": {},
    }


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_iam_role": _own("aws_iam_role", "name"),
    "aws_kms_key": _own("aws_kms_key", "key_id"),
    "aws_ecr_repository": _own("aws_ecr_repository", "name"),
    "aws_ecs_cluster": _own("aws_ecs_cluster", cluster_name="name"),
    "aws_secretsmanager_secret": _own("aws_secretsmanager_secret", "name", "arn"),
    "aws_ssm_parameter": _own("aws_ssm_parameter", "name"),
    "aws_sns_topic": _own("aws_sns_topic", "name"),
    "aws_s3_bucket": _own("aws_s3_bucket", "bucket"),
    "aws_vpc": _own("aws_vpc", "id"),
    "aws_subnet": _own("aws_subnet", "id"),
    "aws_security_group": _own("aws_security_group", "id", "name", "vpc_id"),
    "aws_cloudwatch_log_group": _own("aws_cloudwatch_log_group", "name"),
    "aws_lb": _own("aws_lb", "arn", "name"),
    "aws_route53_zone": DataSource(read=_zone),
}

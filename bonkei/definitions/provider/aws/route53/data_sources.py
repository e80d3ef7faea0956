"""Hosted zones of this stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.blocks import each
from bonkei.definitions.provider.aws.shared.own import own
from bonkei.definitions.provider.behaviour import Context, DataSource
from bonkei.definitions.provider.values import Object, Value


def _zones(context: Context) -> Iterator[Object]:
    """A zone that is associated with a VPC is private. It is listed once for each of its VPCs."""
    for zone in context.peers("aws_route53_zone"):
        vpcs = tuple(one.get("vpc_id") for one in each(zone.get("vpc")))
        whole = {**zone, "id": zone.get("zone_id"), "private_zone": bool(vpcs)}
        whole |= {"name": _without_dot(zone.get("name")), "resource_record_set_count": 2}
        yield from ({**whole, "vpc_id": vpc} for vpc in vpcs or (None,))


def _zone(config: Object, context: Context) -> Object:
    """Find a zone by id or by name. A private zone is found by name only with `private_zone`."""
    name = config.get("name")
    asked = {**config, "name": _without_dot(name)}
    if name:
        asked["private_zone"] = bool(config.get("private_zone"))
    found = own("aws_route53_zone", _zones).read(asked, context)
    return {**found, "name": name or found["name"]}


def _without_dot(name: Value) -> Value:
    return name.rstrip(".") if isinstance(name, str) else name


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_route53_zone": DataSource(read=_zone),
}

"""The network without one of its zones."""

from __future__ import annotations

from typing import Any

from bonkei.analysis.network.callers import find_caller
from bonkei.analysis.network.ways import way_to_aws
from bonkei.analysis.network.zones import every_zone, without_zones, zones_of
from bonkei.blueprint import Blueprint, read
from tests.bonkei.analysis.check.changes import Change
from tests.bonkei.analysis.check.stack.whole import sound, state


def stack(*changes: Change) -> Blueprint:
    found: Any = sound()
    found["aws_subnet.app_c"] = dict(found["aws_subnet.app"]) | {
        "id": "subnet-app-c",
        "arn": "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-app-c",
        "cidr_block": "10.0.5.0/24",
        "availability_zone": "eu-west-1c",
    }
    for change in changes:
        change(found)
    return read(state(found))


def obstacle(blueprint: Blueprint, service: str) -> str:
    caller = find_caller(blueprint, "task app")
    assert caller is not None
    return way_to_aws(blueprint, caller, service, "", "t").obstacle


def test_the_zones_of_subnets() -> None:
    found = stack()
    assert every_zone(found) == ("eu-west-1a", "eu-west-1c")
    assert zones_of(found, ("subnet-app-c", "unknown")) == ("eu-west-1c",)


def test_an_endpoint_in_that_zone_alone_is_lost() -> None:
    """An interface endpoint has an address in each of its subnets: "Access an AWS service using an
    interface VPC endpoint"."""
    whole = stack()
    assert obstacle(whole, "secretsmanager") == ""
    lost = without_zones(whole, {"eu-west-1a"})
    assert "stands in no subnet" in obstacle(lost, "secretsmanager")
    assert obstacle(without_zones(whole, {"eu-west-1c"}), "secretsmanager") == ""


def test_nothing_changes_without_zones() -> None:
    whole = stack()
    assert without_zones(whole, ()) is whole


def test_a_service_keeps_the_subnets_of_other_zones() -> None:
    whole = stack()
    service = next(one for one in whole.services if one.name == "app")
    lost = without_zones(whole, {"eu-west-1a"})
    assert next(one for one in lost.services if one.name == "app").subnet_ids == service.subnet_ids
    assert service.subnet_ids == ("subnet-app",)

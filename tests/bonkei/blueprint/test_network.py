from __future__ import annotations

from typing import Any

import pytest

from bonkei.blueprint.ec2 import Route


def subnet(identifier: str) -> dict[str, Any]:
    return {
        "arn": f"arn:{identifier}",
        "id": identifier,
        "vpc_id": "vpc-1",
        "cidr_block": "10.0.1.0/24",
        "availability_zone": "eu-west-1a",
    }


VPC = {
    "arn": "arn:vpc-1",
    "id": "vpc-1",
    "cidr_block": "10.0.0.0/16",
    "enable_dns_support": True,
    "enable_dns_hostnames": True,
    "main_route_table_id": "rtb-main",
}


def test_a_subnet_has_the_routes_of_its_table(blueprint) -> None:
    found = blueprint(
        {
            "aws_vpc.this": VPC,
            "aws_subnet.a": subnet("subnet-a"),
            "aws_subnet.b": subnet("subnet-b"),
            "aws_route_table.a": {
                "id": "rtb-a",
                "vpc_id": "vpc-1",
                "route": [
                    {"cidr_block": "0.0.0.0/0", "nat_gateway_id": "nat-1", "gateway_id": ""},
                    {"cidr_block": "10.0.0.0/16", "gateway_id": "local"},
                ],
            },
            "aws_route.nat": {
                "route_table_id": "rtb-a",
                "destination_cidr_block": "0.0.0.0/0",
                "nat_gateway_id": "nat-1",
            },
            "aws_route.main": {
                "route_table_id": "rtb-main",
                "destination_ipv6_cidr_block": "::/0",
                "egress_only_gateway_id": "eigw-1",
            },
            "aws_route_table_association.a": {"subnet_id": "subnet-a", "route_table_id": "rtb-a"},
        }
    ).network
    a, b = found.subnets
    assert a.routes == (Route("0.0.0.0/0", "nat_gateway", "nat-1", "aws_route.nat"),)
    assert b.route_table_id == "rtb-main"
    assert b.routes == (Route("::/0", "egress_only_internet_gateway", "eigw-1", "aws_route.main"),)
    assert found.vpcs[0].dns
    assert found.subnet("subnet-b") is b
    assert found.subnet("elsewhere") is None


@pytest.mark.parametrize(
    ("gateway", "kind"), [("igw-1", "internet_gateway"), ("vpce-1", "vpc_endpoint")]
)
def test_the_kind_of_a_gateway_follows_from_its_id(blueprint, gateway, kind) -> None:
    found = blueprint(
        {
            "aws_vpc.this": VPC,
            "aws_subnet.a": subnet("subnet-a"),
            "aws_route.r": {
                "route_table_id": "rtb-main",
                "destination_prefix_list_id": "pl-1",
                "gateway_id": gateway,
            },
        }
    ).network
    assert found.subnets[0].routes == (Route("pl-1", kind, gateway, "aws_route.r"),)


def test_an_endpoint_has_its_associations(blueprint) -> None:
    found = blueprint(
        {
            "aws_vpc_endpoint.logs": {
                "id": "vpce-1",
                "vpc_id": "vpc-1",
                "service_name": "com.amazonaws.eu-west-1.ecr.api",
                "vpc_endpoint_type": "Interface",
                "private_dns_enabled": True,
                "subnet_ids": ["subnet-a"],
                "security_group_ids": ["sg-1"],
            },
            "aws_vpc_endpoint_subnet_association.b": {
                "vpc_endpoint_id": "vpce-1",
                "subnet_id": "subnet-b",
            },
            "aws_vpc_endpoint.s3": {
                "id": "vpce-2",
                "vpc_id": "vpc-1",
                "service_name": "com.amazonaws.eu-west-1.s3",
                "vpc_endpoint_type": "Gateway",
                "route_table_ids": ["rtb-a"],
                "prefix_list_id": "pl-s3",
            },
        }
    ).network
    logs, s3 = found.endpoints
    assert (logs.service, logs.kind, logs.private_dns) == ("ecr.api", "Interface", True)
    assert logs.subnet_ids == ("subnet-a", "subnet-b")
    assert (s3.service, s3.route_table_ids) == ("s3", ("rtb-a",))
    assert found.prefix_list("pl-s3") is not None


def test_a_prefix_lists_weight(blueprint) -> None:
    """AWS-managed prefix lists: CloudFront's origin-facing list has the weight 55. Your own list
    has its maximum number of entries as its weight.
    """
    found = blueprint(
        {
            "data.aws_ec2_managed_prefix_list.cloudfront": {
                "id": "pl-1",
                "name": "com.amazonaws.global.cloudfront.origin-facing",
                "max_entries": 0,
            },
            "data.aws_ec2_managed_prefix_list.s3": {
                "id": "pl-2",
                "name": "com.amazonaws.eu-west-1.s3",
            },
            "aws_ec2_managed_prefix_list.own": {"id": "pl-3", "name": "office", "max_entries": 7},
        }
    ).network
    assert {p.id: p.weight for p in found.prefix_lists} == {"pl-1": 55, "pl-2": 1, "pl-3": 7}


def test_rules_are_read_in_every_spelling(blueprint) -> None:
    group = {"arn": "arn:sg", "name": "g", "vpc_id": "vpc-1", "ingress": [], "egress": []}
    inline = {
        "protocol": "tcp",
        "from_port": 80,
        "to_port": 81,
        "cidr_blocks": ["10.0.0.0/8"],
        "ipv6_cidr_blocks": ["::/0"],
        "prefix_list_ids": [],
        "security_groups": ["sg-9"],
        "self": True,
    }
    found = blueprint(
        {
            "aws_security_group.a": {**group, "id": "sg-1", "ingress": [inline]},
            "aws_security_group.b": {
                **group,
                "id": "sg-2",
                "ingress": [inline],
                "egress": [{**inline, "self": False}],
            },
            "aws_security_group_rule.b": {
                "security_group_id": "sg-2",
                "type": "egress",
                "protocol": "-1",
                "from_port": 0,
                "to_port": 0,
                "source_security_group_id": "sg-1",
                "self": False,
            },
            "aws_security_group.c": {**group, "id": "sg-3"},
            "aws_vpc_security_group_ingress_rule.c": {
                "security_group_id": "sg-3",
                "ip_protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
                "prefix_list_id": "pl-1",
            },
        }
    )
    a, b, c = found.security_groups
    rule = a.ingress()[0]
    assert rule.cidr_blocks == ("10.0.0.0/8", "::/0")
    assert rule.security_group_ids == ("sg-1", "sg-9")
    assert [rule.covers("tcp", port) for port in (79, 80, 81, 82)] == [False, True, True, False]
    assert not rule.covers("udp", 80)
    # The state repeats separate rules inside the group. They are read once.
    assert [rule.covers("udp", 1) for rule in b.egress()] == [True]
    assert [rule.covers("tcp", 80) for rule in b.ingress()] == [True]
    assert c.ingress()[0].prefix_list_ids == ("pl-1",)
    assert found.security_group("sg-2") is b


def test_services_and_databases_have_their_subnets_and_groups(blueprint) -> None:
    found = blueprint(
        {
            "aws_rds_cluster.this": {
                "arn": "arn:db",
                "cluster_identifier": "db",
                "engine": "aurora-postgresql",
                "engine_version": "17.5",
                "endpoint": "db",
                "db_subnet_group_name": "group",
                "vpc_security_group_ids": ["sg-1"],
                "storage_encrypted": True,
                "kms_key_id": "key",
            },
            "aws_db_subnet_group.this": {"name": "group", "subnet_ids": ["b", "a"]},
        }
    ).database_clusters[0]
    assert (found.subnet_ids, found.security_group_ids) == (("a", "b"), ("sg-1",))
    assert (found.encrypted, found.kms_key_id) == (True, "key")

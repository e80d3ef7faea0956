"""Data sources that find resources of the stack, or resources of every account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import ip_network
from itertools import combinations
from typing import Any

import pytest

from bonkei.base.vault import MemoryVault
from bonkei.definitions.provider import schema
from bonkei.definitions.provider.aws import DATA_SOURCES, RESOURCES
from bonkei.definitions.provider.behaviour import Context, Refused
from bonkei.definitions.provider.plugin.connection import decode, encode
from bonkei.definitions.provider.values import UNKNOWN, Object

SCHEMA = schema.load("aws-schema.json.gz")
VPC = {
    "id": "vpc-1",
    "arn": "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1",
    "cidr_block": "10.0.0.0/16",
    "default_security_group_id": "sg-born",
    "main_route_table_id": "rtb-main",
    "tags_all": {"Name": "shop-dev", "Tier": "net"},
}
SUBNETS = [
    {
        "id": f"subnet-{zone}",
        "vpc_id": "vpc-1",
        "availability_zone": f"us-east-1{zone}",
        "tags": tags,
    }
    for zone, tags in (("a", {"Tier": "public"}), ("b", {"Tier": "private"}))
]
OTHERS = {
    "aws_vpc": [VPC],
    "aws_subnet": SUBNETS,
    "aws_route_table": [{"id": "rtb-1", "vpc_id": "vpc-1", "tags": {}}],
    "aws_route_table_association": [{"route_table_id": "rtb-1", "subnet_id": "subnet-a"}],
    "aws_security_group": [{"id": "sg-1", "name": "web", "vpc_id": "vpc-1"}],
    "aws_lb": [{"id": "arn:lb", "arn": "arn:lb", "name": "web"}],
    "aws_ecs_service": [{"id": "arn:s", "name": "web", "cluster": "arn:c", "desired_count": 2}],
    "aws_ecs_task_definition": [
        {
            "id": "web",
            "arn": f"arn:aws:ecs:r:a:task-definition/web:{n}",
            "family": "web",
            "revision": n,
        }
        for n in (1, 3, 2)
    ],
    "aws_rds_cluster": [{"id": "main", "cluster_identifier": "main", "port": 5432}],
    "aws_db_instance": [{"id": "db-1", "identifier": "main", "address": "main.rds"}],
    "aws_secretsmanager_secret": [{"id": "arn:secret", "arn": "arn:secret", "name": "db"}],
    "aws_kms_key": [{"id": "k-1", "key_id": "k-1", "arn": "arn:k-1"}],
    "aws_kms_alias": [{"id": "alias/app", "name": "alias/app", "target_key_id": "k-1"}],
    "aws_service_discovery_private_dns_namespace": [{"id": "ns-1", "name": "shop.local"}],
    "aws_route53_zone": [
        {"zone_id": "Z1", "name": "shop.example", "vpc": []},
        {"zone_id": "Z2", "name": "shop.example", "vpc": [{"vpc_id": "vpc-1"}, {"vpc_id": "v"}]},
    ],
    "aws_acm_certificate": [{"id": "arn:cert", "arn": "arn:cert", "domain_name": "example.com"}],
}


def read(type_name: str, _filter: dict[str, list[str]] | None = None, **arguments: Any) -> Object:
    """The data source's values, as Terraform gets them."""
    block = SCHEMA.data_sources[type_name]
    config = {**schema.empty(block), **arguments}
    if _filter:
        config["filter"] = [{"name": name, "values": values} for name, values in _filter.items()]

    def peers(kind: str) -> Sequence[Object]:
        return OTHERS.get(kind, ())

    context = Context(peers=peers, vault=MemoryVault({"arn:secret": "hidden"}))
    found = {**config, **DATA_SOURCES[type_name].read(config, context)}
    return decode(encode(found, block), block)


@pytest.mark.parametrize(
    ("type_name", "looked_for", "attribute", "value"),
    [
        ("aws_vpc", {"id": "vpc-1"}, "cidr_block", "10.0.0.0/16"),
        ("aws_vpc", {"tags": {"Name": "shop-*"}}, "id", "vpc-1"),
        ("aws_vpc", {"_filter": {"tag:Name": ["shop-dev"], "cidr": ["10.0.*"]}}, "id", "vpc-1"),
        (
            "aws_subnet",
            {"_filter": {"availability-zone": ["us-east-1b"], "vpc-id": ["vpc-1"]}},
            "id",
            "subnet-b",
        ),
        ("aws_subnets", {"_filter": {"vpc-id": ["vpc-1"]}}, "ids", ["subnet-a", "subnet-b"]),
        (
            "aws_subnets",
            {"_filter": {"vpc-id": ["vpc-1"]}, "tags": {"Tier": "public"}},
            "ids",
            ["subnet-a"],
        ),
        ("aws_subnets", {"_filter": {"vpc-id": ["vpc-1"], "tag:Tier": ["x*"]}}, "ids", []),
        ("aws_security_group", {"name": "web"}, "id", "sg-1"),
        ("aws_security_group", {"name": "default", "vpc_id": "vpc-1"}, "id", "sg-born"),
        ("aws_security_groups", {"_filter": {"group-name": ["web"]}}, "ids", ["sg-1"]),
        ("aws_route_table", {"subnet_id": "subnet-a"}, "route_table_id", "rtb-1"),
        (
            "aws_route_table",
            {"vpc_id": "vpc-1", "_filter": {"association.main": ["true"]}},
            "id",
            "rtb-main",
        ),
        (
            "aws_route_tables",
            {"_filter": {"association.subnet-id": ["subnet-a", "subnet-b"]}},
            "ids",
            ["rtb-1"],
        ),
        ("aws_lb", {"name": "web"}, "arn", "arn:lb"),
        ("aws_ecs_service", {"service_name": "web", "cluster_arn": "arn:c"}, "desired_count", 2),
        ("aws_ecs_task_definition", {"task_definition": "web"}, "revision", 3),
        ("aws_ecs_task_definition", {"task_definition": "web:1"}, "revision", 1),
        ("aws_rds_cluster", {"cluster_identifier": "main"}, "port", 5432),
        ("aws_db_instance", {"db_instance_identifier": "main"}, "address", "main.rds"),
        ("aws_secretsmanager_secret_version", {"secret_id": "db"}, "secret_string", "hidden"),
        ("aws_kms_key", {"key_id": "alias/app"}, "arn", "arn:k-1"),
        (
            "aws_service_discovery_dns_namespace",
            {"name": "shop.local", "type": "DNS_PRIVATE"},
            "id",
            "ns-1",
        ),
        (
            "aws_acm_certificate",
            {"domain": "example.com", "statuses": ["ISSUED"]},
            "arn",
            "arn:cert",
        ),
        ("aws_availability_zone", {"name": "us-east-1b"}, "name_suffix", "b"),
        ("aws_route53_zone", {"name": "shop.example."}, "zone_id", "Z1"),
        ("aws_route53_zone", {"name": "shop.example", "private_zone": True}, "zone_id", "Z2"),
        ("aws_route53_zone", {"zone_id": "Z2"}, "name", "shop.example"),
    ],
)
def test_resources_of_the_stack_are_found(
    type_name: str, looked_for: dict[str, Any], attribute: str, value: Any
) -> None:
    assert read(type_name, **looked_for)[attribute] == value


@pytest.mark.parametrize(
    ("type_name", "looked_for", "said"),
    [
        ("aws_vpc", {"tags": {"Name": "other"}}, 'no aws_vpc with tags.Name = "other"'),
        ("aws_vpc", {"_filter": {"tag:Name": ["other"]}}, "no aws_vpc with tag:Name = other"),
        ("aws_vpc", {}, "2 of aws_vpc have nothing to distinguish them"),
        ("aws_subnets", {"_filter": {"outpost-arn": ["x"]}}, '"outpost-arn" is not known here'),
        ("aws_ecs_task_definition", {"task_definition": "api"}, 'task_definition = "api"'),
        ("aws_secretsmanager_secret_version", {"secret_id": "other"}, "aws_secretsmanager_secret"),
        ("aws_kms_alias", {"name": "alias/other"}, "no aws_kms_alias"),
        ("aws_ssm_parameter", {"name": "/prod/key"}, "no aws_ssm_parameter"),
        ("aws_availability_zone", {"name": "us-east-1z"}, "us-east-1z"),
        ("aws_route53_zone", {"name": "example.org"}, 'no aws_route53_zone with name = "example'),
        (
            "aws_acm_certificate",
            {"domain": "*.example.org", "most_recent": True},
            'no aws_acm_certificate with domain = "*.example.org"',
        ),
    ],
)
def test_a_missing_or_ambiguous_resource_is_refused(
    type_name: str, looked_for: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused) as raised:
        read(type_name, **looked_for)
    assert said in raised.value.problem.summary
    assert raised.value.problem.detail


SUBNET_ID = "subnet-0a1b2c3d4e5f60718"


def proposed(type_name: str, config: dict[str, Any]) -> list[dict[str, Any]]:
    """What one would have to describe so that the look-up finds something."""
    source = DATA_SOURCES[type_name]
    try:
        return [dict(one) for one in source.missing(config, source.read(config, Context()))]
    except Refused as refusal:
        return [dict(one) for one in refusal.missing]


def test_what_is_missed_is_described_with_what_others_read_of_it() -> None:
    [vpc] = proposed("aws_vpc", {"tags": {"Name": "shared"}})
    assert vpc == {"type": "aws_vpc", "tags": {"Name": "shared"}, "cidr_block": "10.0.0.0/16"}
    of_vpc = {"filter": [{"name": "vpc-id", "values": ["vpc-1"]}]}
    two = [one for tier in "ab" for one in proposed("aws_subnets", {**of_vpc, "tags": {"T": tier}})]
    ranges = [ip_network(one["cidr_block"]) for one in [*two, *proposed("aws_subnet", of_vpc)]]
    assert all(each.subnet_of(ip_network(vpc["cidr_block"])) for each in ranges)
    assert not any(one.overlaps(other) for one, other in combinations(ranges[:4], 2))
    table, link = proposed("aws_route_table", {"subnet_id": SUBNET_ID})
    assert link == {
        "type": "aws_route_table_association",
        "subnet_id": SUBNET_ID,
        "route_table_id": table["id"],
    }
    peers = {"aws_route_table": [table], "aws_route_table_association": [link]}
    context = Context(peers=lambda kind: peers.get(kind, []))
    assert DATA_SOURCES["aws_route_table"].read({"subnet_id": SUBNET_ID}, context)["id"]


def test_the_default_vpc_exists_and_its_resources_adopt_the_same_values() -> None:
    vpc = read("aws_vpc", default=True)
    assert vpc["cidr_block"] == "172.31.0.0/16"
    subnets = read("aws_subnets", {"vpc-id": [vpc["id"]], "default-for-az": ["true"]})["ids"]
    assert len(set(subnets)) == 6  # the number of zones in us-east-1
    planned = {"id": UNKNOWN, "availability_zone": "us-east-1c"}
    adopted = RESOURCES["aws_default_subnet"].mint(planned, Context())
    assert adopted["id"] in subnets
    assert adopted["vpc_id"] == RESOURCES["aws_default_vpc"].mint({}, Context())["id"] == vpc["id"]
    found = read("aws_subnet", id=adopted["id"])
    assert (found["availability_zone"], found["cidr_block"]) == ("us-east-1c", "172.31.32.0/20")
    gateway = read("aws_internet_gateway", {"attachment.vpc-id": [vpc["id"]]})
    assert gateway["id"].startswith("igw-0")


def test_resources_outside_the_stack_are_assumed_and_stay_the_same() -> None:
    image = read("aws_ami", {"name": ["al2023-ami-*-arm64"]}, owners=["amazon"])
    assert (image["id"][:5], image["architecture"]) == ("ami-0", "arm64")
    assert read("aws_ssm_parameter", name="/aws/service/ami-x/id")["value"].startswith("ami-0")
    machine = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended"
    assert json.loads(read("aws_ssm_parameter", name=machine)["value"])["image_id"][:5] == "ami-0"
    router = read("aws_ssm_parameter", name="/aws/service/aws-for-fluent-bit/stable")
    assert router["value"].endswith(".us-east-1.amazonaws.com/aws-for-fluent-bit:stable")
    key = read("aws_kms_alias", name="alias/aws/rds")
    assert read("aws_kms_key", key_id="alias/aws/rds")["arn"] == key["target_key_arn"]
    assert read("aws_cloudwatch_event_bus", name="default")["arn"].endswith("event-bus/default")


def test_a_requested_database_version_is_returned() -> None:
    found = read("aws_rds_engine_version", engine="aurora-postgresql", version="17.5")
    assert found["parameter_group_family"] == "aurora-postgresql17"
    preferred = ["16.9", "15.4"]
    found = read("aws_rds_engine_version", engine="postgres", preferred_versions=preferred)
    assert (found["version"], found["parameter_group_family"]) == ("16.9", "postgres16")
    with pytest.raises(Refused, match="newest"):
        read("aws_rds_engine_version", engine="postgres", latest=True)


def test_an_arn_is_split() -> None:
    found = read("aws_arn", arn="arn:aws:sns:us-east-1:123456789012:a:b")
    assert (found["service"], found["account"], found["resource"]) == ("sns", "123456789012", "a:b")
    with pytest.raises(Refused, match="not an ARN"):
        read("aws_arn", arn="sns")


def test_a_missing_zone_of_the_default_vpc_is_refused() -> None:
    with pytest.raises(Refused, match="no default subnet"):
        RESOURCES["aws_default_subnet"].mint({"availability_zone": "us-east-1z"}, Context())

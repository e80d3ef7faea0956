"""Data sources find resources outside the stack, and resources of the state, like the stack's
own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.vault import MemoryVault
from bonkei.definitions.provider import addresses, catalogue
from bonkei.definitions.provider.behaviour import Context, Problem, Refused
from bonkei.definitions.provider.existing import Existing
from bonkei.definitions.provider.private import Private
from bonkei.definitions.provider.proposals import read_blocks
from bonkei.definitions.provider.schema import empty
from bonkei.definitions.provider.surroundings import Peers
from bonkei.definitions.provider.surroundings import read as surroundings
from bonkei.definitions.provider.values import Object
from bonkei.definitions.terraform.inputs.elsewhere import check_existing

AWS = catalogue.providers()[addresses.AWS]
SECRET = {"type": "aws_secretsmanager_secret", "name": "payments/key"}
VALUE = {
    "type": "aws_secretsmanager_secret_version",
    "secret_id": "payments/key",
    "secret_string": "hidden",
}


def read(existing: Existing, data_source: str, **config: object) -> Object:
    context = Context(vault=MemoryVault())
    around = Context(peers=existing.beside(context.peers, context))
    return AWS.data_sources[data_source].read(config, around)


def test_given_values_win_and_the_others_have_the_form_of_aws() -> None:
    vpc = {"type": "aws_vpc", "id": "vpc-0a", "tags": {"Name": "shared"}}
    found = read(Existing(AWS, [vpc]), "aws_vpc", tags={"Name": "shared"})
    assert found["id"] == "vpc-0a"
    assert found["arn"] == "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-0a"
    assert found["default_security_group_id"].startswith("sg-0")
    assert found["enable_dns_support"] is True


def test_ids_are_equal_in_each_run_and_differ_between_two_resources() -> None:
    one, other = ({"type": "aws_subnet", "vpc_id": vpc} for vpc in ("vpc-1", "vpc-2"))
    first, again = (read(Existing(AWS, [one, other]), "aws_subnets")["ids"] for _ in range(2))
    assert first == again
    assert len(set(first)) == len(first)


def test_two_resources_of_a_type_do_not_conflict() -> None:
    vpc = {"type": "aws_vpc", "id": "vpc-1", "cidr_block": "10.0.0.0/16"}
    subnets = [
        {
            "type": "aws_subnet",
            "id": f"subnet-{n}",
            "vpc_id": "vpc-1",
            "cidr_block": f"10.0.{n}.0/24",
        }
        for n in (1, 2)
    ]
    existing = Existing(AWS, [vpc, *subnets])
    existing.take_effect(Context())
    near = {"filter": [{"name": "vpc-id", "values": ["vpc-1"]}]}
    assert read(existing, "aws_subnets", **near)["ids"] == ["subnet-1", "subnet-2"]


def test_a_secrets_value_goes_to_the_vault() -> None:
    context = Context(vault=MemoryVault())
    existing = Existing(AWS, [VALUE, SECRET])
    existing.take_effect(context)
    secret = read(existing, "aws_secretsmanager_secret", name="payments/key")
    assert context.vault.get(str(secret["arn"])) == "hidden"


def test_each_provider_has_its_own_types() -> None:
    null = next(p for address, p in catalogue.providers().items() if address.endswith("/null"))
    Existing(null, [SECRET]).take_effect(Context())


def test_resources_of_the_state_exist_before_they_are_read(tmp_path: Path) -> None:
    """Otherwise a data source that Terraform reads first would not find it."""
    private = base64.b64encode(Private("a" * 17).write()).decode()
    instance = {"attributes": {"id": "vpc-1"}, "private": private}
    states = [
        {
            "mode": "managed",
            "type": "aws_vpc",
            "instances": [instance, {**instance, "deposed": "x"}],
        },
        {"mode": "data", "type": "aws_subnet", "instances": [instance]},
    ]
    file = tmp_path / "terraform.tfstate"
    file.write_text(json.dumps({"resources": states}))
    said = {"home": str(tmp_path), "state": str(file), "account_id": "1", "existing": []}
    peers = surroundings(said).peers
    assert [vpc["id"] for vpc in peers.of("aws_vpc")] == ["vpc-1"]
    assert peers.of("aws_subnet") == ()
    peers.saw("aws_vpc", "a" * 17, None)
    assert peers.of("aws_vpc") == ()
    for state in (str(tmp_path / "nowhere"), None):
        assert surroundings({**said, "state": state}).peers.of("aws_vpc") == ()


def test_a_type_with_two_names_is_one_type() -> None:
    peers = Peers()
    peers.saw("aws_alb_listener", "a" * 17, {"port": 443})
    assert peers.of("aws_lb_listener") == peers.of("aws_alb_listener") == ({"port": 443},)


@pytest.mark.parametrize(
    ("data_source", "config"),
    [
        ("aws_vpc", {"tags": {"Name": "shared", "team/of": 'a "quoted"\nname'}}),
        ("aws_vpc", {"filter": [{"name": "tag:Name", "values": ["*-shared-?"]}]}),
        ("aws_vpc", {"id": "vpc-0a1b2c3d4e5f60718"}),
        ("aws_vpc", {"filter": [{"name": "cidr", "values": ["10.1.0.0/16"]}]}),
        ("aws_subnet", {"filter": [{"name": "vpc-id", "values": ["vpc-1"]}]}),
        ("aws_security_group", {"name": "web", "vpc_id": "vpc-1"}),
        ("aws_route53_zone", {"name": "example.org", "private_zone": False}),
        ("aws_lb", {"name": "web"}),
        ("aws_lb_listener", {"load_balancer_arn": "arn:lb", "port": 443}),
        ("aws_ecs_cluster", {"cluster_name": "main"}),
        ("aws_iam_role", {"name": "deploy"}),
        ("aws_kms_key", {"key_id": "0ab1c2d3-0000-4000-8000-000000000000"}),
        ("aws_kms_key", {"key_id": "arn:aws:kms:us-east-1:1:key/0ab1"}),
        ("aws_kms_key", {"key_id": "alias/app"}),
        ("aws_kms_alias", {"name": "alias/app"}),
        ("aws_ssm_parameter", {"name": "/prod/key"}),
        ("aws_secretsmanager_secret", {"name": "payments/key"}),
        ("aws_secretsmanager_secret_version", {"secret_id": "payments/key"}),
        ("aws_acm_certificate", {"domain": "example.org", "statuses": ["ISSUED"]}),
        ("aws_cloudwatch_event_bus", {"name": "orders"}),
        ("aws_s3_bucket", {"bucket": "assets"}),
        ("aws_ecr_repository", {"name": "web"}),
        ("aws_sns_topic", {"name": "alarms"}),
        ("aws_sqs_queue", {"name": "jobs"}),
        ("aws_db_instance", {"db_instance_identifier": "main"}),
        ("aws_rds_cluster", {"cluster_identifier": "main"}),
        ("aws_cognito_user_pools", {"name": "people"}),
        ("aws_subnets", {"filter": [{"name": "vpc-id", "values": ["vpc-1"]}], "tags": {"a": "b"}}),
        ("aws_security_groups", {"tags": {"Name": "web"}}),
    ],
)
def test_what_a_look_up_misses_is_found_once_it_is_described(
    data_source: str, config: Mapping[str, Any]
) -> None:
    """As a person copies it from the error into bonkei.toml; and again until nothing is missed."""
    described: list[Mapping[str, Any]] = []
    for _ in range(3):
        said = looked_up(described, data_source, config)
        if said is None:
            return
        found = read_blocks(said)
        assert found
        check_existing(found)
        described += found
    pytest.fail(f"still not found: {said}")


def looked_up(
    described: Sequence[Mapping[str, Any]], data_source: str, config: Mapping[str, Any]
) -> str | None:
    """What the provider says of a look-up; None when it has nothing to say."""
    existing = Existing(AWS, described)
    context = Context(vault=MemoryVault())
    existing.take_effect(context)
    around = replace(context, peers=existing.beside(context.peers, context))
    config = {**empty(AWS.schema.data_sources[data_source]), **config}
    source = AWS.data_sources.get(data_source) or existing.as_data_source(data_source, around)
    try:
        missing = source.missing(config, source.read(config, around))
    except Refused as refusal:
        return existing.with_tables(refusal.problem, refusal.missing).detail
    return existing.with_tables(Problem((), "none"), missing).detail or None

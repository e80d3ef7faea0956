"""Generated values have AWS's documented form (each case names its source)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bonkei.definitions.provider.aws import RESOURCES
from bonkei.definitions.provider.behaviour import Context
from bonkei.definitions.provider.values import UNKNOWN

REGION = "ap-northeast-1"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

FORMS = yaml.load(Path(__file__).with_name("forms.yaml").read_text("utf-8"), yaml.CSafeLoader)


@pytest.mark.parametrize(
    ("type_name", "one"), [(name, one) for name, several in FORMS.items() for one in several]
)
def test_form(type_name: str, one: dict[str, Any]) -> None:
    context = Context(region=one.get("region", REGION))
    made = RESOURCES[type_name].mint(one.get("given", {}), context)
    value = made[one["attribute"]]
    assert re.fullmatch(one["form"], value), f"{value!r} is not of the form in {one['source']}"


def test_a_family_continues_its_revisions() -> None:
    mint, context = RESOURCES["aws_ecs_task_definition"].mint, Context()
    planned = {"family": "api", "revision": UNKNOWN}
    assert [mint(planned, context)["revision"] for _ in range(3)] == [1, 2, 3]
    assert mint({**planned, "family": "web"}, context)["revision"] == 1


def test_the_managed_password_has_its_own_secret() -> None:
    planned = {"engine": "aurora-postgresql", "manage_master_user_password": True}
    [secret] = RESOURCES["aws_rds_cluster"].mint(planned, Context())["master_user_secret"]
    name = rf"arn:aws:secretsmanager:us-east-1:\d{{12}}:secret:rds!cluster-{UUID}-\w{{6}}"
    assert re.fullmatch(name, secret["secret_arn"])
    assert secret["secret_status"] == "active"
    assert secret["kms_key_id"].startswith("arn:aws:kms:")


def test_the_first_instance_of_a_cluster_is_the_writer() -> None:
    mint = RESOURCES["aws_rds_cluster_instance"].mint
    first = {"identifier": "main-1", "cluster_identifier": "main", "engine": "aurora-postgresql"}
    made = {**first, **mint(first, Context())}
    context = Context(peers=lambda kind: (made,) if kind == "aws_rds_cluster_instance" else ())
    assert made["writer"] is True
    assert mint({**first, "identifier": "main-2"}, context)["writer"] is False


def test_certificates_of_one_name_share_their_validation_record() -> None:
    """ACM requires the same record from an account for every region and certificate."""
    mint = RESOURCES["aws_acm_certificate"].mint
    planned = {
        "domain_name": "example.com",
        "subject_alternative_names": ["*.example.com"],
        "validation_method": "DNS",
    }
    one = mint(planned, Context(token="1" * 17))["domain_validation_options"]
    other = mint(planned, Context(token="2" * 17, region=REGION))["domain_validation_options"]
    assert one == other
    assert one[0]["resource_record_name"] == one[1]["resource_record_name"]
    assert re.fullmatch(r"_[0-9a-f]{32}\.example\.com\.", one[0]["resource_record_name"])


def test_a_plan_knows_the_names_to_validate() -> None:
    """The documented `for_each` over domain_validation_options works before the first apply."""
    behaviour = RESOURCES["aws_acm_certificate"]
    config = {
        "domain_name": "example.com",
        "subject_alternative_names": ["www.example.com"],
        "validation_method": "DNS",
    }
    options = behaviour.defaults(config)["domain_validation_options"]
    assert [option["domain_name"] for option in options] == ["example.com", "www.example.com"]
    assert all(option["resource_record_name"] is UNKNOWN for option in options)
    planned = {**config, "domain_validation_options": options[::-1]}
    minted = behaviour.mint(planned, Context())["domain_validation_options"]
    assert [option["domain_name"] for option in minted] == ["www.example.com", "example.com"]
    assert behaviour.defaults({**config, "domain_name": UNKNOWN}) == {}


def test_a_rule_keeps_its_own_priority() -> None:
    mint = RESOURCES["aws_lb_listener_rule"].mint
    there = {"listener_arn": "arn:x", "priority": 20, "arn": "arn:other"}
    context = Context(peers=lambda kind: (there,) if kind == "aws_lb_listener_rule" else ())
    planned = {"listener_arn": "arn:x", "priority": UNKNOWN}
    assert mint(planned, context)["priority"] == 21
    assert mint(planned, context)["priority"] == 22


@pytest.mark.parametrize(
    ("statements", "units"),
    [
        ([{"byte_match_statement": [{"positional_constraint": "EXACTLY"}]}], 2),
        ([{"byte_match_statement": [{"positional_constraint": "CONTAINS"}]}], 10),
        (
            [
                {
                    "byte_match_statement": [
                        {
                            "positional_constraint": "STARTS_WITH",
                            "text_transformation": [{"priority": 0, "type": "LOWERCASE"}],
                        }
                    ]
                }
            ],
            12,
        ),
        (
            [
                {
                    "not_statement": [
                        {"statement": [{"ip_set_reference_statement": [{"arn": "arn:x"}]}]}
                    ]
                }
            ],
            1,
        ),
        ([{"rate_based_statement": [{"limit": 100, "aggregate_key_type": "IP"}]}], 2),
        ([{"managed_rule_group_statement": [{"name": "AWSManagedRulesCommonRuleSet"}]}], 700),
    ],
)
def test_capacity_of_a_web_acl(statements: list[Any], units: int) -> None:
    """https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html"""
    planned = {"name": "x", "scope": "REGIONAL", "rule": [{"statement": statements}]}
    assert RESOURCES["aws_wafv2_web_acl"].mint(planned, Context())["capacity"] == units

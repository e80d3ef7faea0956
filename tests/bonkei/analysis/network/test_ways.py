"""The routes of a caller, in a whole stack without one of its resources."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bonkei.analysis.network.callers import Caller, awsvpc, find_caller
from bonkei.analysis.network.obstacles import obstacles
from bonkei.analysis.network.start import obstacle_to_start
from bonkei.analysis.network.ways import Way, obstacle_to_cluster, way_to_aws
from bonkei.blueprint import Blueprint, read
from tests.bonkei.analysis.check.changes import Change, put, remove
from tests.bonkei.analysis.check.stack.whole import sound, state

NAT = {"destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": "nat-1"}


def after(*changes: Change) -> Blueprint:
    found = sound()
    for change in changes:
        change(found)
    return read(state(found))


def way(blueprint: Blueprint, service: str, source: str = "task app", region: str = "") -> Way:
    caller = find_caller(blueprint, source)
    assert caller is not None
    return way_to_aws(blueprint, caller, service, region, "t")


def test_a_route_through_an_endpoint_has_the_endpoint_and_the_source() -> None:
    found = way(after(), "secretsmanager")
    assert (found.obstacle, found.vpc_id) == ("", "vpc-1")
    assert found.endpoint is not None
    assert found.endpoint.id == "vpce-secretsmanager"
    assert found.private_ip.startswith("10.0.1.")
    assert way(after(), "s3").endpoint is not None
    assert way(after(), "ecr").endpoint is not None
    assert way(after(), "logs", region="eu-west-1").endpoint is not None


def test_without_an_endpoint_and_a_nat_gateway_there_is_no_route() -> None:
    assert way(after(), "sqs").obstacle == (
        "aws_subnet.app has no endpoint for sqs, and aws_subnet.app has no route to the internet"
    )
    # Another region has no endpoint here.
    assert way(after(), "logs", region="us-east-1").obstacle


def test_through_a_nat_gateway_the_internet_sees_the_gateways_address() -> None:
    nat = put(
        "aws_nat_gateway.this", id="nat-1", subnet_id="subnet-ingress", public_ip="203.0.113.9"
    )
    out = put("aws_vpc_security_group_egress_rule.all", security_group_id="sg-app",
              ip_protocol="-1", cidr_ipv4="0.0.0.0/0")  # fmt: skip
    found = way(after(nat, out, put("aws_route.app", route_table_id="rtb-app", **NAT)), "sqs")
    assert (found.obstacle, found.endpoint, found.public_ip) == ("", None, "203.0.113.9")


def test_an_acl_closes_the_way_to_an_endpoint_and_to_a_nat_gateway() -> None:
    """Only traffic of the VPC passes: an interface endpoint is in it, S3's addresses are not."""
    local = [{"rule_no": 1, "action": "allow", "protocol": "-1", "cidr_block": "10.0.0.0/16"}]
    nothing: list[dict[str, object]] = []

    def acl(subnet: str, rules: list[dict[str, object]]) -> Change:
        return put("aws_network_acl.it", id="acl", vpc_id="vpc-1", subnet_ids=[subnet],
                   ingress=rules, egress=rules)  # fmt: skip

    closed = "aws_network_acl.it lets nothing out of aws_subnet.app on port 443"
    assert way(after(acl("subnet-app", local)), "secretsmanager").obstacle == ""
    assert way(after(acl("subnet-app", local)), "s3").obstacle == closed
    assert way(after(acl("subnet-app", nothing)), "s3").obstacle == closed
    elsewhere = put("aws_vpc_endpoint.secrets", subnet_ids=["subnet-ingress"])
    found = way(after(elsewhere, acl("subnet-app", nothing)), "secretsmanager")
    assert found.obstacle == closed
    nat = put("aws_nat_gateway.this", id="nat-1", subnet_id="subnet-ingress")
    out = put("aws_vpc_security_group_egress_rule.all", security_group_id="sg-app",
              ip_protocol="-1", cidr_ipv4="0.0.0.0/0")  # fmt: skip
    route = put("aws_route.app", route_table_id="rtb-app", **NAT)
    found = way(after(nat, out, route, acl("subnet-ingress", local)), "sqs")
    assert found.obstacle.endswith("it lets nothing out of aws_subnet.ingress on port 443")


def test_a_protocol_may_be_a_number() -> None:
    def of(protocol: str) -> str:
        rule = put("aws_vpc_security_group_egress_rule.all", security_group_id="sg-app",
                   ip_protocol=protocol, from_port=443, to_port=443,
                   cidr_ipv4="0.0.0.0/0")  # fmt: skip
        route = put("aws_route.app", route_table_id="rtb-app", **NAT)
        return way(after(rule, route), "sqs").obstacle

    assert of("6") == of("tcp") == ""
    assert "allows no HTTPS out" in of("17")


def test_a_caller_outside_a_vpc_reaches_the_internet_and_no_private_database() -> None:
    lambda_ = put("aws_lambda_function.f", function_name="f", arn="arn:f", role="r")
    blueprint = after(lambda_)
    assert way(blueprint, "sqs", "function f") == Way()
    caller = find_caller(blueprint, "function f")
    assert caller is not None
    assert "is in no VPC" in obstacle_to_cluster(blueprint, caller, blueprint.database_clusters[0])


def test_a_task_with_its_own_network() -> None:
    blueprint = after()
    [cluster] = blueprint.database_clusters
    for group, is_open in (("sg-app", True), ("sg-worker", False)):
        source = awsvpc("one-off", ["subnet-app"], [group], public_ip=False)
        caller = find_caller(blueprint, source)
        assert isinstance(caller, Caller)
        assert (obstacle_to_cluster(blueprint, caller, cluster) == "") is is_open
    assert find_caller(blueprint, "task unheard-of") is None


def test_a_sound_stack_has_no_obstacle() -> None:
    assert obstacles(after()) == ()


@pytest.mark.parametrize(
    ("rule", "between", "why"),
    [
        ("aws_vpc_security_group_ingress_rule.alb", ("d1.cloudfront.net", "alb"),
         "aws_security_group.alb lets nothing in from CloudFront on port 80"),
        ("aws_vpc_security_group_egress_rule.alb", ("the load balancer", "app"),
         "aws_security_group.alb lets nothing out to aws_security_group.app on port 8000"),
        ("aws_vpc_security_group_ingress_rule.app", ("the load balancer", "app"),
         "aws_security_group.app lets nothing in from aws_security_group.alb on port 8000"),
        ("aws_vpc_security_group_egress_rule.app_database", ("app", "db"),
         "aws_security_group.app lets nothing out to aws_security_group.database on port 5432"),
        ("aws_vpc_security_group_ingress_rule.database", ("app", "db"),
         "aws_security_group.database lets nothing in from aws_security_group.app on port 5432"),
        ("aws_vpc_security_group_egress_rule.app_worker", ("app", "worker"),
         "aws_security_group.app lets nothing out to aws_security_group.worker on port 9000"),
        ("aws_vpc_security_group_ingress_rule.worker", ("app", "worker"),
         "aws_security_group.worker lets nothing in from aws_security_group.app on port 9000"),
        ("aws_vpc_security_group_egress_rule.app_https", ("app", "AWS, to start"),
         "aws_security_group.app lets nothing out to aws_security_group.endpoints on port 443"),
        ("aws_vpc_endpoint.ecr_api", ("app", "AWS, to start"),
         "aws_subnet.app has no endpoint for ecr.api"),
        ("aws_route.ingress", ("d1.cloudfront.net", "alb"),
         "aws_subnet.ingress has no route to an internet gateway"),
    ],
)  # fmt: skip
def test_each_requirement_of_the_request_path(
    rule: str, between: tuple[str, str], why: str
) -> None:
    found = {(each.source, each.target): each.why for each in obstacles(after(remove(rule)))}
    assert why in found[between]


def test_an_internal_balancer_is_reached_only_as_a_vpc_origin() -> None:
    [found] = obstacles(after(put("aws_lb.this", internal=True)))
    assert found.why == "aws_lb.this is internal, and front.elb.amazonaws.com is not a VPC origin"

    def as_vpc_origin(resources: Any) -> None:
        origin = resources["aws_cloudfront_distribution.this"]["origin"][0]
        origin["vpc_origin_config"] = [{"vpc_origin_id": "vo_1"}]

    group = put("aws_vpc_security_group_ingress_rule.alb", prefix_list_id=None,
                referenced_security_group_id="sg-of-cloudfront")  # fmt: skip
    internal = put("aws_lb.this", internal=True)
    assert obstacles(after(internal, as_vpc_origin, group)) == ()


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("secrets", "ResourceInitializationError: unable to pull secrets or registry auth"),
        ("logs", "ResourceInitializationError: failed to validate logger args"),
        ("ecr_dkr", "CannotPullContainerError"),
    ],
)
def test_a_task_that_cannot_start_stops_with_ecss_message(endpoint: str, words: str) -> None:
    blueprint = after(remove(f"aws_vpc_endpoint.{endpoint}"))
    [definition] = [each for each in blueprint.task_definitions if each.family == "app"]
    found, why = obstacle_to_start(blueprint, definition, find_caller(blueprint, "task app"))
    assert found.startswith(words)
    assert "has no endpoint" in why
    assert obstacle_to_start(blueprint, definition, None) == ("", "")


def test_an_endpoints_policy_that_refuses_the_images() -> None:
    policy = {"Statement": {"Effect": "Allow", "Action": "ecr:Describe*", "Resource": "*",
                            "Principal": "*"}}  # fmt: skip
    blueprint = after(put("aws_vpc_endpoint.ecr_api", policy=json.dumps(policy)))
    assert any("policy does not allow" in each.why for each in obstacles(blueprint))

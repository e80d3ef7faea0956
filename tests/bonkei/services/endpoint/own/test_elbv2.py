"""Declared load balancers and the health of their targets, through boto3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ec2 import Network, Subnet
from bonkei.blueprint.elbv2 import (
    FixedResponse,
    Forward,
    HttpHeader,
    Listener,
    ListenerRule,
    LoadBalancer,
    PathPattern,
    QueryString,
    Redirect,
    TargetGroup,
    TargetHealthCheck,
    WeightedTarget,
)
from bonkei.services.edge import api as elbv2
from bonkei.services.edge.api import TargetHealth
from tests.bonkei.services.endpoint.places import serving

ELB = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
BALANCER, LISTENER = f"{ELB}:loadbalancer/app/shop/1", f"{ELB}:listener/app/shop/1/2"
RULES = [f"{ELB}:listener-rule/app/shop/1/2/{number}" for number in (3, 4)]
WEB, API = f"{ELB}:targetgroup/web/5", f"{ELB}:targetgroup/api/6"
SHIFTED = {RULES[0]: (WeightedTarget(WEB, 70), WeightedTarget(API, 30))}
DECLARED = Blueprint(
    load_balancers=(
        LoadBalancer(
            "aws_lb.shop", BALANCER, "shop", "shop-1.eu-west-1.elb.amazonaws.com",
            (
                Listener(
                    "aws_lb_listener.http", LISTENER, 80, "HTTP", FixedResponse(403, body="no"),
                    (
                        ListenerRule(
                            "r1", RULES[0], 10,
                            (PathPattern(("/api/*",)), HttpHeader("X-Key", ("a",)),
                             QueryString((("", "v"), ("k", "w")))),
                            Forward((WeightedTarget(WEB, 3), WeightedTarget(API)), 60),
                        ),
                        ListenerRule("r2", RULES[1], 20, (PathPattern(("/old",)),),
                                     Redirect(301, path="/new")),
                    ),
                ),
            ),
            subnet_ids=("subnet-1",), security_group_ids=("sg-1",), idle_timeout=75.0,
        ),
    ),
    target_groups=(
        TargetGroup("aws_lb_target_group.web", WEB, "web", 8080, "HTTP",
                    TargetHealthCheck("/health", interval=10.0), deregistration_delay=20.0),
        TargetGroup("aws_lb_target_group.api", API, "api", 8081, "HTTP", TargetHealthCheck()),
    ),
    network=Network(subnets=(
        Subnet("s", "arn", "subnet-1", "vpc-1", "10.0.0.0/24", "eu-west-1a", ""),
    )),
    tags={BALANCER: {"Name": "shop"}},
)  # fmt: skip


def health(arn: str) -> list[TargetHealth]:
    web = [
        TargetHealth("127.0.0.1", 40001, "healthy", ""),
        TargetHealth("127.0.0.1", 40002, "unhealthy", "Target.Timeout"),
    ]
    return web if arn == WEB else []


@pytest.fixture(scope="module")
def elb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    own = {"elbv2": elbv2.service(lambda: DECLARED, health, lambda: SHIFTED)}
    with serving(own, tmp_path_factory.mktemp("elb")) as place:
        yield place.client("elbv2")


def test_load_balancers(elb: Any) -> None:
    [found] = elb.describe_load_balancers(Names=["shop"])["LoadBalancers"]
    assert (found["LoadBalancerArn"], found["VpcId"]) == (BALANCER, "vpc-1")
    assert found["AvailabilityZones"] == [{"ZoneName": "eu-west-1a", "SubnetId": "subnet-1"}]
    elb.get_waiter("load_balancer_available").wait(LoadBalancerArns=[BALANCER])
    found = elb.describe_load_balancer_attributes(LoadBalancerArn=BALANCER)["Attributes"]
    assert {"Key": "idle_timeout.timeout_seconds", "Value": "75"} in found
    [tags] = elb.describe_tags(ResourceArns=[BALANCER])["TagDescriptions"]
    assert tags["Tags"] == [{"Key": "Name", "Value": "shop"}]


def test_listeners_and_rules(elb: Any) -> None:
    [listener] = elb.describe_listeners(LoadBalancerArn=BALANCER)["Listeners"]
    assert (listener["Port"], listener["DefaultActions"][0]["Type"]) == (80, "fixed-response")
    rules = elb.describe_rules(ListenerArn=LISTENER)["Rules"]
    assert [rule["Priority"] for rule in rules] == ["10", "20", "default"]
    assert [one["Field"] for one in rules[0]["Conditions"]] == [
        "path-pattern", "http-header", "query-string",
    ]  # fmt: skip
    query = rules[0]["Conditions"][2]["QueryStringConfig"]["Values"]
    assert query == [{"Value": "v"}, {"Key": "k", "Value": "w"}]
    groups = rules[0]["Actions"][0]["ForwardConfig"]["TargetGroups"]
    assert groups == [
        {"TargetGroupArn": WEB, "Weight": 70}, {"TargetGroupArn": API, "Weight": 30},
    ], "as a deployment has shifted them"  # fmt: skip
    assert rules[1]["Actions"][0]["RedirectConfig"]["StatusCode"] == "HTTP_301"
    default = rules[2]["RuleArn"]
    assert elb.describe_rules(RuleArns=[default])["Rules"][0]["IsDefault"] is True


def test_target_groups_and_the_health_of_their_targets(elb: Any) -> None:
    pages = elb.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 1})
    groups = [group for page in pages for group in page["TargetGroups"]]
    assert [group["TargetGroupName"] for group in groups] == ["web", "api"]
    assert groups[0]["HealthCheckIntervalSeconds"] == 10
    assert (groups[0]["LoadBalancerArns"], groups[0]["Matcher"]) == (
        [BALANCER],
        {"HttpCode": "200"},
    )
    found = elb.describe_target_health(TargetGroupArn=WEB)["TargetHealthDescriptions"]
    states = [(one["Target"]["Port"], one["TargetHealth"]) for one in found]
    unhealthy = {"State": "unhealthy", "Reason": "Target.Timeout"}
    assert states == [(40001, {"State": "healthy"}), (40002, unhealthy)]
    target = {"Id": "127.0.0.1", "Port": 1}
    [other] = elb.describe_target_health(TargetGroupArn=API, Targets=[target])[
        "TargetHealthDescriptions"
    ]
    assert other["TargetHealth"]["Reason"] == "Target.NotRegistered"
    found = elb.describe_target_group_attributes(TargetGroupArn=WEB)["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "20"} in found


@pytest.mark.parametrize(
    ("call", "parameters", "code"),
    [
        ("describe_load_balancers", {"Names": ["other"]}, "LoadBalancerNotFound"),
        ("describe_listeners", {"LoadBalancerArn": "arn:x"}, "LoadBalancerNotFound"),
        ("describe_listeners", {"ListenerArns": ["arn:x"]}, "ListenerNotFound"),
        ("describe_listeners", {}, "ValidationError"),
        ("describe_rules", {"RuleArns": ["arn:x"]}, "RuleNotFound"),
        ("describe_rules", {}, "ValidationError"),
        ("describe_target_groups", {"Names": ["other"]}, "TargetGroupNotFound"),
        ("describe_target_health", {"TargetGroupArn": "arn:x"}, "TargetGroupNotFound"),
        ("describe_load_balancers", {"Marker": "9"}, "ValidationError"),
        ("delete_load_balancer", {"LoadBalancerArn": BALANCER}, "InvalidAction"),
    ],
)
def test_errors(elb: Any, call: str, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(elb, call)(**parameters)
    assert caught.value.response["Error"]["Code"] == code

"""Calls from a function in a VPC: through an endpoint with its own policy, and without a route."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from bonkei.base.aws_service import Caller
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ec2 import Network, Subnet, Vpc, VpcEndpoint
from bonkei.blueprint.iam import PolicyStatement
from bonkei.blueprint.lambda_.function import Function
from bonkei.blueprint.s3 import Bucket
from bonkei.services.endpoint.permission.network import UNKNOWN, NetworkWays
from tests.bonkei.services.endpoint.rigs import DECLARED, REGION, ROLE, Rig

SUBNET = Subnet("aws_subnet.app", "arn", "app", "vpc", "10.0.1.0/24", "a", "rtb")
GET = PolicyStatement("aws_vpc_endpoint.s3", "Allow", ("s3:GetObject", "s3:ListBucket"),
                      resources=("*",), principals=(("*", "*"),))  # fmt: skip
ONLY_FROM_THERE = PolicyStatement(
    "aws_s3_bucket_policy.inner", "Deny", ("s3:*",), resources=("*",), principals=(("*", "*"),),
    conditions=(("StringNotEquals", "aws:SourceVpce", "vpce-s3"),),
)  # fmt: skip


def endpoint(service: str, **more: Any) -> VpcEndpoint:
    name = f"com.amazonaws.{REGION}.{service}"
    return VpcEndpoint(f"aws_vpc_endpoint.{service}", f"vpce-{service}", "vpc", name, **more)


BLUEPRINT = replace(
    DECLARED,
    functions=(
        Function("aws_lambda_function.f", "arn:f", "inside", "python3.13", "a.b", ROLE, 3, 128,
                 subnet_ids=("app",), security_group_ids=("sg",)),
    ),
    buckets=(
        *DECLARED.buckets,
        Bucket("aws_s3_bucket.inner", "arn:aws:s3:::inner", "inner", policy=(ONLY_FROM_THERE,)),
    ),
    network=Network(
        vpcs=(Vpc("aws_vpc.this", "arn", "vpc", ("10.0.0.0/16",), True),),
        subnets=(SUBNET,),
        endpoints=(
            endpoint("s3", kind="Gateway", route_table_ids=("rtb",), policy=(GET,)),
            endpoint("sts", kind="Interface", private_dns=True, subnet_ids=("app",)),
        ),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def inner(start: Callable[..., Rig]) -> Rig:
    return start(blueprint=BLUEPRINT)


def client(rig: Rig, service: str, read_timeout: float = 60, **keys: str) -> Any:
    given = keys or rig.cloud.callers.function(ROLE, "inside")
    return boto3.client(
        service,
        endpoint_url=rig.url,
        region_name=REGION,
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=given["AWS_SESSION_TOKEN"],
        config=Config(retries={"max_attempts": 0}, read_timeout=read_timeout),
    )


def test_an_endpoints_policy_decides_too(inner: Rig) -> None:
    inner.client("s3").put_object(Bucket="shop", Key="a", Body=b"1")
    s3 = client(inner, "s3")
    assert s3.get_object(Bucket="shop", Key="a")["Body"].read() == b"1"
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="shop", Key="b", Body=b"1")
    message = caught.value.response["Error"]["Message"]
    assert message.endswith("because no VPC endpoint policy allows the s3:PutObject action")


def test_a_condition_on_the_endpoint(inner: Rig) -> None:
    """ "Controlling access from VPC endpoints with bucket policies" (Amazon S3 User Guide)."""
    assert client(inner, "s3").list_objects_v2(Bucket="inner")["KeyCount"] == 0
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        inner.client("s3").list_objects_v2(Bucket="inner")


def test_without_a_route_the_connection_times_out_and_the_reason_is_reported_at_once(
    inner: Rig,
) -> None:
    before = time.monotonic()
    with pytest.raises(ReadTimeoutError):
        client(inner, "sqs", read_timeout=1).list_queues()
    assert time.monotonic() - before < 60
    [said] = [each for each in inner.reports if "inside cannot reach sqs" in each]
    assert said == (
        "inside cannot reach sqs, and its call times out: aws_subnet.app has no endpoint for sqs, "
        "and aws_subnet.app has no route to the internet"
    )
    assert inner.client("sqs").list_queues()  # the user is outside the VPC


def test_another_role_calls_from_the_same_place(inner: Rig) -> None:
    made = client(inner, "sts").assume_role(RoleArn=ROLE, RoleSessionName="other")["Credentials"]
    keys = {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        "AWS_SESSION_TOKEN": made["SessionToken"],
    }
    with pytest.raises(ReadTimeoutError):
        client(inner, "sqs", read_timeout=1, **keys).list_queues()


CALLER = Caller("arn:aws:sts::1:assumed-role/r/inside", "u", "1", ROLE, "function inside")


@pytest.mark.parametrize(("enforce", "said"), [("off", 0), ("report", 1)])
def test_report_mode_lists_calls_that_would_time_out(enforce: Any, said: int) -> None:
    reports: list[str] = []
    ways = NetworkWays(enforce, report=reports.append)
    ways.use(BLUEPRINT)
    for _ in range(3):
        assert ways.via(CALLER, "sqs", REGION) == UNKNOWN
    assert len(reports) == said
    assert all("would time out" in each for each in reports)


def test_an_obstacle_is_reported_also_when_the_clock_is_set_back() -> None:
    reports: list[str] = []
    now = [5_000.0]
    ways = NetworkWays("report", report=reports.append, clock=lambda: now[0])
    ways.use(BLUEPRINT)
    for now[0] in (5_000.0, 1_000.0, 1_001.0):
        ways.via(CALLER, "sqs", REGION)
    assert len(reports) == 2


def test_nothing_is_decided_about_unknown_callers() -> None:
    ways = NetworkWays("on")
    ways.use(Blueprint())
    assert ways.via(CALLER, "sqs", REGION) == UNKNOWN
    assert ways.via(replace(CALLER, source=""), "sqs", REGION) == UNKNOWN

"""The state as a whole: empty, nested, malformed."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint import Blueprint, BlueprintError, read
from bonkei.blueprint.state import natural

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"format_version": "1.0"},
        {"values": None},
        {"values": {}},
        {"values": {"root_module": {}}},
        {"values": {"root_module": {"resources": [], "child_modules": [{}]}}},
    ],
)
def test_an_empty_state_is_an_empty_blueprint(document) -> None:
    assert read(document) == Blueprint()


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"values": []},
        {"values": 1},
        {"values": {"root_module": 1}},
        {"values": {"root_module": {"resources": [{}]}}},
        {"values": {"root_module": {"resources": [{"address": "a.b", "type": 1}]}}},
        {"values": {"root_module": {"child_modules": [{"resources": {"a": 1}}]}}},
    ],
)
def test_input_that_is_not_a_state_is_refused(document) -> None:
    with pytest.raises(BlueprintError):
        read(document)


def test_the_order_of_the_state_does_not_matter(state) -> None:
    secrets = {
        f"aws_secretsmanager_secret.s[{n}]": {"arn": f"arn:{n}", "name": f"s{n}"} for n in range(12)
    }
    forwards, backwards = state(secrets), state(dict(reversed(secrets.items())))
    assert read(forwards) == read(backwards)
    assert [s.name for s in read(forwards).secrets] == [f"s{n}" for n in range(12)]


def test_half_of_an_unfinished_replacement_is_ignored(state) -> None:
    document = state({"aws_secretsmanager_secret.s": {"arn": "new", "name": "s"}})
    resources = document["values"]["root_module"]["resources"]
    resources.append({**resources[0], "values": {"arn": "old", "name": "s"}, "deposed_key": "1"})
    assert [s.arn for s in read(document).secrets] == ["new"]


def test_numbers_in_addresses_count_as_numbers() -> None:
    assert sorted(["a[10]", "a[9]", "a", "b[1]"], key=natural) == ["a", "a[9]", "a[10]", "b[1]"]


@given(JSON)
def test_any_json_is_read_or_refused(document: Any) -> None:
    """Never a KeyError, a TypeError or a RecursionError: the user gets a message."""
    with suppress(BlueprintError):
        read(document)


ALL_TYPES = (
    "aws_cloudfront_distribution",
    "aws_wafv2_web_acl",
    "aws_lb",
    "aws_lb_listener",
    "aws_lb_listener_rule",
    "aws_lb_target_group",
    "aws_ecs_service",
    "aws_ecs_task_definition",
    "aws_rds_cluster",
    "aws_db_instance",
    "aws_secretsmanager_secret",
    "aws_vpc",
    "aws_subnet",
    "aws_route",
    "aws_route_table",
    "aws_security_group",
    "aws_vpc_endpoint",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_cloudwatch_metric_alarm",
    "aws_cloudwatch_log_metric_filter",
    "aws_lambda_function",
    "aws_sns_topic",
    "aws_s3_bucket",
    "aws_s3_bucket_policy",
    "aws_kms_key",
    "aws_ecr_repository",
    "aws_codepipeline",
    "aws_codebuild_project",
)
TYPES = st.sampled_from(ALL_TYPES)
COMPLETE: dict[str, Any] = {
    "assume_role_policy": json.dumps({"Statement": []}),
    "policy": json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
    "vpc_id": "a",
    "cidr_block": "10.0.0.0/16",
    "route_table_id": "a",
    "main_route_table_id": "a",
    "destination_cidr_block": "0.0.0.0/0",
    "gateway_id": "igw-1",
    "service_name": "com.amazonaws.eu-west-1.s3",
    "role": "a",
    "bucket": "a",
    "key_id": "a",
    "alarm_name": "a",
    "comparison_operator": "a",
    "evaluation_periods": 1,
    "metric_query": [{"id": "a", "metric": [{"metric_name": "a"}]}],
    "log_group_name": "a",
    "metric_transformation": [{"name": "a", "namespace": "a", "value": "1"}],
    "function_name": "a",
    "repository_url": "a",
    "role_arn": "a",
    "service_role": "a",
    "environment": [{"image": "a"}],
    "source": [{}],
    "stage": [{"name": "a", "action": [{"name": "a", "category": "a", "provider": "a"}]}],
    "arn": "a",
    "id": "a",
    "name": "a",
    "address": "a",
    "dns_name": "a",
    "domain_name": "a",
    "load_balancer_arn": "a",
    "listener_arn": "a",
    "port": 80,
    "protocol": "HTTP",
    "priority": 1,
    "scope": "REGIONAL",
    "engine": "postgres",
    "engine_version": "17",
    "endpoint": "a",
    "identifier": "a",
    "cluster_identifier": "a",
    "instance_class": "a",
    "family": "a",
    "revision": 1,
    "task_definition": "a",
    "default_action": [{"type": "forward", "target_group_arn": "a", "allow": [{}]}],
    "action": [{"type": "forward", "target_group_arn": "a"}],
    "condition": [{"path_pattern": [{"values": ["/"]}]}],
    "container_definitions": json.dumps([{"name": "a", "image": "a"}]),
    "origin": [{"origin_id": "a", "domain_name": "a"}],
    "default_cache_behavior": [
        {
            "target_origin_id": "a",
            "viewer_protocol_policy": "allow-all",
            "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        }
    ],
    "rule": [
        {
            "name": "a",
            "priority": 1,
            "action": [{"allow": [{}]}],
            "statement": [{"geo_match_statement": [{}]}],
        }
    ],
}


@given(
    st.lists(
        st.tuples(TYPES, st.dictionaries(st.sampled_from(sorted(COMPLETE)), JSON, max_size=2)),
        max_size=4,
    )
)
def test_any_attribute_may_have_any_value(found: list[tuple[str, dict[str, Any]]]) -> None:
    """Complete resources, with one or two attributes that hold another value."""
    resources = [
        {
            "address": f"{kind}.r{index}",
            "mode": "managed",
            "type": kind,
            "values": COMPLETE | broken,
        }
        for index, (kind, broken) in enumerate(found)
    ]
    with suppress(BlueprintError):
        read({"values": {"root_module": {"resources": resources}}})


def test_the_complete_resources_are_read() -> None:
    """The property above would be empty if nothing could be read."""
    resources = [
        {"address": f"{kind}.r", "mode": "managed", "type": kind, "values": COMPLETE}
        for kind in ALL_TYPES
    ]
    found = read({"values": {"root_module": {"resources": resources}}})
    assert found.load_balancers[0].listeners[0].rules
    assert found.services
    assert found.database_clusters
    assert found.pipelines[0].stages
    assert found.alarms[0].metrics()
    assert found.network.subnets[0].routes
    assert found.roles[0].statements
    assert found.task_definition("a").family == "a"
    with pytest.raises(KeyError):
        found.task_definition("elsewhere")

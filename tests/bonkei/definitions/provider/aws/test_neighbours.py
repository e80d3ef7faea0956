"""Resources that do not run here still have the addresses that programs get."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bonkei.definitions.provider.aws import RESOURCES
from bonkei.definitions.provider.behaviour import Context
from bonkei.definitions.provider.values import Object
from bonkei.services.sns.subscriptions import Subscriptions

HERE = "ap-northeast-1:123456789012"
PEERS: dict[str, list[Object]] = {
    "aws_subnet": [{"id": "subnet-1", "cidr_block": "10.0.9.0/28", "availability_zone": "x"}],
    "aws_codedeploy_app": [{"name": "web", "compute_platform": "ECS"}],
    "aws_api_gateway_resource": [{"id": "a1", "path": "/orders"}],
}


def minted(type_name: str, **planned: Any) -> Object:
    def peers(kind: str) -> Sequence[Object]:
        return PEERS.get(kind, ())

    return RESOURCES[type_name].mint(planned, Context(region="ap-northeast-1", peers=peers))


@pytest.mark.parametrize(
    ("type_name", "planned", "attribute", "pattern"),
    [
        (
            "aws_elasticache_replication_group",
            {"replication_group_id": "Main"},
            "primary_endpoint_address",
            r"main\.\w{6}\.ng\.0001\.apne1\.cache\.amazonaws\.com",
        ),
        (
            "aws_elasticache_replication_group",
            {"replication_group_id": "main", "transit_encryption_enabled": True},
            "reader_endpoint_address",
            r"replica\.main\.\w{6}\.apne1\.cache\.amazonaws\.com",
        ),
        (
            "aws_elasticache_replication_group",
            {"replication_group_id": "main", "num_node_groups": 2},
            "configuration_endpoint_address",
            r"clustercfg\.main\.\w{6}\.apne1\.cache\.amazonaws\.com",
        ),
        (
            "aws_elasticache_cluster",
            {"cluster_id": "m", "engine": "memcached"},
            "configuration_endpoint",
            r"m\.\w{6}\.cfg\.apne1\.cache\.amazonaws\.com:11211",
        ),
        ("aws_cognito_user_pool", {}, "arn", rf"arn:aws:cognito-idp:{HERE}:userpool/ap-.*_\w{{9}}"),
        ("aws_cognito_user_pool_client", {"generate_secret": True}, "client_secret", r"\w{51}"),
        ("aws_acm_certificate", {"domain_name": "a.example"}, "validation_method", "EMAIL"),
        ("aws_iam_access_key", {}, "secret", r"\w{40}"),
        ("aws_iam_access_key", {}, "id", r"AKIA[A-Z0-9]{16}"),
        ("aws_instance", {"subnet_id": "subnet-1"}, "private_ip", r"10\.0\.9\.([4-9]|1[0-4])"),
        (
            "aws_msk_cluster",
            {"cluster_name": "k", "number_of_broker_nodes": 2},
            "bootstrap_brokers_tls",
            r"b-1\.k\.\w{6}\.c1\.kafka\.[\w.-]+:9094,b-2\.k\.[\w.-]+:9094",
        ),
        (
            "aws_docdb_cluster",
            {"cluster_identifier": "d"},
            "endpoint",
            r"d\.cluster-\w{12}\.ap-northeast-1\.docdb\.amazonaws\.com",
        ),
        ("aws_opensearch_domain", {"domain_name": "s"}, "arn", rf"arn:aws:es:{HERE}:domain/s"),
        (
            "aws_synthetics_canary",
            {"name": "c"},
            "engine_arn",
            rf"arn:aws:lambda:{HERE}:function:cwsyn-c-[0-9a-f-]{{36}}:1",
        ),
        (
            "aws_synthetics_canary",
            {"name": "n" * 255},
            "engine_arn",
            rf"arn:aws:lambda:{HERE}:function:[\w-]{{64}}:1",
        ),
        ("aws_db_proxy", {"name": "p"}, "endpoint", r"p\.proxy-\w{12}\.ap-northeast-1\.rds\..*"),
        ("aws_sfn_state_machine", {"name": "f"}, "arn", rf"arn:aws:states:{HERE}:stateMachine:f"),
        (
            "aws_kinesis_firehose_delivery_stream",
            {"name": "f"},
            "arn",
            rf"arn:aws:firehose:{HERE}:deliverystream/f",
        ),
        (
            "aws_codedeploy_deployment_group",
            {"app_name": "web", "deployment_group_name": "g"},
            "compute_platform",
            "ECS",
        ),
        ("aws_apigatewayv2_api", {}, "api_endpoint", r"https://\w{10}\.execute-api\.ap-.*\.com"),
        (
            "aws_apigatewayv2_stage",
            {"api_id": "x", "name": "$default"},
            "invoke_url",
            r"https://x\.execute-api\.ap-northeast-1\.amazonaws\.com/",
        ),
        (
            "aws_api_gateway_resource",
            {"parent_id": "a1", "path_part": "all"},
            "path",
            "/orders/all",
        ),
        ("aws_api_gateway_resource", {"parent_id": "root", "path_part": "all"}, "path", "/all"),
        ("aws_launch_template", {"name_prefix": "b-"}, "name", r"b-\w{26}"),
    ],
)
def test_addresses_have_the_form_of_their_service(
    type_name: str, planned: dict[str, Any], attribute: str, pattern: str
) -> None:
    assert re.fullmatch(pattern, str(minted(type_name, **planned)[attribute]))


def test_lists_have_the_right_length() -> None:
    nodes = minted("aws_elasticache_cluster", cluster_id="c", num_cache_nodes=2)["cache_nodes"]
    assert [(node["id"], node["port"]) for node in nodes] == [("0001", 6379), ("0002", 6379)]
    pair = {"engine_type": "ActiveMQ", "deployment_mode": "ACTIVE_STANDBY_MULTI_AZ"}
    assert len(minted("aws_mq_broker", **pair)["instances"]) == 2
    (rabbit,) = minted("aws_mq_broker", engine_type="RabbitMQ")["instances"]
    assert rabbit["endpoints"][0].startswith("amqps://b-")
    assert len(set(minted("aws_ses_domain_dkim", domain="example.com")["dkim_tokens"])) == 3


def test_a_subscription_has_the_name_that_sns_gives_it(tmp_path: Path) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:own"
    given = ("email", "on-call@example.com")
    made = minted(
        "aws_sns_topic_subscription", topic_arn=topic, protocol=given[0], endpoint=given[1]
    )
    book = Subscriptions(tmp_path / "subscriptions.json")
    book.create_topic(topic, {})
    assert made["arn"] == made["id"] == book.subscribe(topic, *given, {}).arn

"""Generated values have AWS's documented form (each case names its source)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bonkei.provider.aws import RESOURCES
from bonkei.provider.behaviour import Context
from bonkei.provider.values import UNKNOWN

REGION = "ap-northeast-1"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
LONG = r"0[0-9a-f]{16}"
HERE = rf"{REGION}:123456789012"
FUNCTION = f"arn:aws:lambda:{HERE}:function:tell"

# (type, planned values, attribute, pattern, document that shows the form)
FORMS: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("aws_vpc", {}, "id", rf"vpc-{LONG}", "EC2 User Guide, Resource IDs"),
    ("aws_vpc", {}, "arn", rf"arn:aws:ec2:{HERE}:vpc/vpc-{LONG}", "Service Authorization, EC2"),
    ("aws_vpc", {}, "main_route_table_id", rf"rtb-{LONG}", "EC2 User Guide, Resource IDs"),
    ("aws_vpc", {}, "default_security_group_id", rf"sg-{LONG}", "EC2 User Guide, Resource IDs"),
    ("aws_subnet", {}, "id", rf"subnet-{LONG}", "EC2 User Guide, Resource IDs"),
    (
        "aws_subnet",
        {"availability_zone": f"{REGION}a"},
        "availability_zone_id",
        "apne1-az4",
        "RAM User Guide, Availability Zone IDs",
    ),
    ("aws_security_group", {"name": "web"}, "id", rf"sg-{LONG}", "EC2 User Guide, Resource IDs"),
    ("aws_vpc_security_group_ingress_rule", {}, "id", rf"sgr-{LONG}", "VPC User Guide, Rules"),
    ("aws_eip", {}, "id", rf"eipalloc-{LONG}", "EC2 User Guide, Elastic IP addresses"),
    ("aws_eip", {}, "public_ip", r"198\.1[89]\.\d+\.\d+", "RFC 2544: no route leads there"),
    ("aws_nat_gateway", {}, "id", rf"nat-{LONG}", "VPC User Guide, NAT gateways"),
    ("aws_internet_gateway", {}, "id", rf"igw-{LONG}", "VPC User Guide, Internet gateways"),
    ("aws_route_table", {}, "id", rf"rtb-{LONG}", "VPC User Guide, Route tables"),
    ("aws_route_table_association", {}, "id", rf"rtbassoc-{LONG}", "VPC User Guide"),
    (
        "aws_vpc_endpoint",
        {"service_name": f"com.amazonaws.{REGION}.s3"},
        "prefix_list_id",
        "pl-61a54008",
        "VPC User Guide, Gateway endpoints",
    ),
    (
        "aws_lb",
        {"name": "web", "load_balancer_type": "application"},
        "arn",
        rf"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app/web/[0-9a-f]{{16}}",
        "Service Authorization, ELB v2",
    ),
    (
        "aws_lb",
        {"name": "web"},
        "dns_name",
        rf"web-[1-9]\d{{9}}\.{REGION}\.elb\.amazonaws\.com",
        "ELB User Guide, DNS name",
    ),
    (
        "aws_lb",
        {"name": "web", "internal": True},
        "dns_name",
        rf"internal-web-\d{{10}}\.{REGION}\.elb\.amazonaws\.com",
        "ELB User Guide, DNS name",
    ),
    ("aws_lb", {"name": "web"}, "zone_id", "Z14GRHDCWA56QT", "General Reference, ELB endpoints"),
    (
        "aws_lb_target_group",
        {"name": "web", "protocol": "HTTP"},
        "arn",
        rf"arn:aws:elasticloadbalancing:{HERE}:targetgroup/web/[0-9a-f]{{16}}",
        "Service Authorization, ELB v2",
    ),
    (
        "aws_lb_listener",
        {"load_balancer_arn": f"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app/web/0a"},
        "arn",
        rf"arn:aws:elasticloadbalancing:{HERE}:listener/app/web/0a/[0-9a-f]{{16}}",
        "Service Authorization, ELB v2",
    ),
    (
        "aws_lb_listener_rule",
        {"listener_arn": f"arn:aws:elasticloadbalancing:{HERE}:listener/app/web/0a/1b"},
        "arn",
        rf"arn:aws:elasticloadbalancing:{HERE}:listener-rule/app/web/0a/1b/[0-9a-f]{{16}}",
        "Service Authorization, ELB v2",
    ),
    ("aws_cloudfront_distribution", {}, "id", r"E[A-Z0-9]{13}", "CloudFront API, Distribution"),
    (
        "aws_cloudfront_distribution",
        {},
        "domain_name",
        r"d[a-z0-9]{13}\.cloudfront\.net",
        "CloudFront Developer Guide",
    ),
    (
        "aws_cloudfront_distribution",
        {},
        "arn",
        r"arn:aws:cloudfront::123456789012:distribution/E[A-Z0-9]{13}",
        "Service Authorization, CloudFront",
    ),
    (
        "aws_cloudfront_distribution",
        {},
        "hosted_zone_id",
        "Z2FDTNDATAQYW2",
        "Route 53 API, AliasTarget",
    ),
    (
        "aws_wafv2_web_acl",
        {"name": "edge", "scope": "REGIONAL"},
        "arn",
        rf"arn:aws:wafv2:{HERE}:regional/webacl/edge/{UUID}",
        "Service Authorization, WAF V2",
    ),
    (
        "aws_wafv2_web_acl",
        {"name": "edge", "scope": "CLOUDFRONT"},
        "arn",
        rf"arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/{UUID}",
        "Service Authorization, WAF V2",
    ),
    (
        "aws_ecs_cluster",
        {"name": "main"},
        "arn",
        rf"arn:aws:ecs:{HERE}:cluster/main",
        "ECS Developer Guide, ARNs",
    ),
    (
        "aws_ecs_service",
        {"name": "api", "cluster": f"arn:aws:ecs:{HERE}:cluster/main"},
        "arn",
        rf"arn:aws:ecs:{HERE}:service/main/api",
        "ECS Developer Guide, ARNs",
    ),
    (
        "aws_ecs_task_definition",
        {"family": "api"},
        "arn",
        rf"arn:aws:ecs:{HERE}:task-definition/api:1",
        "ECS Developer Guide, ARNs",
    ),
    (
        "aws_ecr_repository",
        {"name": "team/api"},
        "repository_url",
        rf"123456789012\.dkr\.ecr\.{REGION}\.amazonaws\.com/team/api",
        "ECR User Guide, Registries",
    ),
    (
        "aws_rds_cluster",
        {"cluster_identifier": "main", "engine": "aurora-postgresql"},
        "endpoint",
        rf"main\.cluster-c[a-z0-9]{{11}}\.{REGION}\.rds\.amazonaws\.com",
        "Aurora User Guide, Endpoints",
    ),
    (
        "aws_rds_cluster",
        {"cluster_identifier": "main", "engine": "aurora-postgresql"},
        "reader_endpoint",
        rf"main\.cluster-ro-c[a-z0-9]{{11}}\.{REGION}\.rds\.amazonaws\.com",
        "Aurora User Guide, Endpoints",
    ),
    (
        "aws_rds_cluster",
        {"engine": "aurora-postgresql"},
        "cluster_resource_id",
        r"cluster-[A-Z0-9]{26}",
        "RDS API, DBCluster",
    ),
    (
        "aws_rds_cluster_instance",
        {"identifier": "main-1", "engine": "aurora-postgresql"},
        "endpoint",
        rf"main-1\.c[a-z0-9]{{11}}\.{REGION}\.rds\.amazonaws\.com",
        "Aurora User Guide, Endpoints",
    ),
    ("aws_kms_key", {}, "key_id", UUID, "KMS Developer Guide, Key identifiers"),
    ("aws_kms_key", {"multi_region": True}, "key_id", "mrk-[0-9a-f]{32}", "KMS, Multi-Region keys"),
    ("aws_kms_key", {}, "arn", rf"arn:aws:kms:{HERE}:key/{UUID}", "KMS, Key identifiers"),
    (
        "aws_secretsmanager_secret",
        {"name": "app/key"},
        "arn",
        rf"arn:aws:secretsmanager:{HERE}:secret:app/key-[a-zA-Z0-9]{{6}}",
        "Secrets Manager User Guide, What's in a secret",
    ),
    (
        "aws_iam_role",
        {"name": "task", "path": "/app/"},
        "arn",
        r"arn:aws:iam::123456789012:role/app/task",
        "IAM User Guide, Identifiers",
    ),
    ("aws_iam_role", {"name": "task"}, "unique_id", r"AROA[A-Z0-9]{17}", "IAM, Identifiers"),
    (
        "aws_cloudwatch_log_group",
        {"name": "/ecs/api"},
        "arn",
        rf"arn:aws:logs:{HERE}:log-group:/ecs/api",
        "Service Authorization, CloudWatch Logs",
    ),
    (
        "aws_s3_bucket",
        {"bucket": "logs"},
        "bucket_regional_domain_name",
        rf"logs\.s3\.{REGION}\.amazonaws\.com",
        "S3 User Guide, Virtual hosting",
    ),
    ("aws_s3_bucket", {"bucket": "logs"}, "arn", "arn:aws:s3:::logs", "S3 User Guide, ARNs"),
    (
        "aws_lambda_function",
        {"function_name": "tell"},
        "invoke_arn",
        rf"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations",
        "API Gateway, Lambda integrations",
    ),
    ("aws_sns_topic", {"name": "alarms"}, "arn", rf"arn:aws:sns:{HERE}:alarms", "SNS, ARNs"),
    (
        "aws_sqs_queue",
        {"name": "dead"},
        "url",
        rf"https://sqs\.{REGION}\.amazonaws\.com/123456789012/dead",
        "SQS Developer Guide, Queue identifiers",
    ),
    (
        "aws_cloudwatch_event_rule",
        {"name": "nightly", "event_bus_name": "default"},
        "arn",
        rf"arn:aws:events:{HERE}:rule/nightly",
        "Service Authorization, EventBridge",
    ),
    (
        "aws_codebuild_project",
        {"name": "build"},
        "arn",
        rf"arn:aws:codebuild:{HERE}:project/build",
        "Service Authorization, CodeBuild",
    ),
    (
        "aws_codepipeline",
        {"name": "release"},
        "arn",
        rf"arn:aws:codepipeline:{HERE}:release",
        "Service Authorization, CodePipeline",
    ),
    (
        "aws_acm_certificate",
        {"domain_name": "example.com"},
        "arn",
        rf"arn:aws:acm:{HERE}:certificate/{UUID}",
        "Service Authorization, ACM",
    ),
    ("aws_route53_zone", {"name": "example.com"}, "zone_id", r"Z[A-Z0-9]{20}", "Route 53 API"),
    (
        "aws_service_discovery_http_namespace",
        {"name": "internal"},
        "arn",
        rf"arn:aws:servicediscovery:{HERE}:namespace/ns-[a-z0-9]{{16}}",
        "Service Authorization, Cloud Map",
    ),
    (
        "aws_cloudwatch_metric_alarm",
        {"alarm_name": "cpu"},
        "arn",
        rf"arn:aws:cloudwatch:{HERE}:alarm:cpu",
        "Service Authorization, CloudWatch",
    ),
    (
        "aws_dynamodb_table",
        {"name": "lock"},
        "arn",
        rf"arn:aws:dynamodb:{HERE}:table/lock",
        "Service Authorization, DynamoDB",
    ),
    (
        "aws_ssm_parameter",
        {"name": "/app/tag", "type": "String", "value": "1"},
        "arn",
        rf"arn:aws:ssm:{HERE}:parameter/app/tag",
        "Service Authorization, Systems Manager",
    ),
]


@pytest.mark.parametrize(("type_name", "planned", "attribute", "pattern", "source"), FORMS)
def test_form(
    type_name: str, planned: dict[str, Any], attribute: str, pattern: str, source: str
) -> None:
    value = RESOURCES[type_name].mint(planned, Context(region=REGION))[attribute]
    assert re.fullmatch(pattern, value), f"{value!r} is not of the form shown in {source}"


def test_a_family_counts_its_revisions_on() -> None:
    mint, context = RESOURCES["aws_ecs_task_definition"].mint, Context()
    planned = {"family": "api", "revision": UNKNOWN}
    assert [mint(planned, context)["revision"] for _ in range(3)] == [1, 2, 3]
    assert mint({**planned, "family": "web"}, context)["revision"] == 1


def test_the_managed_password_has_a_secret_of_the_clusters_own() -> None:
    planned = {"engine": "aurora-postgresql", "manage_master_user_password": True}
    [secret] = RESOURCES["aws_rds_cluster"].mint(planned, Context())["master_user_secret"]
    name = rf"arn:aws:secretsmanager:us-east-1:\d{{12}}:secret:rds!cluster-{UUID}-\w{{6}}"
    assert re.fullmatch(name, secret["secret_arn"])
    assert secret["secret_status"] == "active"
    assert secret["kms_key_id"].startswith("arn:aws:kms:")


def test_the_first_instance_of_a_cluster_writes() -> None:
    mint = RESOURCES["aws_rds_cluster_instance"].mint
    first = {"identifier": "main-1", "cluster_identifier": "main", "engine": "aurora-postgresql"}
    made = {**first, **mint(first, Context())}
    context = Context(peers=lambda kind: (made,) if kind == "aws_rds_cluster_instance" else ())
    assert made["writer"] is True
    assert mint({**first, "identifier": "main-2"}, context)["writer"] is False


def test_certificates_of_one_name_share_their_proof() -> None:
    """ACM asks an account for the same record, whatever the region and certificate."""
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


def test_a_plan_knows_which_names_are_to_be_proved() -> None:
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


def test_a_rules_priority_is_its_own() -> None:
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

"""Values that AWS refuses are refused, with the place; valid and unknown ones are accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bonkei.provider import catalogue, schema
from bonkei.provider.behaviour import Problem
from bonkei.provider.values import UNKNOWN

SCHEMA = schema.load("aws-schema.json.gz")
RESOURCES = catalogue.providers()[catalogue.AWS].resources
HERE = "ap-northeast-1:123456789012"
BALANCER = f"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app/web/0123456789abcdef"
LISTENER = f"arn:aws:elasticloadbalancing:{HERE}:listener/app/web/0123456789abcdef/0a"
TARGETS = f"arn:aws:elasticloadbalancing:{HERE}:targetgroup/web/0123456789abcdef"
ROLE = "arn:aws:iam::123456789012:role/some"
KEY = f"arn:aws:kms:{HERE}:key/d0e9d208-f8ab-4e24-859a-dfa16241f216"


def policy(**statement: Any) -> str:
    whole = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        ],
    }
)
EXPIRE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": 7,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)
FORWARD = [{"type": "forward", "target_group_arn": TARGETS}]
ORIGIN = {
    "origin_id": "web",
    "domain_name": "web.example.com",
    "custom_origin_config": [
        {
            "http_port": 80,
            "https_port": 443,
            "origin_protocol_policy": "http-only",
            "origin_ssl_protocols": ["TLSv1.2"],
        }
    ],
}
BEHAVIOR = {
    "target_origin_id": "web",
    "viewer_protocol_policy": "redirect-to-https",
    "allowed_methods": ["GET", "HEAD"],
    "cached_methods": ["GET", "HEAD"],
    "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
}
MATCH = {
    "search_string": "secret",
    "positional_constraint": "EXACTLY",
    "field_to_match": [{"single_header": [{"name": "x-origin"}]}],
    "text_transformation": [{"priority": 0, "type": "NONE"}],
}


def waf_rule(match: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "name": "header",
        "priority": 1,
        "action": [{"allow": [{}]}],
        "statement": [{"byte_match_statement": [match or MATCH]}],
        **more,
    }


GOOD: dict[str, dict[str, Any]] = {
    "aws_vpc": {"cidr_block": "10.0.0.0/16"},
    "aws_subnet": {"vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24"},
    "aws_nat_gateway": {"allocation_id": "eipalloc-1", "subnet_id": "subnet-1"},
    "aws_route": {
        "route_table_id": "rtb-1",
        "destination_cidr_block": "0.0.0.0/0",
        "gateway_id": "igw-1",
    },
    "aws_vpc_endpoint": {
        "vpc_id": "vpc-1",
        "service_name": "com.amazonaws.ap-northeast-1.logs",
        "vpc_endpoint_type": "Interface",
        "subnet_ids": ["subnet-1"],
    },
    "aws_flow_log": {"vpc_id": "vpc-1", "traffic_type": "ALL", "iam_role_arn": ROLE},
    "aws_security_group": {
        "name": "web",
        "ingress": [{"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": []}],
    },
    "aws_vpc_security_group_ingress_rule": {
        "security_group_id": "sg-1",
        "ip_protocol": "tcp",
        "from_port": 80,
        "to_port": 80,
        "cidr_ipv4": "10.0.0.0/8",
    },
    "aws_security_group_rule": {
        "type": "ingress",
        "security_group_id": "sg-1",
        "protocol": "tcp",
        "from_port": 443,
        "to_port": 443,
        "cidr_blocks": ["10.0.0.0/8"],
    },
    "aws_appautoscaling_scheduled_action": {
        "name": "night",
        "schedule": "cron(0 22 * * ? *)",
        "service_namespace": "ecs",
        "resource_id": "service/cluster/web",
        "scalable_dimension": "ecs:service:DesiredCount",
        "scalable_target_action": [{"min_capacity": "0", "max_capacity": "3"}],
    },
    "aws_lb": {"name": "web", "subnets": ["subnet-1", "subnet-2"]},
    "aws_lb_target_group": {
        "name": "web",
        "port": 80,
        "protocol": "HTTP",
        "vpc_id": "vpc-1",
        "target_type": "ip",
        "health_check": [{"path": "/", "interval": 10, "timeout": 5, "matcher": "200-299,302"}],
    },
    "aws_lb_listener": {
        "load_balancer_arn": BALANCER,
        "port": 80,
        "protocol": "HTTP",
        "default_action": FORWARD,
    },
    "aws_lb_listener_rule": {
        "listener_arn": LISTENER,
        "priority": 100,
        "action": FORWARD,
        "condition": [{"path_pattern": [{"values": ["/api/*"]}]}],
    },
    "aws_cloudfront_distribution": {
        "enabled": True,
        "origin": [ORIGIN],
        "default_cache_behavior": [BEHAVIOR],
        "viewer_certificate": [{"cloudfront_default_certificate": True}],
        "restrictions": [{"geo_restriction": [{"restriction_type": "none"}]}],
    },
    "aws_cloudfront_cache_policy": {
        "name": "pages",
        "min_ttl": 0,
        "default_ttl": 0,
        "max_ttl": 60,
        "parameters_in_cache_key_and_forwarded_to_origin": [
            {
                "cookies_config": [{"cookie_behavior": "none"}],
                "headers_config": [{"header_behavior": "none"}],
                "query_strings_config": [{"query_string_behavior": "none"}],
                "enable_accept_encoding_gzip": True,
            }
        ],
    },
    "aws_cloudfront_response_headers_policy": {
        "name": "secure",
        "security_headers_config": [
            {"frame_options": [{"frame_option": "DENY", "override": True}]}
        ],
    },
    "aws_wafv2_web_acl": {
        "name": "origin",
        "scope": "REGIONAL",
        "default_action": [{"block": [{}]}],
        "rule": [waf_rule()],
    },
    "aws_wafv2_ip_set": {
        "name": "office",
        "scope": "REGIONAL",
        "ip_address_version": "IPV4",
        "addresses": ["192.0.2.0/24"],
    },
    "aws_wafv2_web_acl_logging_configuration": {
        "resource_arn": f"arn:aws:wafv2:{HERE}:regional/webacl/x/1",
        "log_destination_configs": [f"arn:aws:logs:{HERE}:log-group:aws-waf-logs-x"],
    },
    "aws_ecs_cluster": {
        "name": "main",
        "setting": [{"name": "containerInsights", "value": "enhanced"}],
    },
    "aws_ecs_task_definition": {
        "family": "api",
        "cpu": "256",
        "memory": "512",
        "network_mode": "awsvpc",
        "requires_compatibilities": ["FARGATE"],
        "container_definitions": '[{"name": "api", "image": "x/api:1"}]',
    },
    "aws_ecs_service": {
        "name": "api",
        "cluster": "main",
        "launch_type": "FARGATE",
        "desired_count": 2,
        "task_definition": "api:1",
        "network_configuration": [{"subnets": ["subnet-1"], "security_groups": ["sg-1"]}],
    },
    "aws_ecr_repository": {"name": "team/api", "image_tag_mutability": "IMMUTABLE"},
    "aws_ecr_lifecycle_policy": {"repository": "team/api", "policy": EXPIRE},
    "aws_appautoscaling_target": {
        "service_namespace": "ecs",
        "resource_id": "service/main/api",
        "scalable_dimension": "ecs:service:DesiredCount",
        "min_capacity": 1,
        "max_capacity": 4,
    },
    "aws_appautoscaling_policy": {
        "name": "cpu",
        "policy_type": "TargetTrackingScaling",
        "service_namespace": "ecs",
        "resource_id": "service/main/api",
        "scalable_dimension": "ecs:service:DesiredCount",
        "target_tracking_scaling_policy_configuration": [
            {
                "target_value": 60,
                "predefined_metric_specification": [
                    {"predefined_metric_type": "ECSServiceAverageCPUUtilization"}
                ],
            }
        ],
    },
    "aws_rds_cluster": {
        "cluster_identifier": "main",
        "engine": "aurora-postgresql",
        "engine_version": "17.5",
        "master_username": "owner",
        "manage_master_user_password": True,
        "skip_final_snapshot": True,
        "preferred_backup_window": "16:00-16:30",
        "preferred_maintenance_window": "Sun:17:00-Sun:17:30",
        "serverlessv2_scaling_configuration": [{"min_capacity": 0.5, "max_capacity": 4}],
    },
    "aws_rds_cluster_instance": {
        "cluster_identifier": "main",
        "engine": "aurora-postgresql",
        "instance_class": "db.serverless",
    },
    "aws_iam_role": {"name": "task", "assume_role_policy": TRUST},
    "aws_iam_role_policy": {"role": "task", "policy": policy()},
    "aws_kms_key": {"enable_key_rotation": True, "deletion_window_in_days": 30},
    "aws_kms_alias": {"name": "alias/app", "target_key_id": KEY},
    "aws_secretsmanager_secret": {"name": "app/password", "recovery_window_in_days": 0},
    "aws_secretsmanager_secret_version": {
        "secret_id": f"arn:aws:secretsmanager:{HERE}:secret:app/password-AbCdEf",
        "secret_string_wo": "x",
        "secret_string_wo_version": 1,
    },
    "aws_ssm_parameter": {"name": "/app/tag", "type": "String", "value": "1"},
    "aws_cloudwatch_log_group": {"name": "/ecs/api", "retention_in_days": 30},
    "aws_cloudwatch_log_metric_filter": {
        "name": "errors",
        "log_group_name": "/ecs/api",
        "pattern": "ERROR",
        "metric_transformation": [
            {"name": "errors", "namespace": "app", "value": "1", "default_value": "0"}
        ],
    },
    "aws_cloudwatch_metric_alarm": {
        "alarm_name": "cpu",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "evaluation_periods": 3,
        "datapoints_to_alarm": 2,
        "metric_name": "CPUUtilization",
        "namespace": "AWS/ECS",
        "period": 60,
        "statistic": "Average",
        "threshold": 80,
        "treat_missing_data": "notBreaching",
        "alarm_actions": [f"arn:aws:sns:{HERE}:alarms"],
    },
    "aws_cloudwatch_event_rule": {
        "name": "failed",
        "event_pattern": '{"source": ["aws.codepipeline"], "detail": {"state": ["FAILED"]}}',
    },
    "aws_sns_topic": {"name": "alarms"},
    "aws_sns_topic_subscription": {
        "topic_arn": f"arn:aws:sns:{HERE}:alarms",
        "protocol": "lambda",
        "endpoint": f"arn:aws:lambda:{HERE}:function:tell",
    },
    "aws_sqs_queue": {
        "name": "dead",
        "redrive_policy": f'{{"deadLetterTargetArn":"arn:aws:sqs:{HERE}:x","maxReceiveCount":3}}',
    },
    "aws_lambda_function": {
        "function_name": "tell",
        "role": ROLE,
        "filename": "tell.zip",
        "handler": "main.handler",
        "runtime": "python3.13",
        "environment": [{"variables": {"LOG_LEVEL": "INFO"}}],
    },
    "aws_s3_bucket": {"bucket": "logs-of-team"},
    "aws_s3_bucket_lifecycle_configuration": {
        "bucket": "logs-of-team",
        "rule": [{"id": "age", "status": "Enabled", "expiration": [{"days": 30}]}],
    },
    "aws_s3_bucket_server_side_encryption_configuration": {
        "bucket": "logs-of-team",
        "rule": [
            {
                "apply_server_side_encryption_by_default": [
                    {"sse_algorithm": "aws:kms", "kms_master_key_id": KEY}
                ]
            }
        ],
    },
    "aws_dynamodb_table": {
        "name": "lock",
        "billing_mode": "PAY_PER_REQUEST",
        "hash_key": "LockID",
        "attribute": [{"name": "LockID", "type": "S"}],
    },
    "aws_acm_certificate": {"domain_name": "example.com", "validation_method": "DNS"},
    "aws_route53_record": {
        "zone_id": "Z123",
        "name": "www.example.com",
        "type": "A",
        "ttl": 60,
        "records": ["192.0.2.1"],
    },
    "aws_codebuild_project": {
        "name": "build",
        "service_role": ROLE,
        "artifacts": [{"type": "CODEPIPELINE"}],
        "source": [{"type": "CODEPIPELINE", "buildspec": "buildspec.yaml"}],
        "environment": [
            {
                "compute_type": "BUILD_GENERAL1_SMALL",
                "image": "aws/codebuild/standard:7.0",
                "type": "LINUX_CONTAINER",
            }
        ],
    },
    "aws_codepipeline": {
        "name": "release",
        "role_arn": ROLE,
        "pipeline_type": "V2",
        "execution_mode": "QUEUED",
        "artifact_store": [{"type": "S3", "location": "artifacts"}],
        "stage": [
            {
                "name": "Source",
                "action": [{"name": "code", "category": "Source", "output_artifacts": ["source"]}],
            },
            {
                "name": "Build",
                "action": [
                    {
                        "name": "build",
                        "category": "Build",
                        "owner": "AWS",
                        "input_artifacts": ["source"],
                    }
                ],
            },
        ],
    },
    "aws_backup_plan": {
        "name": "daily",
        "rule": [
            {"rule_name": "daily", "target_vault_name": "main", "schedule": "cron(0 15 * * ? *)"}
        ],
    },
}

# (type, what is different from the good one, the path of the problem, a part of what is said)
BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("aws_vpc", {"cidr_block": "10.0.0.1/16"}, "cidr_block", "Did you mean 10.0.0.0/16"),
    ("aws_vpc", {"cidr_block": "10.0.0.0/8"}, "cidr_block", "/16 to /28"),
    ("aws_vpc", {"cidr_block": "10.0.0.0.0/16"}, "cidr_block", "no CIDR block"),
    ("aws_vpc", {"cidr_block": None}, "", "must be given"),
    ("aws_vpc", {"instance_tenancy": "shared"}, "instance_tenancy", "dedicated"),
    ("aws_subnet", {"cidr_block": "10.0.1.0"}, "cidr_block", "prefix length"),
    ("aws_subnet", {"cidr_block": "2001:db8::/64"}, "cidr_block", "IPv4"),
    (
        "aws_subnet",
        {"availability_zone": "x", "availability_zone_id": "y"},
        "availability_zone",
        "exclude",
    ),
    ("aws_nat_gateway", {"allocation_id": None}, "", "allocation_id"),
    ("aws_nat_gateway", {"connectivity_type": "private"}, "allocation_id", "no Elastic IP"),
    ("aws_route", {"nat_gateway_id": "nat-1"}, "nat_gateway_id", "exclude"),
    ("aws_route", {"gateway_id": None}, "", "must be given"),
    ("aws_route", {"destination_cidr_block": "10.1.2.3/8"}, "destination_cidr_block", "bits"),
    ("aws_vpc_endpoint", {"route_table_ids": ["rtb-1"]}, "route_table_ids", "Interface"),
    ("aws_vpc_endpoint", {"vpc_endpoint_type": "gateway"}, "vpc_endpoint_type", "Gateway"),
    ("aws_flow_log", {"traffic_type": "all"}, "traffic_type", "REJECT"),
    ("aws_flow_log", {"subnet_id": "subnet-1"}, "vpc_id", "exclude"),
    ("aws_security_group", {"name": "sg-web"}, "name", "begin with"),
    ("aws_security_group", {"description": "日本語"}, "description", "letters"),
    (
        "aws_security_group",
        {"ingress": [{"protocol": "tcp", "from_port": 90, "to_port": 80}]},
        "ingress.0.from_port",
        "above to_port",
    ),
    (
        "aws_security_group",
        {"ingress": [{"protocol": "http", "from_port": 80, "to_port": 80}]},
        "ingress.0.protocol",
        "no protocol",
    ),
    ("aws_vpc_security_group_ingress_rule", {"to_port": 70000}, "to_port", "65535"),
    ("aws_vpc_security_group_ingress_rule", {"ip_protocol": "-1"}, "from_port", "no ports"),
    ("aws_vpc_security_group_ingress_rule", {"cidr_ipv4": None}, "", "must be given"),
    ("aws_vpc_security_group_ingress_rule", {"prefix_list_id": "pl-1"}, "prefix_list_id", "pl-"),
    (
        "aws_appautoscaling_scheduled_action",
        {"scalable_target_action": [{"max_capacity": "many"}]},
        "scalable_target_action.0.max_capacity",
        "whole number",
    ),
    ("aws_security_group_rule", {"type": "in"}, "type", "egress"),
    ("aws_security_group_rule", {"cidr_blocks": []}, "", "must be given"),
    ("aws_lb", {"name": "a" * 33}, "name", "1 to 32"),
    ("aws_lb", {"name": "web-"}, "name", "hyphen"),
    ("aws_lb", {"name": "internal-web"}, "name", "internal-"),
    ("aws_lb", {"name": "web_1"}, "name", "hyphens"),
    ("aws_lb", {"subnets": ["subnet-1"]}, "subnets", "two availability zones"),
    ("aws_lb", {"idle_timeout": 5000}, "idle_timeout", "4000"),
    ("aws_lb", {"desync_mitigation_mode": "strict"}, "desync_mitigation_mode", "strictest"),
    ("aws_lb", {"name_prefix": "web"}, "name", "exclude"),
    ("aws_lb_target_group", {"name": "a" * 33}, "name", "1 to 32"),
    ("aws_lb_target_group", {"target_type": "fargate"}, "target_type", '"ip"'),
    ("aws_lb_target_group", {"vpc_id": None}, "", "vpc_id"),
    ("aws_lb_target_group", {"deregistration_delay": "4000"}, "deregistration_delay", "3600"),
    ("aws_lb_target_group", {"slow_start": 10}, "slow_start", "30"),
    (
        "aws_lb_target_group",
        {"health_check": [{"interval": 5, "timeout": 5}]},
        "health_check.0.timeout",
        "below interval",
    ),
    (
        "aws_lb_target_group",
        {"health_check": [{"path": "health"}]},
        "health_check.0.path",
        "begins with /",
    ),
    (
        "aws_lb_target_group",
        {"health_check": [{"matcher": "2xx"}]},
        "health_check.0.matcher",
        "list of codes",
    ),
    (
        "aws_lb_target_group",
        {"health_check": [{"healthy_threshold": 1}]},
        "health_check.0.healthy_threshold",
        "2 to 10",
    ),
    ("aws_lb_listener", {"protocol": "HTTP2"}, "protocol", "HTTPS"),
    ("aws_lb_listener", {"protocol": "HTTPS"}, "protocol", "certificate_arn"),
    ("aws_lb_listener", {"load_balancer_arn": "web"}, "load_balancer_arn", "no ARN"),
    ("aws_lb_listener", {"load_balancer_arn": TARGETS}, "load_balancer_arn", "loadbalancer/"),
    (
        "aws_lb_listener",
        {"default_action": [{"type": "forwards", "target_group_arn": TARGETS}]},
        "default_action.0.type",
        "fixed-response",
    ),
    (
        "aws_lb_listener",
        {"default_action": [{"type": "redirect"}]},
        "default_action.0.type",
        'block "redirect"',
    ),
    (
        "aws_lb_listener",
        {
            "default_action": [
                {"type": "fixed-response", "fixed_response": [{"content_type": "text/xml"}]}
            ]
        },
        "default_action.0.fixed_response.0.content_type",
        "text/plain",
    ),
    ("aws_lb_listener_rule", {"priority": 0}, "priority", "50000"),
    (
        "aws_lb_listener_rule",
        {"condition": [{"path_pattern": [{"values": ["/a"]}], "source_ip": [{"values": []}]}]},
        "condition.0",
        "exactly one",
    ),
    (
        "aws_lb_listener_rule",
        {"condition": [{"path_pattern": [{"values": list("abcdef")}]}]},
        "condition",
        "at most 5",
    ),
    (
        "aws_cloudfront_distribution",
        {"default_cache_behavior": [{**BEHAVIOR, "viewer_protocol_policy": "https"}]},
        "default_cache_behavior.0.viewer_protocol_policy",
        "https-only",
    ),
    (
        "aws_cloudfront_distribution",
        {"default_cache_behavior": [{**BEHAVIOR, "allowed_methods": ["GET", "POST"]}]},
        "default_cache_behavior.0.allowed_methods",
        "one of",
    ),
    (
        "aws_cloudfront_distribution",
        {"default_cache_behavior": [{**BEHAVIOR, "target_origin_id": "other"}]},
        "default_cache_behavior.0.target_origin_id",
        "no origin here",
    ),
    (
        "aws_cloudfront_distribution",
        {"default_cache_behavior": [{**BEHAVIOR, "cache_policy_id": None}]},
        "default_cache_behavior.0",
        "cache_policy_id",
    ),
    (
        "aws_cloudfront_distribution",
        {"origin": [{**ORIGIN, "domain_name": "http://web.example.com"}]},
        "origin.0.domain_name",
        "host name",
    ),
    (
        "aws_cloudfront_distribution",
        {"origin": [{**ORIGIN, "custom_header": [{"name": "Host", "value": "x"}]}]},
        "origin.0.custom_header.0.name",
        "cannot add",
    ),
    ("aws_cloudfront_distribution", {"aliases": ["www.example.com"]}, "aliases", "certificate"),
    (
        "aws_cloudfront_distribution",
        {"web_acl_id": f"arn:aws:wafv2:{HERE}:regional/webacl/x/1"},
        "web_acl_id",
        "REGIONAL",
    ),
    (
        "aws_cloudfront_distribution",
        {
            "viewer_certificate": [
                {
                    "acm_certificate_arn": f"arn:aws:acm:{HERE}:certificate/x",
                    "ssl_support_method": "sni-only",
                }
            ]
        },
        "viewer_certificate.0.acm_certificate_arn",
        "us-east-1",
    ),
    ("aws_cloudfront_cache_policy", {"min_ttl": 90}, "min_ttl", "above max_ttl"),
    ("aws_cloudfront_response_headers_policy", {"security_headers_config": []}, "", "One of"),
    ("aws_wafv2_web_acl", {"scope": "GLOBAL"}, "scope", "CLOUDFRONT"),
    ("aws_wafv2_web_acl", {"name": "with blank"}, "name", "letters"),
    (
        "aws_wafv2_web_acl",
        {"rule": [waf_rule({**MATCH, "positional_constraint": "EQUALS"})]},
        "rule.0.statement.0.byte_match_statement.0.positional_constraint",
        "EXACTLY",
    ),
    (
        "aws_wafv2_web_acl",
        {"rule": [waf_rule({**MATCH, "text_transformation": [{"priority": 0, "type": "LOWER"}]})]},
        "rule.0.statement.0.byte_match_statement.0.text_transformation.0.type",
        "LOWERCASE",
    ),
    (
        "aws_wafv2_web_acl",
        {"rule": [waf_rule(), waf_rule(name="two")]},
        "rule.1.priority",
        "twice",
    ),
    ("aws_wafv2_web_acl", {"rule": [waf_rule(action=[])]}, "rule.0", "needs an action"),
    ("aws_wafv2_ip_set", {"addresses": ["192.0.2.1"]}, "addresses.0", "prefix length"),
    (
        "aws_wafv2_web_acl_logging_configuration",
        {"log_destination_configs": [f"arn:aws:logs:{HERE}:log-group:waf"]},
        "log_destination_configs.0",
        "aws-waf-logs-",
    ),
    (
        "aws_ecs_cluster",
        {"setting": [{"name": "containerInsights", "value": "on"}]},
        "setting.0.value",
        "enabled",
    ),
    ("aws_ecs_task_definition", {"cpu": "300"}, "cpu", "300 CPU units"),
    ("aws_ecs_task_definition", {"memory": "4096"}, "cpu", "512, 1024, 2048"),
    ("aws_ecs_task_definition", {"memory": "much"}, "memory", "GB"),
    ("aws_ecs_task_definition", {"network_mode": "bridge"}, "network_mode", "awsvpc"),
    (
        "aws_ecs_task_definition",
        {"requires_compatibilities": ["fargate"]},
        "requires_compatibilities.0",
        "FARGATE",
    ),
    ("aws_ecs_task_definition", {"execution_role_arn": "role"}, "execution_role_arn", "no ARN"),
    ("aws_ecs_task_definition", {"family": "a b"}, "family", "letters"),
    (
        "aws_ecs_task_definition",
        {"container_definitions": "[{"},
        "container_definitions",
        "Not valid JSON",
    ),
    ("aws_ecs_service", {"launch_type": "FARGATE_SPOT"}, "launch_type", "FARGATE"),
    ("aws_ecs_service", {"network_configuration": []}, "launch_type", "network_configuration"),
    (
        "aws_ecs_service",
        {"deployment_maximum_percent": 100},
        "deployment_maximum_percent",
        "neither",
    ),
    ("aws_ecr_repository", {"name": "Team/api"}, "name", "lower-case"),
    ("aws_ecr_repository", {"image_tag_mutability": "FIXED"}, "image_tag_mutability", "IMMUTABLE"),
    (
        "aws_ecr_lifecycle_policy",
        {"policy": EXPIRE.replace("untagged", "tagged")},
        "policy",
        "tagPrefixList",
    ),
    ("aws_appautoscaling_target", {"min_capacity": 5}, "min_capacity", "above max_capacity"),
    ("aws_appautoscaling_target", {"resource_id": "main/api"}, "resource_id", "service/CLUSTER"),
    (
        "aws_appautoscaling_target",
        {"scalable_dimension": "ecs:DesiredCount"},
        "scalable_dimension",
        "ecs:service:DesiredCount",
    ),
    (
        "aws_appautoscaling_policy",
        {"target_tracking_scaling_policy_configuration": []},
        "policy_type",
        "must be given",
    ),
    (
        "aws_appautoscaling_policy",
        {"target_tracking_scaling_policy_configuration": [{"target_value": 0}]},
        "target_tracking_scaling_policy_configuration.0.target_value",
        "more than 0",
    ),
    ("aws_rds_cluster", {"cluster_identifier": "Main"}, "cluster_identifier", "lower-case"),
    ("aws_rds_cluster", {"cluster_identifier": "1main"}, "cluster_identifier", "letter first"),
    ("aws_rds_cluster", {"engine": "postgresql"}, "engine", "aurora-postgresql"),
    ("aws_rds_cluster", {"master_password": "x"}, "manage_master_user_password", "exclude"),
    ("aws_rds_cluster", {"master_username": None}, "", "master_username"),
    ("aws_rds_cluster", {"manage_master_user_password": None}, "", "master_password"),
    ("aws_rds_cluster", {"backup_retention_period": 40}, "backup_retention_period", "35"),
    ("aws_rds_cluster", {"preferred_backup_window": "4pm"}, "preferred_backup_window", "daily"),
    (
        "aws_rds_cluster",
        {"serverlessv2_scaling_configuration": [{"min_capacity": 0.7, "max_capacity": 4}]},
        "serverlessv2_scaling_configuration.0.min_capacity",
        "steps of 0.5",
    ),
    (
        "aws_rds_cluster",
        {"serverlessv2_scaling_configuration": [{"min_capacity": 8, "max_capacity": 4}]},
        "serverlessv2_scaling_configuration.0.max_capacity",
        "above",
    ),
    ("aws_rds_cluster_instance", {"instance_class": "serverless"}, "instance_class", "class"),
    ("aws_iam_role", {"name": "a" * 65}, "name", "1 to 64"),
    ("aws_iam_role", {"assume_role_policy": policy()}, "assume_role_policy", "Resource"),
    ("aws_iam_role", {"assume_role_policy": "{"}, "assume_role_policy", "Not valid JSON"),
    ("aws_iam_role", {"path": "app"}, "path", "begins and ends"),
    ("aws_iam_role", {"max_session_duration": 60}, "max_session_duration", "3600"),
    ("aws_iam_role_policy", {"policy": policy(Effect="allow")}, "policy", "Effect"),
    ("aws_iam_role_policy", {"policy": policy(Action="GetObject")}, "policy", "service:Action"),
    ("aws_iam_role_policy", {"policy": policy(Resource="bucket")}, "policy", "ARN"),
    ("aws_iam_role_policy", {"policy": policy(Principal="*")}, "policy", "no Principal"),
    ("aws_iam_role_policy", {"policy": policy(Actions=["s3:*"])}, "policy", '"Actions"'),
    (
        "aws_iam_role_policy",
        {"policy": policy(Condition={"StringEqual": {"a": "b"}})},
        "policy",
        "condition operator",
    ),
    ("aws_iam_role_policy", {"policy": '{"Version": "2012-10-17"}'}, "policy", "Statement"),
    ("aws_kms_key", {"deletion_window_in_days": 3}, "deletion_window_in_days", "7 to 30"),
    (
        "aws_kms_key",
        {"customer_master_key_spec": "RSA_2048"},
        "enable_key_rotation",
        "no automatic rotation",
    ),
    ("aws_kms_alias", {"name": "app"}, "name", "alias/"),
    ("aws_kms_alias", {"name": "alias/aws/app"}, "name", "alias/"),
    ("aws_secretsmanager_secret", {"name": "with blank"}, "name", "letters"),
    ("aws_secretsmanager_secret", {"recovery_window_in_days": 3}, "recovery_window_in_days", "7"),
    (
        "aws_secretsmanager_secret_version",
        {"secret_string": "y"},
        "secret_string_wo",
        "exclude",
    ),
    (
        "aws_secretsmanager_secret_version",
        {"secret_string_wo_version": None},
        "secret_string_wo",
        "secret_string_wo_version",
    ),
    ("aws_ssm_parameter", {"type": "Text"}, "type", "SecureString"),
    ("aws_ssm_parameter", {"key_id": "alias/x"}, "key_id", "not encrypted"),
    ("aws_cloudwatch_log_group", {"retention_in_days": 31}, "retention_in_days", '"30"'),
    ("aws_cloudwatch_log_group", {"name": "a b"}, "name", "letters"),
    ("aws_cloudwatch_log_group", {"kms_key_id": "alias/x"}, "kms_key_id", "no ARN"),
    (
        "aws_cloudwatch_log_metric_filter",
        {"metric_transformation": [{"name": "x", "namespace": "y", "value": "1", "unit": "s"}]},
        "metric_transformation.0.unit",
        "Seconds",
    ),
    (
        "aws_cloudwatch_metric_alarm",
        {"comparison_operator": ">="},
        "comparison_operator",
        "GreaterThanOrEqualToThreshold",
    ),
    ("aws_cloudwatch_metric_alarm", {"statistic": "Avg"}, "statistic", "Average"),
    ("aws_cloudwatch_metric_alarm", {"period": 45}, "period", "multiple of 60"),
    ("aws_cloudwatch_metric_alarm", {"datapoints_to_alarm": 4}, "datapoints_to_alarm", "more"),
    ("aws_cloudwatch_metric_alarm", {"treat_missing_data": "ok"}, "treat_missing_data", "ignore"),
    ("aws_cloudwatch_metric_alarm", {"threshold": None}, "", "threshold"),
    (
        "aws_cloudwatch_metric_alarm",
        {"metric_query": [{"id": "a", "expression": "1", "return_data": True}]},
        "metric_name",
        "outside",
    ),
    (
        "aws_cloudwatch_metric_alarm",
        {
            "metric_query": [
                {"id": "used", "expression": "100 * IF(free > 0, free, 'free')"},
                {"id": "freeable", "metric": [{"metric_name": "FreeableMemory"}]},
            ]
        },
        "metric_query.0.expression",
        '"free" is no metric_query here; there are: used, freeable',
    ),
    ("aws_cloudwatch_metric_alarm", {"alarm_actions": ["alarms"]}, "alarm_actions.0", "no ARN"),
    ("aws_cloudwatch_event_rule", {"event_pattern": '{"source": "x"}'}, "event_pattern", "list"),
    (
        "aws_cloudwatch_event_rule",
        {"schedule_expression": "rate(1 hours)"},
        "schedule_expression",
        "singular",
    ),
    (
        "aws_cloudwatch_event_rule",
        {"schedule_expression": "cron(0 12 * * * *)"},
        "schedule_expression",
        '"?"',
    ),
    (
        "aws_cloudwatch_event_rule",
        {"schedule_expression": "cron(0 25 * * ? *)"},
        "schedule_expression",
        "no hours",
    ),
    ("aws_cloudwatch_event_rule", {"event_pattern": None}, "", "At least one"),
    ("aws_sns_topic", {"name": "a.b"}, "name", "letters"),
    ("aws_sns_topic", {"fifo_topic": True}, "name", ".fifo"),
    ("aws_sns_topic_subscription", {"endpoint": "tell"}, "endpoint", "no ARN"),
    ("aws_sns_topic_subscription", {"protocol": "slack"}, "protocol", "lambda"),
    ("aws_sqs_queue", {"redrive_policy": "{}"}, "redrive_policy", "deadLetterTargetArn"),
    ("aws_sqs_queue", {"visibility_timeout_seconds": 50000}, "visibility_timeout_seconds", "43200"),
    ("aws_lambda_function", {"runtime": "python4"}, "runtime", "python3.13"),
    ("aws_lambda_function", {"handler": None}, "", "handler"),
    ("aws_lambda_function", {"timeout": 1000}, "timeout", "900"),
    ("aws_lambda_function", {"s3_bucket": "code"}, "s3_bucket", "exclude"),
    (
        "aws_lambda_function",
        {"environment": [{"variables": {"AWS_REGION": "x"}}]},
        "environment.0.variables.AWS_REGION",
        "itself sets",
    ),
    ("aws_s3_bucket", {"bucket": "Logs"}, "bucket", "lower-case"),
    ("aws_s3_bucket", {"bucket": "ab"}, "bucket", "3 to 63"),
    ("aws_s3_bucket", {"bucket": "10.0.0.1"}, "bucket", "IP address"),
    (
        "aws_s3_bucket_lifecycle_configuration",
        {"rule": [{"id": "age", "status": "On", "expiration": [{"days": 1}]}]},
        "rule.0.status",
        "Enabled",
    ),
    (
        "aws_s3_bucket_lifecycle_configuration",
        {"rule": [{"id": "age", "status": "Enabled"}]},
        "rule.0",
        "needs one of",
    ),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        {
            "rule": [
                {
                    "apply_server_side_encryption_by_default": [
                        {"sse_algorithm": "AES256", "kms_master_key_id": KEY}
                    ]
                }
            ]
        },
        "rule.0.apply_server_side_encryption_by_default.0.kms_master_key_id",
        "aws:kms",
    ),
    ("aws_dynamodb_table", {"hash_key": "Id"}, "hash_key", "block attribute"),
    ("aws_dynamodb_table", {"billing_mode": "PROVISIONED"}, "", "read_capacity"),
    ("aws_acm_certificate", {"domain_name": "localhost"}, "domain_name", "domain name"),
    ("aws_route53_record", {"ttl": None}, "", "ttl"),
    ("aws_route53_record", {"records": ["www.example.com"]}, "records.0", "IPv4"),
    ("aws_route53_record", {"type": "ALIAS"}, "type", "CNAME"),
    (
        "aws_codebuild_project",
        {"artifacts": [{"type": "NO_ARTIFACTS"}]},
        "artifacts.0.type",
        "CODEPIPELINE",
    ),
    ("aws_codepipeline", {"pipeline_type": "V1"}, "execution_mode", "V2"),
    (
        "aws_codepipeline",
        {"stage": [{"name": "Source", "action": [{"category": "Source"}]}]},
        "stage",
        "two stages",
    ),
    (
        "aws_codepipeline",
        {
            "stage": [
                {"name": "Source", "action": [{"category": "Source", "output_artifacts": ["a"]}]},
                {"name": "Build", "action": [{"category": "Build", "input_artifacts": ["b"]}]},
            ]
        },
        "stage.1.action.0.input_artifacts",
        "No earlier action",
    ),
    (
        "aws_backup_plan",
        {"rule": [{"rule_name": "x", "target_vault_name": "y", "schedule": "daily"}]},
        "rule.0.schedule",
        "no schedule",
    ),
]


def configuration(type_name: str, **changed: Any) -> dict[str, Any]:
    return {**schema.empty(SCHEMA.resources[type_name]), **GOOD[type_name], **changed}


def problems(type_name: str, config: dict[str, Any]) -> list[Problem]:
    return [p for p in RESOURCES[type_name].validate(config) if p.severity == "error"]


@pytest.mark.parametrize("type_name", GOOD)
def test_a_good_configuration_is_taken(type_name: str) -> None:
    assert problems(type_name, configuration(type_name)) == []


@pytest.mark.parametrize(("type_name", "changed", "path", "said"), BAD)
def test_a_bad_one_is_refused_with_its_place(
    type_name: str, changed: dict[str, Any], path: str, said: str
) -> None:
    found = problems(type_name, configuration(type_name, **changed))
    shown = [(".".join(map(str, p.path)), f"{p.summary}: {p.detail}") for p in found]
    assert any(place == path and said in text for place, text in shown), shown


@pytest.mark.parametrize(
    ("type_name", "name"),
    [
        ("aws_iam_role", "permissions_boundary"),
        ("aws_cloudwatch_log_group", "kms_key_id"),
        ("aws_lb_listener", "certificate_arn"),
    ],
)
def test_nothing_stands_for_no_arn(type_name: str, name: str) -> None:
    """`certificate_arn = var.certificate_arn`, whose default is ""."""
    assert problems(type_name, configuration(type_name, **{name: ""})) == []


def test_a_lambda_target_group_may_say_what_it_does_not_have() -> None:
    """Modules say a VPC for every group, and the provider leaves it out."""
    config = configuration("aws_lb_target_group", target_type="lambda")
    assert config["vpc_id"]
    assert problems("aws_lb_target_group", config) == []


def test_iam_is_narrow_about_sids_and_resources_are_not() -> None:
    """A load balancer's logs are let into buckets by statements with hyphens in their Sids."""
    (problem,) = problems(
        "aws_iam_role_policy", configuration("aws_iam_role_policy", policy=policy(Sid="of-logs"))
    )
    assert 'the Sid "of-logs"' in problem.detail
    block = schema.empty(SCHEMA.resources["aws_s3_bucket_policy"])
    config = {**block, "bucket": "b", "policy": policy(Sid="of-logs", Principal="*")}
    assert problems("aws_s3_bucket_policy", config) == []


def test_a_grace_period_is_taken_also_without_a_load_balancer() -> None:
    """`CreateService`: "If you do not use any of the health checks, then
    healthCheckGracePeriodSeconds is unused."
    """
    config = configuration("aws_ecs_service", health_check_grace_period_seconds=30)
    assert problems("aws_ecs_service", config) == []


def test_ports_of_all_protocols_are_ignored_where_the_provider_does_not_send_them() -> None:
    config = configuration("aws_security_group_rule", protocol="-1")
    assert problems("aws_security_group_rule", config) == []
    inline = {"protocol": "-1", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}
    assert problems("aws_security_group", configuration("aws_security_group", egress=[inline]))


@pytest.mark.parametrize(
    "expression",
    [
        "100 * (1 - FILL(m1, 0) / 1.5e9)",
        "SUM(SEARCH('{AWS/ECS,ServiceName} cpu', 'Sum', 300))",
        'SELECT AVG(cpu) FROM SCHEMA("AWS/EC2", InstanceId)',
        "ANOMALY_DETECTION_BAND(m1, 2)",
        UNKNOWN,
    ],
)
def test_an_expression_over_the_alarms_own_queries_is_taken(expression: Any) -> None:
    queries = [
        {"id": "e1", "expression": expression, "return_data": True},
        {"id": "m1", "metric": [{"metric_name": "cpu"}], "return_data": False},
    ]
    config = configuration(
        "aws_cloudwatch_metric_alarm",
        metric_query=queries,
        **dict.fromkeys(("metric_name", "namespace", "period", "statistic", "dimensions")),
    )
    assert problems("aws_cloudwatch_metric_alarm", config) == []


def every_unknown(value: Any) -> Iterator[Any]:
    """The value with one part after the other unknown."""
    yield UNKNOWN
    if isinstance(value, dict):
        for key, member in value.items():
            for changed in every_unknown(member):
                yield {**value, key: changed}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for changed in every_unknown(item):
                yield [*value[:index], changed, *value[index + 1 :]]


@pytest.mark.parametrize("type_name", GOOD)
def test_what_is_not_known_yet_is_no_problem(type_name: str) -> None:
    for name, value in GOOD[type_name].items():
        for changed in every_unknown(value):
            assert problems(type_name, configuration(type_name, **{name: changed})) == []


@pytest.mark.parametrize("type_name", sorted(RESOURCES))
def test_an_unknown_argument_of_any_type_is_no_fault(type_name: str) -> None:
    block = SCHEMA.resources[type_name]
    for name in (*block.attributes, *block.blocks):
        config = {**schema.empty(block), **GOOD.get(type_name, {}), name: UNKNOWN}
        list(RESOURCES[type_name].validate(config))


def one_set(block: schema.Block, path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A configuration in which only the argument at the path is set."""
    name, *rest = path
    if rest:
        nested = block.blocks[name]
        content = one_set(nested.block, tuple(rest), value)
        value = content if nested.nesting == "single" else [content]
    return {**schema.empty(block), name: value}


def texts(block: schema.Block, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """Where a block takes a string."""
    yield from (
        (name,) for name, attribute in block.attributes.items() if attribute.type == "string"
    )
    for name, nested in block.blocks.items():
        if depth < 3:
            yield from ((name, *rest) for rest in texts(nested.block, depth + 1))


@pytest.mark.parametrize("type_name", sorted(RESOURCES))
def test_no_number_is_expected_where_the_schema_has_a_string(type_name: str) -> None:
    block = SCHEMA.resources[type_name]
    for path in texts(block):
        for problem in RESOURCES[type_name].validate(one_set(block, path, "1")):
            assert "number from" not in problem.detail or "got 1." not in problem.detail, path

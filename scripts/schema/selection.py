"""Which of the provider's types ship: those of an application on ECS and what stands around it."""

from __future__ import annotations

import re

_FAMILIES = """
    accessanalyzer_analyzer acm_certificate.* alb.* ami appautoscaling_.*
    autoscaling_(group|policy|attachment) availability_zones? backup_(plan|selection|vault.*)
    billing_service_account budgets_budget caller_identity canonical_user_id chatbot_.*
    cloudfront_.* cloudtrail cloudwatch_.* codebuild_.* codecommit_.* codeconnections_.*
    codedeploy_.* codepipeline.* codestar.* cognito_(user|identity).*
    config_(config|delivery|recorder).* customer_gateway db_.*
    default_(network_acl|route_table|security_group|subnet|tags|vpc) dynamodb_.*
    ec2_(managed_prefix_list.*|instance_connect_endpoint) ecr_.* ecs_.* efs_.*
    egress_only_internet_gateway eip.* elasticache_.* elb_service_account flow_log
    guardduty_(detector.*|filter) iam_.* inspector2_enabler instance
    internet_gateway(_attachment)? ip_ranges kinesis_(firehose_delivery_stream|stream.*) kms_.*
    lambda_.* launch_template lb.* macie2_account main_route_table_association nat_gateway.*
    network_(acl|interface).* oam_.* partition prefix_list rds_.* regions? resourcegroups_.*
    route route53_(record|zones?|zone_association|health_check|query_log)
    route53_(hosted_zone_dnssec|key_signing_key|resolver_.*) route_tables?
    route_table_association rum_app_monitor s3_(account_public_access_block|bucket.*|object.*)
    scheduler_.* secretsmanager_.* security_groups? security_group_rules? securityhub_account
    service(_principal)? service_discovery_.* servicecatalogappregistry_application
    ses(v2)?_(configuration_set.*|domain.*|email.*) sfn_state_machine.* shield_protection
    signer_signing_.* sns_.* sqs_.* ssm_(document|maintenance.*|parameter.*|patch.*) sts_.*
    subnets? synthetics_.* vpcs? vpc_(block_public_access|dhcp|endpoint|ipv4_cidr|ipv6_cidr).*
    vpc_(network_performance|peering|security_group).* vpn_gateway.* wafv2_.* xray_.*
"""
_SELECTED = re.compile("aws_(" + "|".join(_FAMILIES.split()) + ")")


def is_selected(type_name: str) -> bool:
    """Whether a resource, data source or ephemeral resource type ships."""
    return _SELECTED.fullmatch(type_name) is not None

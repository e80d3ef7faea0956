"""The provider's types that ship: those of an application on ECS and of its surroundings, and all
that the common modules name, even if a module creates none of them."""

from __future__ import annotations

import re

_FAMILIES = """
    accessanalyzer_analyzer acm_certificate.* alb.* ami api_gateway_.* apigatewayv2_.*
    appautoscaling_.* appconfig_.* apprunner_.* appsync_.* arn athena_.* autoscaling_.*
    availability_zones? backup_(plan|selection|vault.*) batch_.* billing_service_account
    budgets_budget caller_identity canonical_user_id ce_anomaly_.* chatbot_.*
    cloudformation_(stack|export) cloudfront_.* cloudfrontkeyvaluestore_.* cloudtrail cloudwatch_.*
    codeartifact_.* codebuild_.* codecommit_.* codeconnections_.* codedeploy_.* codepipeline.*
    codestar.* cognito_.* config_(config|delivery|recorder).* customer_gateway db_.*
    default_(network_acl|route_table|security_group|subnet|tags|vpc.*)
    directory_service_directory docdb_.* dsql_.* dynamodb_.* ebs_volume.*
    ec2_(managed_prefix_list.*|instance_connect_endpoint|tag|transit_gateway(_vpc_attachment)?)
    ec2_capacity_reservation ecr_.* ecrpublic_.* ecs_.* efs_.* egress_only_internet_gateway
    eip.* eks_cluster elasticache_.* elasticsearch_domain.* elb
    elb_(attachment|hosted_zone_id|service_account) flow_log globalaccelerator_.* glue_catalog.*
    guardduty_(detector.*|filter) iam_.* inspector2_enabler instances? internet_gateway.*
    ip_ranges key_pair kinesis_(firehose_delivery_stream|stream.*) kms_.* lambda_.*
    launch_(configuration|template) lb.* macie2_account main_route_table_association memorydb_.*
    mq_.* msk_.* nat_gateway.* network_(acl|interface).* oam_.* opensearch_domain.*
    organizations_organization outposts_outpost partition pipes_pipe placement_group prefix_list
    ram_resource_association rds_.* redshift_subnet_group regions? resourcegroups_.* route
    route53_.* route53domains_registered_domain route_table_association route_tables?
    rum_app_monitor s3_.* s3tables_(namespace|table.*) s3vectors_.* scheduler_.*
    schemas_discoverer secretsmanager_.* security_group_rules? security_groups?
    securityhub_account service(_principal)? service_discovery_.*
    servicecatalogappregistry_application ses_.* sesv2_.* sfn_.* shield_protection
    signer_signing_.* sns_.* spot_instance_request sqs_.* ssm_.* sts_.* subnets? synthetics_.*
    volume_attachment vpc_(block_public_access|dhcp|endpoint|ipv4_cidr|ipv6_cidr).*
    vpc_(network_performance|peering|security_group).* vpc_ipam(_pool.*|_preview_next_cidr)?
    vpclattice_(listener|service|target_group).* vpcs? vpn_gateway.* wafv2_.* xray_.*
"""
_SELECTED = re.compile("aws_(" + "|".join(_FAMILIES.split()) + ")")


def is_selected(type_name: str) -> bool:
    """Whether a resource, data source or ephemeral resource type ships."""
    return _SELECTED.fullmatch(type_name) is not None

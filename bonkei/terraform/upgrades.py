"""What older definitions say that the AWS provider no longer takes, and how it is written now.

Source: the AWS provider's upgrade guides to the versions 4, 5 and 6
(registry.terraform.io/providers/hashicorp/aws/latest/docs/guides).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from bonkei.terraform import constraints
from bonkei.terraform.errors import Diagnostic

_RESOURCE = re.compile(r'\bresource "(\w+)"')
_NAMED = re.compile(r'named "(\w+)"')
_TYPE = re.compile(r'"(aws_\w+)"')
_SUMMARIES = (
    "Unsupported argument",
    "Unsupported attribute",
    "Unsupported block type",
    "Missing required argument",
    "Invalid resource type",
    "Invalid data source",
)

_ARGUMENTS = {
    ("aws_eip", "vpc"): 'write domain = "vpc"',
    ("aws_db_instance", "name"): "it is db_name",
    ("aws_ecs_cluster", "capacity_providers"): (
        "put it into a resource aws_ecs_cluster_capacity_providers"
    ),
    ("aws_ecs_cluster", "default_capacity_provider_strategy"): (
        "put it into a resource aws_ecs_cluster_capacity_providers"
    ),
    ("aws_elasticache_replication_group", "replication_group_description"): "it is description",
    ("aws_elasticache_replication_group", "number_cache_clusters"): "it is num_cache_clusters",
    ("aws_elasticache_replication_group", "availability_zones"): (
        "it is preferred_cache_cluster_azs"
    ),
    ("aws_elasticache_replication_group", "cluster_mode"): (
        "its arguments num_node_groups and replicas_per_node_group stand by themselves"
    ),
    ("aws_kinesis_firehose_delivery_stream", "s3_configuration"): (
        "it is extended_s3_configuration"
    ),
    ("aws_wafv2_web_acl_logging_configuration", "redacted_fields"): (
        "of its blocks, method, query_string, single_header and uri_path are left"
    ),
    ("aws_flow_log", "log_group_name"): "write log_destination, with the log group's ARN",
    ("aws_msk_cluster", "ebs_volume_size"): "it is in the block storage_info",
    ("aws_lambda_event_source_mapping", "state"): "it cannot be set: enabled can",
}
_TYPES = {
    "aws_subnet_ids": (
        'write data "aws_subnets" with filter { name = "vpc-id", values = [vpc_id] }; .ids is as'
        " before"
    ),
    "aws_elasticache_security_group": "only VPC security groups are left",
    "aws_db_security_group": "only VPC security groups are left",
}


def explained(diagnostic: Diagnostic, definitions: Path) -> Diagnostic:
    """The diagnostic with how it is written now, or which other version was asked for."""
    if diagnostic.summary not in _SUMMARIES:
        return diagnostic
    now = _now(diagnostic)
    if now is not None:
        said = f"The AWS provider has removed this: {now}."
    else:
        of_aws = (d for d in constraints.excluded(definitions) if "hashicorp/aws" in d.detail)
        other = next(of_aws, None)
        if other is None or other.file is None or diagnostic.context.startswith("module "):
            return diagnostic  # what a module takes is another version's question: its own
        where = f"{other.file.name} line {other.line}"
        said = f"Mind the version ({where}): {other.detail}"
    return replace(diagnostic, detail=f"{diagnostic.detail}\n\n{said}")


def _now(diagnostic: Diagnostic) -> str | None:
    within, named = _RESOURCE.search(diagnostic.context), _NAMED.search(diagnostic.detail)
    if within and named and diagnostic.summary.startswith("Unsupported"):
        return _ARGUMENTS.get((within[1], named[1]))
    removed = _TYPE.search(diagnostic.detail)
    return _TYPES.get(removed[1]) if removed else None

"""Old arguments that the AWS provider no longer accepts, and their replacements.

Source: the AWS provider's upgrade guides to the versions 4, 5 and 6
(registry.terraform.io/providers/hashicorp/aws/latest/docs/guides).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bonkei.definitions.terraform.errors import Diagnostic
from bonkei.definitions.terraform.explanations import constraints

_RESOURCE = re.compile(r'\bresource "(\w+)"')
_NAMED = re.compile(r'(?:named|of type) "(\w+)"')
_TYPE = re.compile(r'"(aws_\w+)"')
_SUMMARIES = (
    "Unsupported argument",
    "Unsupported attribute",
    "Unsupported block type",
    "Missing required argument",
    "Invalid resource type",
    "Invalid data source",
)

_CLASSIC = "EC2-Classic has ended, so remove it"
_INFERENCE = "AWS has ended Elastic Inference, so remove it"
_STAGE = "put it into a resource aws_api_gateway_stage"
_PROVIDERS = "put it into a resource aws_ecs_cluster_capacity_providers"
_ROTATION = "put it into a resource aws_secretsmanager_secret_rotation"
_INTERFACE = "write network_interface_id, with the instance's primary_network_interface_id"
_VPC_GROUPS = "only VPC security groups are left"

ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "aws_api_gateway_account": {"reset_on_delete": "it is always reset, so remove it"},
    "aws_api_gateway_deployment": {
        "stage_name": _STAGE,
        "stage_description": _STAGE,
        "canary_settings": _STAGE,
        "execution_arn": "aws_api_gateway_stage has it",
        "invoke_url": "aws_api_gateway_stage has it",
    },
    "aws_autoscaling_attachment": {"alb_target_group_arn": "it is lb_target_group_arn"},
    "aws_autoscaling_group": {"tags": "write a block tag for each"},
    "aws_batch_compute_environment": {
        "compute_environment_name": "it is name",
        "compute_environment_name_prefix": "it is name_prefix",
    },
    "aws_budgets_budget": {"cost_filters": "write a block cost_filter for each"},
    "aws_codebuild_project": {"auth": "put it into a resource aws_codebuild_source_credential"},
    "aws_db_instance": {
        "name": "it is db_name",
        "db_security_groups": f"{_VPC_GROUPS}: vpc_security_group_ids",
    },
    "aws_ecs_cluster": {
        "capacity_providers": _PROVIDERS,
        "default_capacity_provider_strategy": _PROVIDERS,
    },
    "aws_ecs_task_definition": {"inference_accelerator": _INFERENCE},
    "aws_elasticache_cluster": {"security_group_names": f"{_VPC_GROUPS}: security_group_ids"},
    "aws_elasticache_replication_group": {
        "replication_group_description": "it is description",
        "number_cache_clusters": "it is num_cache_clusters",
        "availability_zones": "it is preferred_cache_cluster_azs",
        "cluster_mode": (
            "its arguments num_node_groups and replicas_per_node_group stand by themselves"
        ),
    },
    "aws_flow_log": {"log_group_name": "write log_destination, with the log group's ARN"},
    "aws_instance": {
        "cpu_core_count": "write cpu_options { core_count = … }",
        "cpu_threads_per_core": "write cpu_options { threads_per_core = … }",
    },
    "aws_kinesis_firehose_delivery_stream": {"s3_configuration": "it is extended_s3_configuration"},
    "aws_lambda_event_source_mapping": {"state": "it cannot be set: enabled can"},
    "aws_launch_configuration": {
        "vpc_classic_link_id": _CLASSIC,
        "vpc_classic_link_security_groups": _CLASSIC,
    },
    "aws_launch_template": {
        "elastic_gpu_specifications": "AWS has ended Elastic Graphics, so remove it",
        "elastic_inference_accelerator": _INFERENCE,
    },
    "aws_msk_cluster": {"ebs_volume_size": "it is in the block storage_info"},
    "aws_route": {"instance_id": _INTERFACE},
    "aws_route_table": {"instance_id": _INTERFACE},
    "aws_secretsmanager_secret": {
        "rotation_enabled": _ROTATION,
        "rotation_lambda_arn": _ROTATION,
        "rotation_rules": _ROTATION,
    },
    "aws_spot_instance_request": {
        "block_duration_minutes": "AWS has ended Spot blocks, so remove it"
    },
    "aws_ssm_association": {
        "instance_id": 'write targets { key = "InstanceIds", values = [instance_id] }'
    },
    "aws_wafv2_web_acl_logging_configuration": {
        "redacted_fields": (
            "of its blocks, method, query_string, single_header and uri_path are left"
        )
    },
}
"""Type -> argument or attribute -> its replacement.

What version 6 has removed of the types carried here is the difference between the source of
provider 5.46 and the schema; the earlier ones are in the guides.
"""
TYPES = {
    "aws_subnet_ids": (
        'write data "aws_subnets" with filter { name = "vpc-id", values = [vpc_id] }; .ids is as'
        " before"
    ),
    "aws_elasticache_security_group": _VPC_GROUPS,
    "aws_db_security_group": _VPC_GROUPS,
    "aws_redshift_security_group": _VPC_GROUPS,
    "aws_redshift_service_account": "name the service principal redshift.amazonaws.com instead",
    "aws_simpledb_domain": "AWS's SDK has no SimpleDB any more: DynamoDB is what AWS recommends",
    "aws_macie_member_account_association": "Macie Classic has ended: see aws_macie2_member",
    "aws_macie_s3_bucket_association": "Macie Classic has ended: see aws_macie2_classification_job",
}
_ENDED = {
    "aws_opsworks_": "AWS has ended OpsWorks Stacks",
    "aws_worklink_": "AWS has ended WorkLink",
}


def explained(diagnostic: Diagnostic, definitions: Path) -> Diagnostic:
    """The diagnostic with the replacement, or with the other required version."""
    if diagnostic.summary not in _SUMMARIES:
        return diagnostic
    now = _now(diagnostic)
    if now is not None:
        said = f"The AWS provider has removed this: {now}."
    else:
        of_aws = (d for d in constraints.excluded(definitions) if "hashicorp/aws" in d.detail)
        other = next(of_aws, None)
        if other is None or other.file is None or diagnostic.context.startswith("module "):
            return diagnostic  # a module's own arguments do not depend on the provider's version
        where = f"{other.file.name} line {other.line}"
        said = f"Mind the version ({where}): {other.detail}"
    return replace(diagnostic, detail=f"{diagnostic.detail}\n\n{said}")


def _now(diagnostic: Diagnostic) -> str | None:
    named = _NAMED.search(diagnostic.detail)
    if named and diagnostic.summary.startswith("Unsupported"):
        within = _RESOURCE.search(diagnostic.context)
        used = re.search(rf"\b(aws_\w+)\.[\w-]+(?:\[[^\]]*\])?\.{named[1]}\b", diagnostic.code)
        type_ = used or within if diagnostic.summary == "Unsupported attribute" else within
        return ARGUMENTS.get(type_[1], {}).get(named[1]) if type_ else None
    removed = _TYPE.search(diagnostic.detail)
    if removed is None:
        return None
    ended = (said for prefix, said in _ENDED.items() if removed[1].startswith(prefix))
    return TYPES.get(removed[1]) or next(ended, None)

"""From Terraform's state to the blueprint: one subject after another. All readers are pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bonkei.blueprint.cloudfront.reader import read_distributions
from bonkei.blueprint.cloudwatch import read_alarms, read_composite_alarms
from bonkei.blueprint.codebuild import read_build_projects
from bonkei.blueprint.codecommit import read_code_repositories
from bonkei.blueprint.codepipeline import read_pipelines
from bonkei.blueprint.coverage import Gaps, read_coverage
from bonkei.blueprint.ec2.reader import read_network
from bonkei.blueprint.ec2.security_group import read_security_groups
from bonkei.blueprint.ecr import read_repositories
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.blueprint.ecs.reader import read_clusters, read_services
from bonkei.blueprint.ecs.task_definition import read_task_definitions
from bonkei.blueprint.efs import read_access_points
from bonkei.blueprint.elasticache import read_caches
from bonkei.blueprint.elbv2.reader import read_load_balancers, read_target_groups
from bonkei.blueprint.iam import read_roles, read_written_policies
from bonkei.blueprint.kms import read_keys
from bonkei.blueprint.lambda_.event_source import read_event_sources, read_layers
from bonkei.blueprint.lambda_.function import read_functions
from bonkei.blueprint.logs.access_log import read_access_logs, read_connection_logs, read_waf_logs
from bonkei.blueprint.logs.log_delivery import read_log_deliveries
from bonkei.blueprint.logs.log_group import (
    read_log_groups,
    read_log_resource_policies,
    read_log_streams,
    read_metric_filters,
    read_query_definitions,
    read_subscription_filters,
)
from bonkei.blueprint.model import Blueprint
from bonkei.blueprint.rds import read_database_clusters
from bonkei.blueprint.s3.reader import read_buckets, read_stored_objects
from bonkei.blueprint.secretsmanager import read_secrets
from bonkei.blueprint.sns import read_event_rules, read_schedules, read_topics
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.tags import read_all_tags
from bonkei.blueprint.storage import read_parameters, read_queues, read_tables
from bonkei.blueprint.wafv2.reader import read_web_acls


def read(
    document: Mapping[str, Any],
    more: Iterable[Resource] = (),
    revisions: Sequence[TaskDefinition] = (),
) -> Blueprint:
    """Read the architecture from the output of `terraform show -json` (of the applied state).

    `more`: resources of the same form from elsewhere. `revisions`: task definitions that ECS knows
    besides; those that a service runs are part of the architecture. Raises BlueprintError with the
    resource's address and the attribute.
    """
    state, gaps = State.parse(document).with_more(more), Gaps()
    services, definitions = read_services(state, gaps, revisions), read_task_definitions(state)
    run = {one.task_definition_arn for one in services} - {one.arn for one in definitions}
    kept = tuple(one for one in revisions if one.arn in run)
    return Blueprint(
        distributions=read_distributions(state, gaps),
        web_acls=read_web_acls(state, gaps),
        load_balancers=read_load_balancers(state, gaps),
        target_groups=read_target_groups(state, gaps),
        clusters=read_clusters(state),
        services=services,
        task_definitions=(*definitions, *kept),
        kept_revisions=tuple(one.arn for one in kept),
        database_clusters=read_database_clusters(state, gaps),
        caches=read_caches(state, gaps),
        access_points=read_access_points(state),
        secrets=read_secrets(state),
        network=read_network(state),
        security_groups=read_security_groups(state),
        roles=read_roles(state),
        written_policies=read_written_policies(state),
        keys=read_keys(state),
        log_groups=read_log_groups(state),
        log_streams=read_log_streams(state),
        metric_filters=read_metric_filters(state),
        query_definitions=read_query_definitions(state),
        subscription_filters=read_subscription_filters(state),
        log_resource_policies=read_log_resource_policies(state),
        access_logs=read_access_logs(state),
        connection_logs=read_connection_logs(state),
        waf_logs=read_waf_logs(state),
        log_deliveries=read_log_deliveries(state),
        alarms=read_alarms(state),
        composite_alarms=read_composite_alarms(state),
        topics=read_topics(state),
        event_rules=read_event_rules(state),
        schedules=read_schedules(state),
        functions=read_functions(state),
        layers=read_layers(state),
        event_sources=read_event_sources(state),
        buckets=read_buckets(state),
        repositories=read_repositories(state),
        code_repositories=read_code_repositories(state),
        pipelines=read_pipelines(state),
        build_projects=read_build_projects(state),
        queues=read_queues(state),
        tables=read_tables(state),
        parameters=read_parameters(state),
        objects=read_stored_objects(state),
        arns=state.arns(),
        tags=read_all_tags(state),
        # This comes last: by now the readers have noted everything that they could not carry over.
        not_simulated=read_coverage(state, gaps),
    )

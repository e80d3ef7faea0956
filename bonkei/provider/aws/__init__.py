"""What AWS does with each type: one module a service, each a table of behaviours.

A resource type without an entry still works, generically: the core gives it an id and an ARN of
AWS's form. A data source without an entry cannot be answered, and the core says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws import (
    acm,
    api_gateways,
    autoscaling,
    brokers,
    caches,
    cloudfront,
    cloudfront_distributions,
    cloudfront_policies,
    cloudwatch,
    codebuild,
    codecommit,
    codeconnections,
    codepipeline,
    codestar_notifications,
    cognito,
    data_sources,
    default_network,
    dynamodb,
    ecr,
    ecs,
    ecs_services,
    ecs_task_definitions,
    efs,
    endpoints,
    ephemeral,
    events,
    functions,
    gateways,
    governance,
    iam,
    instances,
    kms,
    lambda_callers,
    lambda_functions,
    listeners,
    load_balancers,
    logs,
    messaging,
    network,
    rds_clusters,
    rds_groups,
    rds_instances,
    route53,
    routing,
    s3,
    secrets_manager,
    security_groups,
    service_discovery,
    ssm,
    streams,
    subnets,
    target_groups,
    wafv2,
)
from bonkei.provider.behaviour import (
    DataSource,
    EphemeralResource,
    Function,
    ResourceBehaviour,
)

_SERVICES = (
    acm,
    api_gateways,
    autoscaling,
    brokers,
    caches,
    cloudfront,
    cloudfront_distributions,
    cloudfront_policies,
    cloudwatch,
    codebuild,
    codecommit,
    codeconnections,
    codepipeline,
    codestar_notifications,
    cognito,
    default_network,
    dynamodb,
    ecr,
    ecs,
    ecs_services,
    ecs_task_definitions,
    efs,
    endpoints,
    events,
    gateways,
    governance,
    iam,
    instances,
    kms,
    lambda_callers,
    lambda_functions,
    listeners,
    load_balancers,
    logs,
    messaging,
    network,
    rds_clusters,
    rds_groups,
    rds_instances,
    route53,
    routing,
    s3,
    secrets_manager,
    security_groups,
    service_discovery,
    ssm,
    streams,
    subnets,
    target_groups,
    wafv2,
)

RESOURCES: Mapping[str, ResourceBehaviour] = {
    name: behaviour for service in _SERVICES for name, behaviour in service.RESOURCES.items()
}

DATA_SOURCES: Mapping[str, DataSource] = data_sources.DATA_SOURCES

EPHEMERAL_RESOURCES: Mapping[str, EphemeralResource] = ephemeral.EPHEMERAL_RESOURCES

FUNCTIONS: Mapping[str, Function] = functions.FUNCTIONS

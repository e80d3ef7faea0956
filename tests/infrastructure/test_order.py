"""Terraform's order of creation, as its state records it.

A miniature has everything at once, and an empty account has nothing. Each pair has a reason.
"""

from __future__ import annotations

import re

import pytest
from evaluations import Evaluation

ORDER = {
    # ELB refuses a load balancer in a VPC without an internet gateway. The gateway must stay while
    # the load balancer has addresses.
    "a gateway before what needs it": (
        "module.edge.aws_lb.this",
        "module.network.aws_internet_gateway.this",
    ),
    # ELB writes a test object when logging is turned on.
    "the right to write logs before who writes them": (
        "module.edge.aws_lb.this",
        "module.logging.module.access_logs.aws_s3_bucket_policy.this",
    ),
    "the way to an image before the tasks that pull it": (
        "module.backend_service.aws_ecs_service.this",
        "module.network.aws_vpc_endpoint.interface",
    ),
    # A cluster's name resolves only when an instance exists. The pipeline runs when it is created.
    "the database before the programs": (
        "module.backend_task.aws_ecs_task_definition.this",
        "module.database.aws_rds_cluster_instance.this",
    ),
    "the database before its migration": (
        "module.delivery.aws_codepipeline.this",
        "module.database.aws_rds_cluster_instance.this",
    ),
    "the services before their releases": (
        "module.delivery.aws_codepipeline.this",
        "module.frontend_service.aws_ecs_service.this",
    ),
    "the task of the migration before it runs": (
        "module.delivery.aws_codepipeline.this",
        "module.backend_migrate_task.aws_ecs_task_definition.this",
    ),
    # A task knows the Service Connect names that existed when it started.
    "a name before who calls it": (
        "module.frontend_service.aws_ecs_service.this",
        "module.backend_service.aws_ecs_service.this",
    ),
    # ECS reads their states from the first deployment on.
    "the alarms before the deployments that they stop": (
        "module.backend_service.aws_ecs_service.this",
        "module.monitoring.aws_cloudwatch_metric_alarm.this",
    ),
    # A new header value is accepted before it is sent.
    "the web ACL before the distribution": (
        "module.edge.aws_cloudfront_distribution.this",
        "module.web_acl.aws_wafv2_web_acl.this",
    ),
    # Nothing reaches a load balancer before it is protected.
    "the web ACL's load balancer before the distribution": (
        "module.edge.aws_cloudfront_distribution.this",
        "module.edge.aws_wafv2_web_acl_association.this",
    ),
    "a log group before the cluster that would make it": (
        "module.database.aws_rds_cluster.this",
        "module.database.aws_cloudwatch_log_group.postgresql",
    ),
}

AT_ONCE = {
    # Those who are to hear of a failed release need the pipeline's name, not the pipeline.
    "news of a pipeline while it is made": (
        "module.monitoring.aws_cloudwatch_event_rule.pipeline_failed",
        "module.delivery.aws_codepipeline.this",
    ),
    # An alarm needs the names of what it watches. Instances of a database are slow to start.
    "the alarms of a database while it is made": (
        "module.monitoring.aws_cloudwatch_metric_alarm.database_memory",
        "module.database.aws_rds_cluster_instance.this",
    ),
    "the alarms of services beside their cluster": (
        "module.monitoring.aws_cloudwatch_metric_alarm.this",
        "module.cluster.aws_ecs_cluster.this",
    ),
    # A stage needs the names of the services, and a service is slow to start.
    "the rights of a stage beside the services": (
        "module.delivery.module.stage.module.role.aws_iam_role_policy.this",
        "module.backend_service.aws_ecs_service.this",
    ),
    "the builds of a stage beside the services": (
        "module.delivery.module.stage.aws_codebuild_project.this",
        "module.backend_service.aws_ecs_service.this",
    ),
    "the role of a stage beside the services": (
        "module.delivery.module.stage.module.role.aws_iam_role.this",
        "module.backend_service.aws_ecs_service.this",
    ),
}


@pytest.mark.parametrize("story", ORDER)
def test_the_order(production: Evaluation, story: str) -> None:
    later, earlier = ORDER[story]
    assert all(earlier in waits for waits in _waits_for(production, later))


@pytest.mark.parametrize("story", AT_ONCE)
def test_what_need_not_wait(production: Evaluation, story: str) -> None:
    one, other = AT_ONCE[story]
    assert not any(other in waits for waits in _waits_for(production, one))


def _waits_for(evaluated: Evaluation, name: str) -> list[list[str]]:
    """What each instance of a resource waits for."""
    found = [
        resource.get("depends_on", [])
        for resource in evaluated.resources()
        if re.sub(r"\[[^]]*\]", "", resource["address"]) == name
    ]
    assert found
    return found

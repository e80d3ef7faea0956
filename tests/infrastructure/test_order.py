"""Terraform's order of creation, as its state records it.

A miniature has everything at once, and an empty account has nothing. Each pair has a reason.
"""

from __future__ import annotations

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
        "module.edge.module.web_acl.aws_wafv2_web_acl.this",
    ),
    "a log group before the cluster that would make it": (
        "module.database.aws_rds_cluster.this",
        "module.database.aws_cloudwatch_log_group.postgresql",
    ),
}


@pytest.mark.parametrize("story", ORDER)
def test_the_order(production: Evaluation, story: str) -> None:
    later, earlier = ORDER[story]
    found = [r for r in production.resources() if r["address"].partition("[")[0] == later]
    assert found
    assert all(earlier in resource["depends_on"] for resource in found)

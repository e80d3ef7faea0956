from __future__ import annotations

import pytest

from bonkei.blueprint import Blueprint, read
from tests.bonkei.analysis.check.stack.operations import TOPIC_ARN
from tests.bonkei.analysis.check.stack.whole import sound, state


@pytest.fixture(scope="session")
def blueprint() -> Blueprint:
    """The sound stack of the checks, with builds, a NAT gateway, a pipeline and a function."""
    resources = sound()
    resources["aws_nat_gateway.this"] = {"id": "nat-1", "subnet_id": "subnet-ingress"}
    resources["aws_sns_topic_subscription.function"] = {
        "topic_arn": TOPIC_ARN,
        "protocol": "lambda",
        "endpoint": "arn:aws:lambda:eu-west-1:123456789012:function:notify",
    }
    resources["aws_lambda_function.notify"] = {
        "arn": "arn:aws:lambda:eu-west-1:123456789012:function:notify",
        "function_name": "notify",
        "runtime": "python3.13",
        "role": "arn:aws:iam::123456789012:role/notify",
        "environment": [{"variables": {"SLACK_WEBHOOK_SECRET": "arn"}}],
    }
    resources["aws_cloudwatch_log_group.notify"] = {
        "arn": "arn:notify-log",
        "name": "/aws/lambda/notify",
    }
    resources["aws_flow_log.this"] = {"log_destination": "arn:notify-log"}
    resources["aws_codebuild_project.build"] = {
        "arn": "arn:build",
        "name": "build",
        "service_role": "arn:aws:iam::123456789012:role/build",
        "environment": [{"image": "aws/codebuild/standard:7.0"}],
        "source": [{"buildspec": "builds/build.yaml"}],
        "vpc_config": [{"subnets": ["subnet-app"], "security_group_ids": []}],
    }
    resources["aws_codepipeline.this"] = {
        "arn": "arn:pipeline",
        "name": "release-pipeline",
        "role_arn": "arn:aws:iam::123456789012:role/pipeline",
        "stage": [stage(name) for name in ("Source", "Build", "Test", "Ask", "Deploy", "Verify")],
    }
    return read(state(resources))


def stage(name: str) -> dict[str, object]:
    action = {
        "category": "Build",
        "provider": "CodeBuild",
        "configuration": {"ProjectName": "build"},
    }
    return {
        "name": name,
        "action": [{**action, "name": f"{name} one"}, {**action, "name": f"{name} two"}],
    }

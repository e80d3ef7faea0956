"""Service Quotas: a laptop has none, so each list is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations

_CODES = frozenset(
    {
        "cloudformation", "codebuild", "codepipeline", "ec2", "ecr", "ecs", "elasticloadbalancing",
        "events", "fargate", "iam", "kms", "lambda", "logs", "rds", "s3", "secretsmanager", "sns",
        "sqs", "vpc", "wafv2",
    }
)  # fmt: skip
"""Some of what ListServices names, for what the miniature runs. An error shows a mistyped code."""


def service() -> AwsService:
    return Operations({"ListServiceQuotas": _none, "ListAWSDefaultServiceQuotas": _none})


async def _none(call: AwsCall) -> Mapping[str, Any]:
    code = call.parameters["ServiceCode"]
    if code not in _CODES:
        raise AwsServiceError(
            "NoSuchResourceException", f"The miniature has no service {code} with quotas."
        )
    return {"Quotas": []}

"""Roles and keys."""

from __future__ import annotations

from tests.bonkei.analysis.check.stack.documents import ACCOUNT, Resources, allow, policy, trust
from tests.bonkei.analysis.check.stack.tasks import (
    EXECUTION_ARN,
    KEY_ARN,
    LOG_GROUP_ARN,
    SECRET_ARN,
    TASK_ARN,
)


def key_policy(group: str = LOG_GROUP_ARN, *services: str) -> str:
    """A key policy: the account may do everything, CloudWatch Logs what it needs for one group."""
    return policy(
        allow("kms:*", on="*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        allow(
            "kms:Encrypt*",
            "kms:Decrypt*",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:Describe*",
            on="*",
            Principal={"Service": "logs.eu-west-1.amazonaws.com"},
            Condition={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}},
        ),
        *(
            allow("kms:Decrypt", "kms:GenerateDataKey*", on="*", Principal={"Service": service})
            for service in services
        ),
    )


def permissions() -> Resources:
    execution = policy(
        allow("ecr:GetAuthorizationToken", on="*"),
        allow(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            on=f"arn:aws:ecr:{ACCOUNT}:repository/app*",
        ),
        allow("logs:CreateLogStream", "logs:PutLogEvents", on=f"{LOG_GROUP_ARN}:*"),
        allow("secretsmanager:GetSecretValue", on=SECRET_ARN),
        allow("kms:Decrypt", on=KEY_ARN),
    )
    shell = allow(
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
        on="*",
    )
    return {
        "aws_iam_role.execution": {
            "arn": EXECUTION_ARN,
            "name": "execution",
            "assume_role_policy": trust("ecs-tasks.amazonaws.com"),
        },
        "aws_iam_role_policy.execution": {"role": "execution", "policy": execution},
        "aws_iam_role.task": {
            "arn": TASK_ARN,
            "name": "task",
            "assume_role_policy": trust("ecs-tasks.amazonaws.com"),
        },
        "aws_iam_role_policy.task": {"role": "task", "policy": policy(shell)},
        "aws_kms_key.this": {
            "arn": KEY_ARN,
            "key_id": "k1",
            "enable_key_rotation": True,
            "policy": key_policy(),
        },
        "aws_secretsmanager_secret.password": {
            "arn": SECRET_ARN,
            "name": "password",
            "kms_key_id": KEY_ARN,
        },
    }

"""Every supported resource type, by CloudFormation's name."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.cloudformation.resources import (
    codebuild,
    codecommit,
    codepipeline,
    dynamodb,
    eventbridge,
    iam,
    kms,
    logs,
    s3,
    sns,
    sqs,
    ssm,
)
from bonkei.definitions.cloudformation.resources.kind import Kind

KINDS: Mapping[str, Kind] = {
    **codebuild.KINDS,
    **codecommit.KINDS,
    **codepipeline.KINDS,
    **dynamodb.KINDS,
    **eventbridge.KINDS,
    **iam.KINDS,
    **kms.KINDS,
    **logs.KINDS,
    **s3.KINDS,
    **sns.KINDS,
    **sqs.KINDS,
    **ssm.KINDS,
}

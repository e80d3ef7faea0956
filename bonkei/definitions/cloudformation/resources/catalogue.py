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

_MODULES = (
    *(
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
    ),
)

KINDS: Mapping[str, Kind] = {
    name: kind for module in _MODULES for name, kind in module.KINDS.items()
}

"""CodePipeline's quotas that have an effect here.

"Quotas in AWS CodePipeline", https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
"""

from __future__ import annotations

from bonkei.blueprint.codepipeline import PipelineAction

CONCURRENT = 50
"""Executions in progress at the same time, in the modes QUEUED and PARALLEL."""
KEPT = 100
"""Finished executions that are kept. AWS keeps those of twelve months."""
CONFIGURATION_BYTES = 100_000
"""The largest resolved configuration of an action."""
OUTPUT_BYTES = 122_880
"""All output variables of an action."""

_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_OF_PROVIDER = {
    "CloudFormation": 3 * _DAY,
    "CodeBuild": 8 * _HOUR,
    "CodeDeploy": 5 * _DAY,
    "CodeDeployToECS": 5 * _DAY,
    "Lambda": _DAY,
    "StepFunctions": 7 * _DAY,
}


def time_out(action: PipelineAction) -> float:
    """Seconds until an action times out."""
    if action.timeout_minutes:
        return action.timeout_minutes * _MINUTE
    if action.category == "Approval":
        return 7 * _DAY
    if action.provider == "S3" and action.category == "Deploy":
        return 20 * _MINUTE
    if action.owner == "Custom":
        return _DAY
    return _OF_PROVIDER.get(action.provider, _HOUR)

"""A deployment's lifecycle hooks: functions that look at a stage, and may end the deployment.

Source: "Lifecycle hooks for Amazon ECS service deployments" (Amazon ECS Developer Guide).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import Aws, AwsServiceError, RoleSession
from bonkei.services.ecs.messages import CallHook

SUCCEEDED = ""
"""The verdict of a hook that lets the deployment go on. Any other one says why it may not."""
_AGAIN = 30.0  # seconds after IN_PROGRESS, unless the answer has a callBackDelay
_KNOWN = ("SUCCEEDED", "FAILED", "IN_PROGRESS")


async def verdict(aws: Aws, call: CallHook, again: float = _AGAIN) -> str:
    """Call the hook until it has decided."""
    name = call.hook.function_arn.rpartition(":")[2]
    given: dict[str, Any] = {}
    while True:
        try:
            status, answer = await _asked(aws, call, given)
        except (AwsServiceError, ValueError) as error:  # its details or its answer may be no JSON
            return f"{name} could not be asked: {error}"
        if status == "SUCCEEDED":
            return SUCCEEDED
        if status == "FAILED":
            return f"{name} answered FAILED"
        if status != "IN_PROGRESS":
            return f"{name} answered without a hookStatus of {', '.join(_KNOWN)}: {answer}"
        given = dict(answer.get("hookDetails") or given)
        await asyncio.sleep(float(answer.get("callBackDelay") or again))


async def _asked(
    aws: Aws, call: CallHook, given: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    declared = json.loads(call.hook.details) if call.hook.details else {}
    event = {
        "executionId": call.deployment_id,
        "lifecycleStage": call.stage,
        "resourceArn": call.service_arn,
        "hookDetails": {**declared, **given},
        "executionDetails": {"serviceArn": call.service_arn},
    }
    role = RoleSession(call.hook.role_arn, "ecs-lifecycle-hook")
    parameters = {"FunctionName": call.hook.function_arn, "Payload": json.dumps(event).encode()}
    answer = await aws.call(role, "lambda", "Invoke", parameters)
    text = bytes(answer["Payload"]).decode(errors="replace")
    if "FunctionError" in answer:
        raise AwsServiceError("FunctionError", text)
    found = json.loads(text)
    found = found if isinstance(found, dict) else {}
    return str(found.get("hookStatus")), found

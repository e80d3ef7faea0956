"""A manual approval: it notifies its topic, and then waits for `put-approval-result`.

https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-json-format.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from bonkei.base.aws_service import Aws
from bonkei.services.codepipeline.actions.artifact import call
from bonkei.services.codepipeline.core.values import Finished
from bonkei.services.codepipeline.runners import ActionWork, AfterRestart


class ManualApproval:
    """Provider Manual."""

    after_restart: AfterRestart = "follow"

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def run(self, work: ActionWork) -> Finished | None:
        topic = work.settings.get("NotificationArn", "")
        if topic and not work.run.summary:
            subject = f"APPROVAL NEEDED: AWS CodePipeline {work.pipeline.name} for action "
            subject = (subject + work.action.name)[:100]
            message = json.dumps(notification(work))
            given = {"TopicArn": topic, "Subject": subject, "Message": message}
            await call(self._aws, work, "sns", "Publish", given)
        if not work.run.summary:
            # "For a pipeline where the execution mode is set to PARALLEL, [...] use the
            # externalExecutionId in the response output from the ListActionExecutions action as the
            # token in the approval request" (API_PutApprovalResult).
            is_parallel = work.pipeline.execution_mode == "PARALLEL"
            said = work.settings.get("CustomData", "") or "Waits for an approval"
            work.note(work.run.token if is_parallel else "", "", said)
        return None


def notification(work: ActionWork) -> dict[str, object]:
    """The message for the topic."""
    pipeline, stage, action = work.pipeline.name, work.stage, work.action.name
    console = (
        f"https://console.aws.amazon.com/codesuite/codepipeline/pipelines/{pipeline}/view"
        f"?region={work.region}"
    )
    expires = datetime.fromtimestamp(work.run.expires, UTC)
    return {
        "region": work.region,
        "consoleLink": console,
        "approval": {
            "pipelineName": pipeline,
            "stageName": stage,
            "actionName": action,
            "token": work.run.token,
            "expires": f"{expires:%Y-%m-%dT%H:%MZ}",
            "externalEntityLink": work.settings.get("ExternalEntityLink"),
            "approvalReviewLink": f"{console}#/{stage}/{action}/approve/{work.run.token}",
            "customData": work.settings.get("CustomData"),
        },
    }

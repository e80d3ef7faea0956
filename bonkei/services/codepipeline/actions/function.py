"""Lambda: the function gets a job, and reports its result with `put-job-success-result` or
`-failure-result`.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bonkei.base.aws_service import Asks
from bonkei.services.codepipeline.actions.artifact import key_arn, require
from bonkei.services.codepipeline.core.values import StoredArtifact
from bonkei.services.codepipeline.runners import ActionWork, AfterRestart

Invoke = Callable[[str, bytes], Awaitable[None]]
"""Sends an event to a function (its ARN). Raises AwsServiceError."""
Credentials = Callable[[str, str], Mapping[str, str]]
"""The credentials of a role's session, as environment variables."""


class LambdaFunction:
    """Provider Lambda."""

    after_restart: AfterRestart = "follow"

    def __init__(self, invoke: Invoke, credentials: Credentials, asks: Asks) -> None:
        self._invoke = invoke
        self._credentials = credentials
        self._asks = asks

    async def run(self, work: ActionWork) -> None:
        if work.run.external_id:
            return  # it was called before a restart; its answer may still come
        function = work.arn("lambda", f"function:{work.settings.get('FunctionName', '')}")
        require(self._asks, work, function, "lambda:InvokeFunction")
        credentials = self._credentials(work.role, work.session)
        await self._invoke(function, json.dumps(job(work, credentials)).encode())
        work.note(work.run.id, "", "")


def job(work: ActionWork, credentials: Mapping[str, str]) -> dict[str, Any]:
    """The function's event."""
    settings = work.settings
    known = ("FunctionName", "UserParameters")
    configuration = {name: settings[name] for name in known if name in settings}
    data: dict[str, Any] = {
        "actionConfiguration": {"configuration": configuration},
        "inputArtifacts": [_artifact(each) for each in work.run.inputs],
        "outputArtifacts": [_artifact(each) for each in work.run.outputs],
        "artifactCredentials": {
            "accessKeyId": credentials.get("AWS_ACCESS_KEY_ID", ""),
            "secretAccessKey": credentials.get("AWS_SECRET_ACCESS_KEY", ""),
            "sessionToken": credentials.get("AWS_SESSION_TOKEN", ""),
        },
    }
    if key := key_arn(work):
        data["encryptionKey"] = {"id": key, "type": "KMS"}
    return {"CodePipeline.job": {"id": work.run.id, "accountId": work.account, "data": data}}


def _artifact(artifact: StoredArtifact) -> dict[str, Any]:
    return {
        "name": artifact.name,
        "revision": artifact.revision or None,
        "location": {
            "type": "S3",
            "s3Location": {"bucketName": artifact.bucket, "objectKey": artifact.key},
        },
    }

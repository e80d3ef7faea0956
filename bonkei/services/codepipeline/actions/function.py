"""Lambda: the function gets a job, and reports its result with `put-job-success-result` or
`-failure-result`.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bonkei.base.aws_service import Aws, invocation
from bonkei.services.codepipeline.actions.artifact import call, key_arn
from bonkei.services.codepipeline.core.values import StoredArtifact
from bonkei.services.codepipeline.runners import ActionWork, AfterRestart

Credentials = Callable[[str, str], Mapping[str, str]]
"""The credentials of a role's session, as environment variables."""


class LambdaFunction:
    """Provider Lambda."""

    after_restart: AfterRestart = "follow"

    def __init__(self, aws: Aws, credentials: Credentials) -> None:
        self._aws = aws
        self._credentials = credentials

    async def run(self, work: ActionWork) -> None:
        if work.run.external_id:
            return  # it was called before a restart; its answer may still come
        function = work.arn("lambda", f"function:{work.setting('FunctionName')}")
        event = json.dumps(job(work, self._credentials(work.role, work.session))).encode()
        await call(self._aws, work, "lambda", "Invoke", invocation(function, event))
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

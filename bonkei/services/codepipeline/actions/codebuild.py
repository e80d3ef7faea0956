"""CodeBuild, as a build or a test.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html The build
reads and writes the artifacts with its own role.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from bonkei.base.aws_service import Asks, AwsServiceError
from bonkei.services.codepipeline.actions.artifact import key_arn, require
from bonkei.services.codepipeline.core.values import Finished, StoredArtifact
from bonkei.services.codepipeline.runners import (
    ActionWork,
    AfterRestart,
    BuildOrder,
    BuildOutcome,
    Builds,
)

_TYPES = ("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER")


class CodeBuild:
    """Provider CodeBuild."""

    after_restart: AfterRestart = "follow"

    def __init__(self, builds: Builds, asks: Asks) -> None:
        self._builds = builds
        self._asks = asks

    async def run(self, work: ActionWork) -> Finished:
        return await follow(self._builds, work, self._order)

    def _order(self, work: ActionWork) -> BuildOrder:
        settings = work.settings
        project = work.setting("ProjectName")
        if settings.get("BatchEnabled", "").lower() == "true":
            raise AwsServiceError("NotSimulated", "batch builds (BatchEnabled) are not simulated")
        arn = work.arn("codebuild", f"project/{project}")
        require(self._asks, work, arn, "codebuild:StartBuild", "codebuild:BatchGetBuilds")
        sources = _in_order(work.run.inputs, settings.get("PrimarySource", ""))
        return BuildOrder(
            project=project,
            initiator=f"codepipeline/{work.pipeline.name}",
            execution_id=work.execution_id,
            environment=_environment(settings.get("EnvironmentVariables", "")),
            sources=sources,
            outputs=work.run.outputs,
            key_arn=key_arn(work),
            source_version=sources[0].revision,
        )


async def follow(
    builds: Builds, work: ActionWork, order: Callable[[ActionWork], BuildOrder]
) -> Finished:
    """The result of the action's build, which begins unless an earlier run has begun it."""
    build_id = work.run.external_id
    if not build_id:
        build_id = await builds.start(order(work))
        work.note(build_id, _link(work, build_id), "")
    return _finished(work, await builds.wait(build_id))


def _in_order(inputs: Sequence[StoredArtifact], primary: str) -> tuple[StoredArtifact, ...]:
    """The primary one first."""
    if not primary and len(inputs) == 1:
        return tuple(inputs)
    first = [each for each in inputs if each.name == primary]
    if not first:
        what = f"PrimarySource {primary!r} is none of them" if primary else "no PrimarySource"
        raise AwsServiceError("ConfigurationError", f"{len(inputs)} input artifacts, and {what}")
    return (*first, *(each for each in inputs if each.name != primary))


def _environment(text: str) -> tuple[tuple[str, str, str], ...]:
    """Raises AwsServiceError unless it is a JSON array of objects with name and value."""
    if not text:
        return ()
    try:
        listed: Any = json.loads(text, strict=False)
        found = tuple(
            (str(each["name"]), str(each["value"]), str(each.get("type") or "PLAINTEXT"))
            for each in listed
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise AwsServiceError(
            "ConfigurationError", f"EnvironmentVariables is not a JSON array of variables: {error}"
        ) from None
    for name, _, kind in found:
        if kind not in _TYPES:
            raise AwsServiceError(
                "ConfigurationError",
                f"the variable {name} is of the type {kind}: {', '.join(_TYPES)} are possible",
            )
    return found


def _finished(work: ActionWork, outcome: BuildOutcome) -> Finished:
    succeeded = outcome.status == "SUCCEEDED"
    message = f"Build terminated with state: {outcome.status}"
    if outcome.message:
        message += f". {outcome.message}"
    revision = next((each.revision for each in work.run.inputs if each.revision), "")
    return Finished(
        succeeded=succeeded,
        external_id=outcome.id,
        external_url=_link(work, outcome.id),
        error_code="" if succeeded else "JobFailed",
        error_message="" if succeeded else message,
        variables=outcome.exported,
        outputs=tuple(
            StoredArtifact(each.name, each.bucket, each.key, revision=revision)
            for each in work.run.outputs
        ),
    )


def _link(work: ActionWork, build_id: str) -> str:
    return (
        f"https://console.aws.amazon.com/codebuild/home?region={work.region}"
        f"#/builds/{build_id}/view/new"
    )

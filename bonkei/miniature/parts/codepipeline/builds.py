"""CodeBuild, as the runners of actions need it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codebuild import BuildLogs, BuildProject, BuildSource
from bonkei.miniature.parts.codebuild.builds import BuildPart
from bonkei.services.codepipeline.runners import BuildOrder, BuildOutcome, OwnBuild

_IMAGE = "aws/codebuild/amazonlinux2-x86_64-standard:5.0"


class ActionBuilds:
    """CodeBuild: `bonkei.services.codebuild` with its values."""

    def __init__(self, own: BuildPart, follow: Callable[[], Awaitable[None]]) -> None:
        self._own = own
        self._follow = follow

    async def start(self, order: BuildOrder) -> str:
        from bonkei.services.codebuild.errors import BuildsError  # noqa: PLC0415 - as in the service
        from bonkei.services.codebuild.values import BuildInput, BuildOutput, BuildRequest  # noqa: PLC0415

        inputs = (
            BuildInput(each.name, each.bucket, each.key, each.version) for each in order.sources
        )
        request = BuildRequest(
            project=order.project,
            inputs=tuple(inputs),
            outputs=tuple(BuildOutput(each.name, each.bucket, each.key) for each in order.outputs),
            variables=order.environment,
            initiator=order.initiator,
            source_version=order.source_version,
            resolved_source_version=order.source_version,
            encryption_key=order.key_arn,
        )
        try:
            own = _project(order.project, order.own) if order.own is not None else None
            return self._own.builds.submit(request, own).id
        except BuildsError as error:
            raise AwsServiceError("ConfigurationError", error.message) from None

    async def wait(self, build_id: str) -> BuildOutcome:
        from bonkei.services.codebuild.errors import BuildsError  # noqa: PLC0415 - as above

        try:
            result = await self._own.builds.wait(build_id)
        except BuildsError as error:
            return BuildOutcome(build_id, "FAULT", (), error.message)
        await self._follow()
        exported = tuple(sorted(result.exported.items()))
        return BuildOutcome(result.id, result.status, exported, result.error)


def _project(name: str, own: OwnBuild) -> BuildProject:
    """CodePipeline's own project, as its page describes the compute."""
    return BuildProject(
        address="",
        arn="",
        name=name,
        role_arn=own.role_arn,
        image=_IMAGE,
        buildspec=own.buildspec,
        source=BuildSource("NO_SOURCE"),
        timeout=own.minutes,
        logs=BuildLogs(group=own.log_group),
    )

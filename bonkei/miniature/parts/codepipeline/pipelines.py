"""CodePipeline and CodeCommit as the supervisor uses them, and the ways to the parts that carry out
actions."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.base.aws_service import AwsService, AwsServiceError, Caller, Later
from bonkei.base.background import Background
from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.codepipeline import Pipeline, PipelineAction
from bonkei.miniature.home import Home
from bonkei.miniature.parts.codebuild.builds import BuildPart
from bonkei.miniature.parts.codepipeline.builds import ActionBuilds
from bonkei.miniature.parts.codepipeline.pushes import event_of
from bonkei.miniature.parts.codepipeline.ways import CloudObjects, LocalSources
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint
from bonkei.miniature.steps import Report
from bonkei.services.codecommit.errors import GitError
from bonkei.services.codecommit.git import git
from bonkei.services.codecommit.hook import NOTHING, Push
from bonkei.services.codecommit.repositories import Repositories
from bonkei.services.codepipeline.actions.alarm import CloudWatchAlarm
from bonkei.services.codepipeline.actions.approval import ManualApproval
from bonkei.services.codepipeline.actions.artifact import Store
from bonkei.services.codepipeline.actions.codebuild import CodeBuild
from bonkei.services.codepipeline.actions.deploy import EcsDeploy
from bonkei.services.codepipeline.actions.function import LambdaFunction
from bonkei.services.codepipeline.actions.shell import Commands
from bonkei.services.codepipeline.actions.source import (
    CodeCommitSource,
    ConnectionSource,
    local_name,
)
from bonkei.services.codepipeline.actions.upload import S3Deploy
from bonkei.services.codepipeline.core import commands
from bonkei.services.codepipeline.core.commands import Command
from bonkei.services.codepipeline.core.triggers import Pushed, revisions_of, trigger_of
from bonkei.services.codepipeline.pipelines import Around, Pipelines, Runners
from bonkei.services.codepipeline.snapshot import PipelineSnapshot, describe

if TYPE_CHECKING:
    from aiohttp import web

    from bonkei.services.endpoint.endpoint import Beside


class PipelinePart:
    """Call `follow` with each blueprint, `begin` when everything runs, and always `stop`.
    `follow_builds`: the miniature follows a build's apply. `alarm`: the state of an alarm.
    `minute`: how many seconds a minute of the alarms takes."""

    name = "pipelines"

    def __init__(
        self, home: Home, bus: Bus, report: Report, aws: AwsEndpoint, builds: BuildPart,
        follow_builds: Callable[[], Awaitable[None]], alarm: Callable[[str], str], minute: float,
    ) -> None:  # fmt: skip
        self._bus = bus
        self._aws = aws
        self._report = report
        self._starting = Background()
        self.repositories = Repositories(home.repositories, time.time, self._on_push)
        self.pipelines = Pipelines(
            home.pipelines,
            Around(
                self._runners(
                    home.pipelines / "work",
                    ActionBuilds(builds, follow_builds),
                    CloudWatchAlarm(alarm, aws, minute),
                ),
                bus.publish,
                report,
            ),
        )
        self.beside: Mapping[str, Beside] = {"/v1/repos/": self._serve_git}
        self.services: Mapping[str, AwsService] = {
            "codepipeline": Later(self._codepipeline),
            "codecommit": Later(self._codecommit),
        }

    def _codepipeline(self) -> AwsService:
        from bonkei.services.codepipeline.api import service  # noqa: PLC0415 - see `Later`

        return service.service(self.pipelines)

    def _codecommit(self) -> AwsService:
        from bonkei.services.codecommit import api as service  # noqa: PLC0415 - see `Later`

        return service.service(self.repositories)

    async def follow(self, blueprint: Blueprint, *, are_new: bool) -> None:
        """Follow the declared repositories and pipelines. `are_new`: pipelines that were unknown
        before have just been created, and start once."""
        if not are_new:
            self.repositories.open()
        await self.repositories.follow(blueprint.code_repositories)
        self.pipelines.follow(blueprint.pipelines, are_new=are_new)

    def begin(self) -> None:
        """From now on, time-outs take effect, and pushes are noticed."""
        self.repositories.start()
        self.pipelines.start()

    def snapshot(self) -> tuple[PipelineSnapshot, ...]:
        """Each pipeline and its last execution, by name."""
        pipelines = self.pipelines
        return tuple(describe(each.name, pipelines.book(each.name)) for each in pipelines.all)

    async def stop(self) -> None:
        """Actions in progress continue at the next start, or count as failed then."""
        await self.repositories.stop()
        await self._starting.stop()
        await self.pipelines.stop()

    async def _serve_git(self, request: web.BaseRequest) -> web.StreamResponse:
        from bonkei.services.codecommit import http  # noqa: PLC0415 - aiohttp takes a while to load

        return await http.answer(self.repositories, request, self._aws.cloud.git_caller, self._may)

    def _may(self, caller: Caller, action: str, arn: str) -> str:
        """A person may do everything, as in the rest of the endpoint."""
        if not caller.role:
            return ""
        session = caller.arn.rpartition("/")[2]
        return self._aws.role(caller.role, session, action, arn)

    def _runners(self, directory: Path, own: ActionBuilds, alarm: CloudWatchAlarm) -> Runners:
        aws = self._aws
        store = Store(CloudObjects(lambda: aws.cloud), directory)
        sources = LocalSources(self.repositories)
        builds = CodeBuild(own, aws)
        return {
            ("Source", "CodeCommit"): CodeCommitSource(sources, store, aws),
            ("Source", "CodeStarSourceConnection"): ConnectionSource(sources, store, aws),
            ("Build", "CodeBuild"): builds,
            ("Test", "CodeBuild"): builds,
            ("Compute", "Commands"): Commands(own),
            ("Approval", "Manual"): ManualApproval(aws),
            ("Invoke", "Lambda"): LambdaFunction(aws, self._credentials),
            ("Deploy", "ECS"): EcsDeploy(aws, store),
            ("Deploy", "S3"): S3Deploy(store),
            ("Rule", "CloudWatchAlarm"): alarm,
        }

    def _credentials(self, role: str, session: str) -> Mapping[str, str]:
        return self._aws.cloud.callers.function(role, session)

    def _on_push(self, push: Push) -> None:
        """Publish CodeCommit's event, and start the pipelines that look for changes themselves."""
        self._bus.publish(event_of(self.repositories, push))
        if push.after != NOTHING:
            self._starting.start(self._start_all(push))

    async def _start_all(self, push: Push) -> None:
        try:
            await self._start_each(push)
        except AwsServiceError as error:  # the repository is deleted meanwhile
            self._report(f"a push to {push.repository} starts no pipeline: {error.message}")

    async def _start_each(self, push: Push) -> None:
        tag = "" if push.is_branch else push.reference.removeprefix("refs/tags/")
        pushed = Pushed(push.branch, tag, await self._changed_files(push))
        for pipeline in self.pipelines.all:
            for action in pipeline.stages[0].actions:
                if _repository(action) == push.repository and (
                    trigger := trigger_of(pipeline, action, pushed)
                ):
                    wanted = revisions_of(pipeline, action, pushed, push.after)
                    self._start(pipeline, commands.start(trigger, push.after, overrides=wanted))

    def _start(self, pipeline: Pipeline, begun: Command) -> None:
        try:
            self.pipelines.do(pipeline.name, begun)
        except AwsServiceError as error:
            self._report(f"pipeline {pipeline.name}: a push does not start it: {error.message}")
        except OSError as error:
            self._report(
                f"pipeline {pipeline.name}: a push does not start it, because its book cannot be "
                f"written: {error}"
            )

    async def _changed_files(self, push: Push) -> tuple[str, ...]:
        """Without an earlier commit there are none, so every filter of files lets it pass. A moved
        file is removed from its old place, and added at the new one."""
        if push.before == NOTHING or not push.is_branch:
            return ()
        directory = self.repositories.find(push.repository).directory
        try:
            words = ("diff", "--name-only", "--no-renames", "-z", push.before, push.after)
            listed = await git(directory, *words)
        except GitError:
            return ()
        return tuple(listed.decode("utf-8", "replace").split("\0")[:-1])


def _repository(action: PipelineAction) -> str:
    if action.provider == "CodeStarSourceConnection":
        return local_name(action.setting("FullRepositoryId"))
    return action.setting("RepositoryName")

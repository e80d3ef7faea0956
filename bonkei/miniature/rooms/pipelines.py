"""CodePipeline and CodeCommit as the supervisor uses them, and the ways to the rooms that carry out
actions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bonkei.aws_service import Asks, AwsService, AwsServiceError, Caller
from bonkei.blueprint import Blueprint
from bonkei.blueprint.release.pipeline import Pipeline, PipelineAction
from bonkei.events import Bus, ServiceEvent
from bonkei.miniature.home import Home
from bonkei.miniature.rooms.builds.room import BuildRoom
from bonkei.miniature.rooms.functions import FunctionRoom
from bonkei.miniature.rooms.monitor import MonitorRoom
from bonkei.miniature.steps import Report
from bonkei.pipeline.actions.alarm import CloudWatchAlarm
from bonkei.pipeline.actions.approval import ManualApproval
from bonkei.pipeline.actions.artifact import Store
from bonkei.pipeline.actions.codebuild import CodeBuild
from bonkei.pipeline.actions.deploy import EcsDeploy
from bonkei.pipeline.actions.function import LambdaFunction
from bonkei.pipeline.actions.source import CodeCommitSource, ConnectionSource, local_name
from bonkei.pipeline.actions.upload import S3Deploy
from bonkei.pipeline.core import commands
from bonkei.pipeline.core.triggers import Pushed, trigger_of
from bonkei.pipeline.pipelines import Around, Pipelines, Runners
from bonkei.pipeline.runners import BuildOrder, BuildOutcome, SourceCommit
from bonkei.pipeline.service import service as codepipeline
from bonkei.pipeline.snapshot import PipelineSnapshot, describe
from bonkei.repositories import service as codecommit
from bonkei.repositories.errors import GitError
from bonkei.repositories.git import git
from bonkei.repositories.hook import NOTHING, Push
from bonkei.repositories.repositories import Repositories

if TYPE_CHECKING:
    from aiohttp import web

    from bonkei.cloud.cloud import Cloud
    from bonkei.cloud.endpoint import Beside

_EVENTS = {(True, False): "referenceCreated", (False, True): "referenceDeleted"}


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The other parts, after the supervisor has created them. `follow_builds`: the miniature
    follows a build's apply. `minute`: how many seconds a minute of the alarms takes."""

    cloud: Callable[[], Cloud]
    functions: FunctionRoom
    builds: BuildRoom
    follow_builds: Callable[[], Awaitable[None]]
    monitor: Callable[[], MonitorRoom]
    minute: float


class PipelineRoom:
    """Call `follow` with each blueprint, `begin` when everything runs, and always `stop`."""

    def __init__(self, home: Home, bus: Bus, report: Report, around: Neighbours) -> None:
        self._bus = bus
        self._around = around
        self._report = report
        self._starting: set[asyncio.Task[None]] = set()
        self.repositories = Repositories(home.repositories, time.time, self._on_push)
        self.pipelines = Pipelines(
            home.pipelines,
            Around(self._runners(home.pipelines / "work"), bus.publish, report),
        )
        self.beside: Mapping[str, Beside] = {"/v1/repos/": self._serve_git}
        self.services: Mapping[str, AwsService] = {
            "codepipeline": codepipeline.service(self.pipelines),
            "codecommit": codecommit.service(self.repositories),
        }

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
        for task in tuple(self._starting):
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await self.pipelines.stop()

    async def _serve_git(self, request: web.BaseRequest) -> web.StreamResponse:
        from bonkei.repositories import http  # noqa: PLC0415 - aiohttp takes a while to load

        return await http.answer(
            self.repositories, request, self._around.cloud().git_caller, self._may
        )

    def _may(self, caller: Caller, action: str, arn: str) -> str:
        """A person may do everything, as in the rest of the endpoint."""
        if not caller.role:
            return ""
        session = caller.arn.rpartition("/")[2]
        return self._around.cloud().asks.role(caller.role, session, action, arn)

    def _runners(self, directory: Path) -> Runners:
        around, asks = self._around, _Asks(lambda: self._around.cloud().asks)
        store = Store(_Objects(around.cloud), directory)
        sources = _Sources(self.repositories)
        builds = CodeBuild(_Builds(around.builds, around.follow_builds), asks)
        return {
            ("Source", "CodeCommit"): CodeCommitSource(sources, store, asks),
            ("Source", "CodeStarSourceConnection"): ConnectionSource(sources, store, asks),
            ("Build", "CodeBuild"): builds,
            ("Test", "CodeBuild"): builds,
            ("Approval", "Manual"): ManualApproval(self._publish, asks),
            ("Invoke", "Lambda"): LambdaFunction(self._invoke, self._credentials, asks),
            ("Deploy", "ECS"): EcsDeploy(self._ecs, store),
            ("Deploy", "S3"): S3Deploy(store),
            ("Rule", "CloudWatchAlarm"): CloudWatchAlarm(
                lambda name: around.monitor().state_of(name), asks, around.minute
            ),
        }

    async def _publish(self, topic: str, subject: str, message: str) -> None:
        self._around.functions.publish(topic, message, subject)

    async def _invoke(self, function: str, event: bytes) -> None:
        functions = self._around.functions.functions
        functions.enqueue(functions.find(function).arn, event)

    def _credentials(self, role: str, session: str) -> Mapping[str, str]:
        return self._around.cloud().callers.function(role, session)

    async def _ecs(self, role: str, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        target = f"AmazonEC2ContainerServiceV20141113.{operation}"
        return await self._around.cloud().call(role, "ecs", target, given)

    def _on_push(self, push: Push) -> None:
        """Publish CodeCommit's event, and start the pipelines that look for changes themselves."""
        self._bus.publish(_event(self.repositories, push))
        if push.after != NOTHING:
            task = asyncio.get_running_loop().create_task(self._start_all(push))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _start_all(self, push: Push) -> None:
        tag = "" if push.is_branch else push.reference.removeprefix("refs/tags/")
        pushed = Pushed(push.branch, tag, await self._changed_files(push))
        for pipeline in self.pipelines.all:
            for action in pipeline.stages[0].actions:
                if _repository(action) == push.repository and (
                    trigger := trigger_of(pipeline, action, pushed)
                ):
                    self._start(pipeline, trigger, push)

    def _start(self, pipeline: Pipeline, trigger: str, push: Push) -> None:
        try:
            self.pipelines.do(pipeline.name, commands.start(trigger, push.after))
        except AwsServiceError as error:
            self._report(f"pipeline {pipeline.name}: a push does not start it: {error.message}")

    async def _changed_files(self, push: Push) -> tuple[str, ...]:
        """Without an earlier commit there are none, so every filter of files lets it pass."""
        if push.before == NOTHING or not push.is_branch:
            return ()
        directory = self.repositories.find(push.repository).directory
        try:
            listed = await git(directory, "diff", "--name-only", "-z", push.before, push.after)
        except GitError:
            return ()
        return tuple(listed.decode("utf-8", "replace").split("\0")[:-1])


def _repository(action: PipelineAction) -> str:
    if action.provider == "CodeStarSourceConnection":
        return local_name(action.setting("FullRepositoryId"))
    return action.setting("RepositoryName")


def _event(repositories: Repositories, push: Push) -> ServiceEvent:
    """ "CodeCommit Repository State Change",
    https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html"""
    found = repositories.find(push.repository)
    kind = "branch" if push.is_branch else "tag"
    short = push.reference.split("/", 2)[-1]
    key = (push.before == NOTHING, push.after == NOTHING)
    detail = {
        "event": _EVENTS.get(key, "referenceUpdated"),
        "repositoryName": found.name,
        "repositoryId": found.id,
        "referenceType": kind,
        "referenceName": short,
        "referenceFullName": push.reference,
        "commitId": push.after,
        "oldCommitId": push.before,
    }
    return ServiceEvent(
        "aws.codecommit", "CodeCommit Repository State Change", (found.arn,), detail, time.time()
    )


class _Sources:
    """Repositories for source actions."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories

    async def find(self, repository: str, branch: str, commit: str) -> SourceCommit:
        wanted = commit or await self._repositories.branch(repository, branch)
        found = await self._repositories.commit(repository, wanted)
        return SourceCommit(
            found.id,
            found.message,
            found.author.name,
            found.author.email,
            found.author_date,
            found.committer_date,
        )

    async def archive(self, repository: str, commit: str, to: Path) -> None:
        await self._repositories.archive(repository, commit, to)


class _Objects:
    """S3, once the endpoint is there."""

    def __init__(self, cloud: Callable[[], Cloud]) -> None:
        self._cloud = cloud

    async def put(
        self, role: str, session: str, place: tuple[str, str], file: Path, key_arn: str = ""
    ) -> str:
        return await self._cloud().objects.put(role, session, place, file, key_arn)

    async def get(
        self, role: str, session: str, place: tuple[str, str], to: Path, version: str = ""
    ) -> str:
        return await self._cloud().objects.get(role, session, place, to, version)


class _Asks:
    """IAM, once the endpoint is there."""

    def __init__(self, asks: Callable[[], Asks]) -> None:
        self._asks = asks

    def service(self, *given: Any, **named: Any) -> str:
        return self._asks().service(*given, **named)

    def role(self, *given: Any, **named: Any) -> str:
        return self._asks().role(*given, **named)


class _Builds:
    """CodeBuild: `bonkei.builds` with this room's values."""

    def __init__(self, room: BuildRoom, follow: Callable[[], Awaitable[None]]) -> None:
        self._room = room
        self._follow = follow

    async def start(self, order: BuildOrder) -> str:
        from bonkei.builds.errors import BuildsError  # noqa: PLC0415 - as in the room of builds
        from bonkei.builds.values import BuildInput, BuildOutput, BuildRequest  # noqa: PLC0415

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
            return self._room.builds.submit(request).id
        except BuildsError as error:
            raise AwsServiceError("ConfigurationError", error.message) from None

    async def wait(self, build_id: str) -> BuildOutcome:
        from bonkei.builds.errors import BuildsError  # noqa: PLC0415 - as above

        try:
            result = await self._room.builds.wait(build_id)
        except BuildsError as error:
            return BuildOutcome(build_id, "FAULT", (), error.message)
        await self._follow()
        exported = tuple(sorted(result.exported.items()))
        return BuildOutcome(result.id, result.status, exported, result.error)

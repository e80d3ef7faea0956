"""The pipelines with doubles of the others: S3, CodeCommit, CodeBuild, SNS, EventBridge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline_books import approval, build, pipeline, source

from bonkei.base.aws_service import AwsCall, AwsServiceError, Caller, NothingIsAsked, Principal
from bonkei.base.events import ServiceEvent
from bonkei.blueprint.codepipeline import Pipeline, Stage
from bonkei.services.codepipeline.actions.approval import ManualApproval
from bonkei.services.codepipeline.actions.artifact import Store
from bonkei.services.codepipeline.actions.codebuild import CodeBuild
from bonkei.services.codepipeline.actions.shell import Commands
from bonkei.services.codepipeline.actions.source import CodeCommitSource
from bonkei.services.codepipeline.api.service import service
from bonkei.services.codepipeline.pipelines import Around, Pipelines
from bonkei.services.codepipeline.runners import BuildOrder, BuildOutcome, Builds, SourceCommit

COMMIT = "a" * 40
SOURCE = source(configuration=(("RepositoryName", "app"), ("BranchName", "main")))
BUILD = build(
    namespace="build",
    outputs=("Built",),
    configuration=(
        ("ProjectName", "builder"),
        ("EnvironmentVariables", '[{"name": "TAG", "value": "#{source.CommitId}"}]'),
    ),
)
APPROVE = approval(
    configuration=(
        ("CustomData", "release #{source.CommitId}: #{build.SUMMARY}"),
        ("NotificationArn", "arn:aws:sns:ap-northeast-1:123456789012:people"),
    )
)
DEMO = pipeline(
    Stage("Source", (SOURCE,)), Stage("Build", (BUILD,)), Stage("Approve", (APPROVE,)),
    mode="QUEUED", encryption_key="arn:aws:kms:ap-northeast-1:123456789012:key/k",
)  # fmt: skip


class World:
    """The services around: S3, CodeCommit, CodeBuild, SNS, EventBridge, IAM."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], tuple[bytes, str]] = {}
        self.orders: list[BuildOrder] = []
        self.published: list[tuple[str, str, dict[str, Any]]] = []
        self.events: list[ServiceEvent] = []
        self.denied: set[str] = set()
        self.outcome = BuildOutcome("builder:1", "SUCCEEDED", (("SUMMARY", "1 to add"),))
        self.release = asyncio.Event()
        self.release.set()
        self.now = 1_000.0
        self.branch, self.change = "main", "A change"
        self.waited = 0

    async def find(self, repository: str, branch: str, commit: str) -> SourceCommit:
        if branch != self.branch:
            raise AwsServiceError("BranchDoesNotExistException", f"no branch {branch}")
        return SourceCommit(commit or COMMIT, self.change, "me", "me@x", "2026-01-01T00:00:00Z", "")

    async def archive(self, repository: str, commit: str, to: Path) -> None:
        to.write_bytes(b"zip of " + commit.encode())

    async def put(
        self, role: str, session: str, place: tuple[str, str], file: Path, key_arn: str = ""
    ) -> str:
        self.objects[place] = file.read_bytes(), key_arn
        return f"v{len(self.objects)}"

    async def get(
        self, role: str, session: str, place: tuple[str, str], to: Path, version: str = ""
    ) -> str:
        to.write_bytes(self.objects[place][0])
        return version

    async def start(self, order: BuildOrder) -> str:
        self.orders.append(order)
        return self.outcome.id

    async def wait(self, build_id: str) -> BuildOutcome:
        self.waited += 1
        await self.release.wait()
        return self.outcome

    async def call(
        self, principal: Principal, service: str, operation: str,
        parameters: Mapping[str, Any], region: str = "",
    ) -> Mapping[str, Any]:  # fmt: skip
        topic = parameters["TopicArn"]
        if f"{service}:{operation}" in self.denied:
            raise AwsServiceError(
                "AccessDeniedException", f"the role may not {service}:{operation}", 403
            )
        self.published.append((topic, parameters["Subject"], json.loads(parameters["Message"])))
        return {}

    def role(self, role: str, session: str, action: str, resource: str, context: Any = None) -> str:
        return f"{role} may not {action} {resource}" if action in self.denied else ""

    service = NothingIsAsked.service


class Rig:
    """The pipelines, and the endpoint's calls of them."""

    def __init__(
        self, world: World, directory: Path, declared: Pipeline = DEMO, builds: Builds | None = None
    ) -> None:
        self.world = world
        store = Store(world, directory / "work")
        runners = {
            ("Source", "CodeCommit"): CodeCommitSource(world, store, world),
            ("Build", "CodeBuild"): CodeBuild(world, world),
            ("Compute", "Commands"): Commands(builds or world),
            ("Approval", "Manual"): ManualApproval(world),
        }
        self.pipelines = Pipelines(
            directory,
            Around(runners, world.events.append, lambda _: None),
            clock=lambda: world.now,
        )
        self.pipelines.follow([declared], are_new=False)
        self._service = service(self.pipelines)

    async def call(self, operation: str, **given: Any) -> Mapping[str, Any]:
        caller = Caller("arn:aws:iam::123456789012:user/me", "me", "123456789012")
        asked = AwsCall("codepipeline", operation, given, caller, "ap-northeast-1", self.world.now)
        return await self._service.answer(asked)

    async def start(self, **given: Any) -> str:
        answer = await self.call("StartPipelineExecution", name="demo", **given)
        return str(answer["pipelineExecutionId"])

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not is_so():
                await asyncio.sleep(0.002)

    async def status(self, id_: str, *wanted: str) -> str:
        """Its state, once it is one of these."""
        book = lambda: self.pipelines.book("demo").find(id_)  # noqa: E731
        await self.until(lambda: (found := book()) is not None and found.status in wanted)
        return book().status  # type: ignore[union-attr]

    async def token(self) -> str:
        """Of the approval that waits."""
        found: list[str] = []

        def is_there() -> bool:
            found[:] = [
                action.token
                for execution in self.pipelines.book("demo").executions
                for stage in execution.stages
                for action in stage.actions
                if action.token and action.status == "InProgress" and action.summary
            ]
            return bool(found)

        await self.until(is_there)
        return found[0]

    async def answer(self, status: str, said: str = "") -> None:
        await self.call(
            "PutApprovalResult", pipelineName="demo", stageName="Approve", actionName="Approve",
            token=await self.token(), result={"status": status, "summary": said},
        )  # fmt: skip

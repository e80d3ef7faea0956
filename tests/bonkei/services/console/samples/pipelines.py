"""Two real pipelines, with builds that only write: one of Terraform with a past and a
plan that waits for its answer, one for tests that act."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aws import InMemoryAws
from pipeline_books import approval, build, pipeline, source
from pipeline_rigs import World

from bonkei.base.aws_service import ADMINISTRATOR, AwsCall
from bonkei.blueprint.codepipeline import Pipeline, Stage
from bonkei.miniature.console.pipelines import offer_pipelines
from bonkei.miniature.console.pipelines.deeds import PipelineDeeds
from bonkei.miniature.console.pipelines.offer import PipelineSources
from bonkei.services.codepipeline.actions.approval import ManualApproval
from bonkei.services.codepipeline.actions.artifact import Store
from bonkei.services.codepipeline.actions.codebuild import CodeBuild
from bonkei.services.codepipeline.actions.source import CodeCommitSource
from bonkei.services.codepipeline.api.service import service
from bonkei.services.codepipeline.pipelines import Around, Pipelines
from bonkei.services.codepipeline.runners import BuildOutcome
from bonkei.services.console import Console
from tests.bonkei.services.console.samples.world import MARKUP, Done

PLAN = (Path(__file__).parents[1] / "views/plan.txt").read_text(encoding="utf-8")
TERRAFORM, ACTING = "statuspage-dev-pipeline-tf", "statuspage-dev-pipeline-acting"
BRANCH = MARKUP.replace(" ", "/")
_LINES = [f"[Container] 2026/11/26 09:00:{i % 60:02d} line {i} {MARKUP}" for i in range(1_100)]


def declared(name: str) -> Pipeline:
    repository = (("RepositoryName", "status-page"), ("BranchName", BRANCH))
    words = (("CustomData", f"#{{plan.SUMMARY}} {MARKUP}"),)
    plan = build("Plan", namespace="plan", configuration=(("ProjectName", "tf-plan"),))
    found = pipeline(
        Stage("Source", (source(configuration=repository),)),
        Stage("Plan", (plan,)),
        Stage("Approve", (approval(configuration=words),)),
        Stage("Apply", (build("Apply", configuration=(("ProjectName", "tf-apply"),)),)),
        mode="QUEUED",
    )
    return replace(found, name=name, address=f'module.pipeline["{name}"].aws_codepipeline.this')


class Surroundings:
    """Doubles of the services around real pipelines."""

    def __init__(self, directory: Path) -> None:
        world = self.world = World()
        world.branch, world.change = BRANCH, f"A change \u202e{MARKUP}"
        world.outcome = BuildOutcome(
            "tf-plan:1", "SUCCEEDED", (("SUMMARY", "destroy 1, replace 1"),)
        )
        store = Store(world, directory / "work")
        runners = {
            ("Source", "CodeCommit"): CodeCommitSource(world, store, world),
            ("Build", "CodeBuild"): CodeBuild(world, world),
            ("Approval", "Manual"): ManualApproval(world),
        }
        self.pipelines = Pipelines(directory, Around(runners, world.events.append, print))
        self.pipelines.follow([declared(TERRAFORM), declared(ACTING)], are_new=False)
        self.service = service(self.pipelines)
        self._aws = InMemoryAws({"codepipeline": self.service})
        self._log = directory / "log"
        self._log.write_text("\n".join((*_LINES, PLAN)), encoding="utf-8")

    def log(self, _build: str) -> Path:
        return self._log

    async def live(self, name: str) -> None:
        """A run that failed, one that was approved, and one that waits."""
        outcome = self.world.outcome
        self.world.outcome = BuildOutcome("tf-plan:0", "FAILED", message=f"exit status 1 {MARKUP}")
        await self._start(name)
        await self._until(lambda: self._last(name) == "Failed")
        self.world.outcome = outcome
        await self._start(name)

    async def _start(self, name: str) -> None:
        given = {"name": name}
        await self._aws.call(ADMINISTRATOR, "codepipeline", "StartPipelineExecution", given)

    def _last(self, name: str) -> str:
        return self.pipelines.book(name).executions[-1].status

    async def _until(self, is_so: Any) -> None:
        while not is_so():
            await asyncio.sleep(0.01)


def offer(console: Console, done: Done, home: Path) -> None:
    around = Surroundings(home)

    class Told:
        """The real service, which tells what is done to it."""

        operations = around.service.operations

        async def answer(self, call: AwsCall) -> Mapping[str, Any]:
            done.append((call.operation, dict(call.parameters)))
            return await around.service.answer(call)

    aws = InMemoryAws({"codepipeline": Told()})
    deeds = PipelineDeeds(around.pipelines, aws, home / "copy", home / "repositories")
    offer_pipelines(console, PipelineSources(around.pipelines, lambda: around), deeds)
    around.living = asyncio.get_running_loop().create_task(around.live(TERRAFORM))  # type: ignore[attr-defined]

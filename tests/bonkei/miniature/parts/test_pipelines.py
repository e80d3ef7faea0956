"""The pipelines, beside doubles of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from pipeline_books import pipeline, source

from bonkei.base.events import Bus
from bonkei.blueprint.codepipeline import Filter, GitPush, Stage, Trigger
from bonkei.miniature.home import Home
from bonkei.miniature.parts.codepipeline.pipelines import PipelinePart
from bonkei.services.codecommit.git import git
from bonkei.services.codecommit.hook import NOTHING, Push
from bonkei.services.codepipeline.core.values import Override

STARTED = Push("app", "refs/heads/main", NOTHING, "a" * 40)
SOURCE = source(
    configuration=(
        ("RepositoryName", "app"), ("BranchName", "main"), ("PollForSourceChanges", "true"),
    )
)  # fmt: skip


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
async def rig(tmp_path: Path, said: list[str]) -> AsyncIterator[PipelinePart]:
    other = cast("Any", None)  # nothing is asked of the others
    made = PipelinePart(Home(tmp_path), Bus(), said.append, other, other, other, other, 60.0)
    made.repositories.open()
    await made.repositories.create("app", "arn:aws:codecommit:eu-west-1:123456789012:app")
    made.pipelines.follow((pipeline(Stage("Source", (SOURCE,))),), are_new=False)
    yield made
    await made.stop()


async def settled(rig: PipelinePart) -> None:
    await asyncio.gather(*rig._starting, return_exceptions=False)


async def test_a_push_that_the_disk_does_not_take_is_reported(
    rig: PipelinePart, said: list[str], tmp_path: Path
) -> None:
    name = rig.pipelines.all[0].name
    executions = tmp_path / "pipelines" / name / "executions"
    executions.parent.mkdir(parents=True, exist_ok=True)
    executions.write_text("in the way")
    rig._on_push(STARTED)
    await settled(rig)
    [line] = said
    assert line.startswith(f"pipeline {name}: a push does not start it, because its book cannot be")
    assert "executions" in line


async def test_a_push_to_a_repository_that_is_deleted_meanwhile_is_reported(
    rig: PipelinePart, said: list[str]
) -> None:
    rig._on_push(Push("app", "refs/heads/main", "b" * 40, "a" * 40))
    rig.repositories.delete("app")
    await settled(rig)
    assert said == ["a push to app starts no pipeline: app does not exist"]


async def test_a_trigger_with_filters_starts_with_the_commit_that_was_pushed(
    rig: PipelinePart,
) -> None:
    """ "For a pipeline where triggers are used to filter branches by push or pull request, the
    pipeline won't use the default BranchName field branch in the action configuration."
    """
    settings = (("FullRepositoryId", "app"), ("BranchName", "main"))
    github = replace(source(configuration=settings), provider="CodeStarSourceConnection")
    pushes = (GitPush(Filter(("feature/*",))), GitPush(tags=Filter(("v*",))))
    declared = pipeline(Stage("Source", (github,)), triggers=(Trigger(github.name, pushes),))
    rig.pipelines.follow((declared,), are_new=False)
    rig._on_push(Push("app", "refs/heads/feature/x", NOTHING, "b" * 40))
    rig._on_push(Push("app", "refs/tags/v1", NOTHING, "c" * 40))
    rig._on_push(Push("app", "refs/heads/main", NOTHING, "d" * 40))
    await settled(rig)
    started = [each.overrides for each in rig.pipelines.book(declared.name).executions]
    assert started == [
        (Override(github.name, "COMMIT_ID", "b" * 40, "feature/x"),),
        (Override(github.name, "COMMIT_ID", "c" * 40),),
    ]


async def test_a_moved_file_has_changed_in_both_places(rig: PipelinePart) -> None:
    who = "committer me <me@x> 0 +0000\ndata 0\n"
    file = "M 644 inline {}\ndata 30\nlong enough to be found again\n\n"
    commits = (
        f"commit refs/heads/main\n{who}{file.format('src/a')}"
        f"commit refs/heads/main\n{who}D src/a\n{file.format('docs/a')}"
    )
    directory = rig.repositories.find("app").directory
    await git(directory, "fast-import", "--quiet", given=commits.encode())
    listed = await git(directory, "rev-list", "main")
    after, before = listed.decode().split()
    changed = await rig._changed_files(Push("app", "refs/heads/main", before, after))
    assert sorted(changed) == ["docs/a", "src/a"]

"""The pushes that start a pipeline:
https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html
"""

from __future__ import annotations

import pytest
from pipeline_books import pipeline

from bonkei.blueprint.codepipeline import Filter, GitPush, PipelineAction, Stage, Trigger
from bonkei.services.codepipeline.core.triggers import Pushed, trigger_of


def action(provider: str, **configuration: str) -> PipelineAction:
    settings = tuple({"BranchName": "main", **configuration}.items())
    return PipelineAction("Source", "Source", provider, configuration=settings)


def found(source: PipelineAction, pushed: Pushed, *pushes: GitPush) -> str:
    triggers = (Trigger("Source", pushes),) if pushes else ()
    return trigger_of(pipeline(Stage("Source", (source,)), triggers=triggers), source, pushed)


@pytest.mark.parametrize(
    ("provider", "settings", "branch", "expected"),
    [
        ("CodeCommit", {}, "main", "PollForSourceChanges"),  # "defaults to polling"
        ("CodeCommit", {"PollForSourceChanges": "false"}, "main", ""),
        ("CodeCommit", {}, "other", ""),
        ("CodeStarSourceConnection", {}, "main", "WebhookV2"),
        ("CodeStarSourceConnection", {"DetectChanges": "false"}, "main", ""),
        ("CodeStarSourceConnection", {}, "other", ""),
    ],
)
def test_a_push_to_the_branch(
    provider: str, settings: dict[str, str], branch: str, expected: str
) -> None:
    assert found(action(provider, **settings), Pushed(branch)) == expected


@pytest.mark.parametrize(
    ("push", "pushed", "starts"),
    [
        (GitPush(Filter(("main", "release/*"))), Pushed("release/1"), True),
        (GitPush(Filter(("main", "release/*"))), Pushed("release/1/x"), False),
        (GitPush(Filter(("release/**",))), Pushed("release/1/x"), True),
        (GitPush(Filter((), ("draft*",))), Pushed("draft-1"), False),
        (GitPush(Filter(("*",), ("draft*",))), Pushed("main"), True),
        (GitPush(Filter(("main",)), Filter(("src/**",))), Pushed("main", "", ("docs/a",)), False),
        (GitPush(Filter(("main",)), Filter(("src/**",))), Pushed("main", "", ("src/a/b",)), True),
        (GitPush(tags=Filter(("v*",))), Pushed(tag="v1"), True),
        (GitPush(tags=Filter(("v*",))), Pushed("main"), False),
        (GitPush(Filter(("main",))), Pushed(tag="v1"), False),
    ],
)
def test_filters_of_a_trigger(push: GitPush, pushed: Pushed, starts: bool) -> None:
    source = action("CodeStarSourceConnection", DetectChanges="false")
    assert found(source, pushed, push) == ("WebhookV2" if starts else "")

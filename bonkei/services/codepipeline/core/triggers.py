"""The pushes that start a pipeline.

- CodeCommit: CodePipeline looks for changes itself unless PollForSourceChanges is false
  (https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html).
- A connection: each push to the branch, unless DetectChanges is false; of type V2, those that pass
  the filters of its triggers
  (https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bonkei.blueprint.codepipeline import Filter, GitPush, Pipeline, PipelineAction, Trigger
from bonkei.services.codepipeline.core.values import Override


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push: a branch or a tag, and the changed files."""

    branch: str = ""
    tag: str = ""
    files: tuple[str, ...] = ()


def trigger_of(pipeline: Pipeline, action: PipelineAction, pushed: Pushed) -> str:
    """The type of the trigger, if a push to the action's repository starts the pipeline; otherwise
    empty."""
    if action.provider == "CodeCommit":
        looks = action.setting("PollForSourceChanges").lower() != "false"
        is_its = pushed.branch and pushed.branch == action.setting("BranchName")
        return "PollForSourceChanges" if looks and is_its else ""
    declared = [each for each in pipeline.triggers if each.action == action.name]
    if declared:
        return "WebhookV2" if any(_passes(each, pushed) for each in declared) else ""
    detects = action.setting("DetectChanges").lower() != "false"
    is_its = pushed.branch and pushed.branch == action.setting("BranchName")
    return "WebhookV2" if detects and is_its else ""


def revisions_of(
    pipeline: Pipeline, action: PipelineAction, pushed: Pushed, commit: str
) -> tuple[Override, ...]:
    """The revision of a start by a trigger with filters, which "fetches the exact commit": "For a
    pipeline where triggers are used to filter branches by push or pull request, the pipeline won't
    use the default BranchName field branch in the action configuration" (pipelines-filter.html).
    """
    is_filtered = action.provider == "CodeStarSourceConnection" and any(
        each.action == action.name for each in pipeline.triggers
    )
    return (Override(action.name, "COMMIT_ID", commit, pushed.branch),) if is_filtered else ()


def _passes(trigger: Trigger, pushed: Pushed) -> bool:
    return any(_fits(push, pushed) for push in trigger.pushes)


def _fits(push: GitPush, pushed: Pushed) -> bool:
    if pushed.tag:
        return push.tags != Filter() and _allows(push.tags, [pushed.tag])
    if push.tags != Filter() and push.branches == Filter():
        return False
    files = not pushed.files or _allows(push.files, pushed.files)
    return _allows(push.branches, [pushed.branch]) and files


def _allows(found: Filter, names: Sequence[str]) -> bool:
    """Whether a name is included, and not all names are excluded."""
    left = [name for name in names if not any(_matches(glob, name) for glob in found.excludes)]
    if not found.includes:
        return bool(left)
    return any(_matches(glob, name) for glob in found.includes for name in left)


def _matches(glob: str, name: str) -> bool:
    """`*` stays within a folder, `**` does not."""
    parts = re.split(r"(\*\*/?|\*|\?)", glob)
    words = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return (
        re.fullmatch("".join(words.get(each, re.escape(each)) for each in parts), name) is not None
    )

"""A pipeline's stages, from its source to the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from bonkei.analysis.diagram.model import Arrow, Diagram, Group, Kind, Node
from bonkei.analysis.diagram.names import words
from bonkei.blueprint.codebuild import BuildProject
from bonkei.blueprint.codepipeline import Pipeline, PipelineAction, Stage

_IN_ONE_ROW = 5
_KINDS: dict[str, Kind] = {
    "Source": "source",
    "Build": "build",
    "Test": "firewall",
    "Approval": "approval",
    "Deploy": "service",
    "Invoke": "function",
    "Compute": "build",
}
_PROVIDERS = {
    "CodeStarSourceConnection": "CodeConnections",
    "Manual": "a person decides",
    "S3": "S3",
}


def pipeline_diagram(
    name: str, title: str, pipeline: Pipeline, projects: Iterable[BuildProject] = ()
) -> Diagram:
    """Stages in rows of a few. The second row runs backwards, so that the picture stays
    readable."""
    by_name = {project.name: project for project in projects}
    nodes: list[Node] = []
    groups: list[Group] = []
    arrows: list[Arrow] = []
    previous: list[str] = []
    top = 0
    count = len(pipeline.stages)
    per_row = count if count <= _IN_ONE_ROW else (count + 1) // 2
    for start in range(0, count, max(per_row, 1)):
        stages = pipeline.stages[start : start + per_row]
        back = (start // per_row) % 2 == 1
        for offset, stage in enumerate(stages):
            column = per_row - 1 - offset if back else offset
            found = [
                _node(stage, index, action, column, top + index, by_name)
                for index, action in enumerate(_in_order(stage))
            ]
            nodes += found
            note = _condition(stage)
            group_id = f"stage-{stage.name}"
            groups.append(
                Group(group_id, "lane", stage.name, tuple(node.id for node in found), note)
            )
            for wave in _waves(stage, found):
                arrows += [Arrow(a, b, style="control") for a in previous for b in wave]
                previous = wave
        top += max((len(stage.actions) for stage in stages), default=1)
    return Diagram(
        name=name,
        title=title,
        description=_description(pipeline),
        nodes=tuple(nodes),
        groups=tuple(groups),
        arrows=tuple(arrows),
    )


def _in_order(stage: Stage) -> list[PipelineAction]:
    return sorted(stage.actions, key=lambda action: action.run_order)


def _waves(stage: Stage, nodes: list[Node]) -> Iterator[list[str]]:
    """Actions of the same run order run at the same time."""
    pairs = zip(_in_order(stage), nodes, strict=True)
    for _, wave in groupby(pairs, key=lambda pair: pair[0].run_order):
        yield [node.id for _, node in wave]


def _node(
    stage: Stage,
    index: int,
    action: PipelineAction,
    column: int,
    row: int,
    projects: Mapping[str, BuildProject],
) -> Node:
    project = projects.get(action.setting("ProjectName"))
    file = project.buildspec.rpartition("/")[2] if project and _is_file(project.buildspec) else ""
    provider = " or ".join(_PROVIDERS.get(part, part) for part in action.provider.split(" or "))
    lines = (provider, *((file,) if file else ()))
    kind = _KINDS.get(action.category, "build")
    return Node(f"{stage.name} {index}", kind, action.name, column, row, lines)


def _is_file(buildspec: str) -> bool:
    return bool(buildspec) and "\n" not in buildspec and buildspec.endswith((".yaml", ".yml"))


def _condition(stage: Stage) -> str:
    """A rule's name in words: PlanHasChanges -> if plan has changes."""
    return f"if {' '.join(words(stage.entry_condition))}" if stage.entry_condition else ""


def _description(pipeline: Pipeline) -> str:
    parts = []
    for stage in pipeline.stages:
        actions = ", ".join(f"{a.name} ({a.provider})" for a in _in_order(stage))
        parts.append(f"{stage.name} {_condition(stage)}".rstrip() + f": {actions}")
    mode = pipeline.execution_mode.lower()
    return f"{'; then '.join(parts)}. Executions are {mode}."

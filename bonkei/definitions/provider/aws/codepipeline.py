"""AWS CodePipeline: pipelines, and the artifacts of their stages.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from bonkei.definitions.provider.aws.shared.blocks import each, same_shape
from bonkei.definitions.provider.aws.shared.checks import Path, at, matches, unique, unsure
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Problem, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given, known_items


def _pipeline(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("name")

    def action(_index: int, _block: Mapping[str, Value]) -> Mapping[str, Value]:
        return {"run_order": 1, "region": ""}

    return {
        "id": name,
        "arn": mint.arn("codepipeline", str(name)),
        "stage": same_shape(
            mint.planned.get("stage"),
            lambda _index, stage: {"action": same_shape(stage.get("action"), action)},
        ),
    }


def _stages(config: Object) -> Iterator[Problem]:
    """Only the first stage has sources. An input must be an output of an earlier action."""
    stages = list(each(config.get("stage")))
    if unsure(config.get("stage")) or any(unsure(stage.get("action")) for stage in stages):
        return
    if stages and len(stages) < 2:
        yield Problem(("stage",), "Too few stages", "A pipeline has two stages at least.")
    produced: set[Value] = set()
    for number, stage in enumerate(stages):
        actions = list(each(stage.get("action")))
        for index, action in enumerate(actions):
            place: Path = ("stage", number, "action", index)
            category = action.get("category")
            if given(category) and (category == "Source") != (number == 0):
                detail = "The first stage has source actions only, and no other stage has one."
                yield Problem((*place, "category"), "Source action in the wrong stage", detail)
            yield from _inputs(action, place, produced | _outputs(actions, action), stages)
        for index, action in enumerate(actions):
            yield from _new_outputs(action, ("stage", number, "action", index), produced)


def _inputs(
    action: Mapping[str, Value],
    place: Path,
    earlier: Set[Value],
    stages: Sequence[Mapping[str, Value]],
) -> Iterator[Problem]:
    outputs = [each_.get("output_artifacts") for s in stages for each_ in each(s.get("action"))]
    for name in known_items(action.get("input_artifacts")):
        if name not in earlier and not any(map(unsure, outputs)):
            detail = f'No earlier action has the output "{name}".'
            yield Problem((*place, "input_artifacts"), "No such artifact", detail)


def _new_outputs(
    action: Mapping[str, Value], place: Path, produced: set[Value]
) -> Iterator[Problem]:
    for name in known_items(action.get("output_artifacts")):
        if name in produced:
            detail = f'"{name}" is the output of two actions.'
            yield Problem((*place, "output_artifacts"), "Duplicate artifact", detail)
        produced.add(name)


def _outputs(actions: list[Mapping[str, Value]], of: Mapping[str, Value]) -> set[Value]:
    """The outputs of actions of the same stage with a lower run_order."""
    return {
        name
        for action in actions
        if _order(action) < _order(of)
        for name in known_items(action.get("output_artifacts"))
    }


def _order(action: Mapping[str, Value]) -> float:
    order = action.get("run_order")
    return float(order or 1) if given(order) else 1.0


def _needs_v2(config: Object) -> Iterator[Problem]:
    kind = config.get("pipeline_type")
    mode = config.get("execution_mode")
    if kind is None or kind == "V1":
        if given(mode) and mode != "SUPERSEDED":
            detail = f'execution_mode "{mode}" needs pipeline_type = "V2".'
            yield Problem(("execution_mode",), "Conflicting arguments", detail)
        for name in ("trigger", "variable"):
            if list(each(config.get(name))):
                detail = f'A block {name} needs pipeline_type = "V2".'
                yield Problem((name,), "Conflicting arguments", detail)


def _one_store(config: Object) -> Iterator[Problem]:
    stores = list(each(config.get("artifact_store")))
    if len(stores) > 1 and any(store.get("region") is None for store in stores):
        detail = "With more than one artifact_store, each names its region."
        yield Problem(("artifact_store",), "Missing argument", detail)


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_codepipeline": resource(
        _pipeline,
        at("name", matches(r"[A-Za-z0-9.@_-]+", "letters, digits and .@-_")),
        at("role_arn", arn("iam")),
        at("stage.name", matches(r"[A-Za-z0-9.@_-]+", "letters, digits, .@-_")),
        at("stage.action.name", matches(r"[A-Za-z0-9.@_-]{1,100}", "letters, digits, .@-_")),
        at("stage.action.namespace", matches(r"[A-Za-z0-9@_-]{1,100}", "letters, digits, @-_")),
        at("stage.action.input_artifacts", matches(r"[A-Za-z0-9_-]{1,100}", "an artifact's name")),
        at("stage.action.output_artifacts", matches(r"[A-Za-z0-9_-]{1,100}", "an artifact's name")),
        unique("stage", "name", "stage"),
        _stages,
        _needs_v2,
        _one_store,
    ),
}

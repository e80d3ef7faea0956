"""The pipelines of a CloudFormation template, with the details that a picture needs.

Intrinsic functions are not evaluated: a reference is shown by the name of its target, and an `If`
as one branch "or" the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bonkei.base.errors import BonkeiError
from bonkei.blueprint.codebuild import BuildProject
from bonkei.blueprint.codepipeline import (
    Condition,
    Pipeline,
    PipelineAction,
    Rule,
    Stage,
)

_VARIABLE = re.compile(r"\$\{(?:AWS::)?([\w.:]+)\}")


class TemplateError(BonkeiError):
    """The template cannot be read, or holds no pipeline."""


@dataclass(frozen=True, slots=True)
class Template:
    """The parts of a template that are drawn."""

    pipelines: tuple[Pipeline, ...]
    projects: tuple[BuildProject, ...]


@dataclass(frozen=True, slots=True)
class _Either:
    """The two branches of an `If`."""

    branches: tuple[Any, ...]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return _evaluated(tag, value)


_Loader.add_multi_constructor("!", _intrinsic)


def read_template(file: Path) -> Template:
    """Read a template. Raises TemplateError, which names the file and the line of the mistake in
    the YAML."""
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506  # a SafeLoader
    except OSError as error:
        raise TemplateError(f"{file}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise TemplateError(f"{file}: {error}", remedy="correct the YAML") from error
    resources = _mapping(_mapping(document).get("Resources"))
    pipelines = [
        _pipeline(name, _mapping(resource.get("Properties")))
        for name, resource in resources.items()
        if _mapping(resource).get("Type") == "AWS::CodePipeline::Pipeline"
    ]
    projects = [
        _project(name, _mapping(resource.get("Properties")))
        for name, resource in resources.items()
        if _mapping(resource).get("Type") == "AWS::CodeBuild::Project"
    ]
    return Template(tuple(pipelines), tuple(projects))


def _evaluated(tag: str, value: Any) -> Any:
    match tag, value:
        case "If", [_, *branches]:
            found = tuple(b for b in branches if b != "NoValue")
            return found[0] if len(found) == 1 else _Either(found)
        case "Ref", str():
            return value.removeprefix("AWS::")
        case "Sub", str():
            return _VARIABLE.sub(r"{\1}", value)
        case "Sub", [str() as text, *_]:
            return _VARIABLE.sub(r"{\1}", text)
        case "GetAtt", str():
            return value.partition(".")[0]
        case "GetAtt", [str() as name, *_]:
            return name
    return value


def _pipeline(name: str, properties: Mapping[str, Any]) -> Pipeline:
    return Pipeline(
        address=name,
        arn="",
        name=str(properties.get("Name", name)),
        role_arn="",
        type=str(properties.get("PipelineType", "V1")),
        execution_mode=str(properties.get("ExecutionMode", "SUPERSEDED")),
        stages=tuple(_stage(_mapping(item)) for item in _list(properties.get("Stages"))),
    )


def _stage(properties: Mapping[str, Any]) -> Stage:
    actions: dict[str, PipelineAction] = {}
    for written in _list(properties.get("Actions")):
        for action in _actions(written):
            before = actions.get(action.name)
            if before is None:
                actions[action.name] = action
            else:
                provider = f"{before.provider} or {action.provider}"
                actions[action.name] = replace(before, provider=provider)
    return Stage(str(properties.get("Name", "")), tuple(actions.values()), _conditions(properties))


def _actions(written: Any) -> Iterator[PipelineAction]:
    for branch in written.branches if isinstance(written, _Either) else (written,):
        action = _mapping(branch)
        kind = _mapping(action.get("ActionTypeId"))
        configuration = _mapping(action.get("Configuration"))
        yield PipelineAction(
            name=str(action.get("Name", "")),
            category=str(kind.get("Category", "")),
            provider=str(kind.get("Provider", "")),
            run_order=int(action.get("RunOrder", 1)),
            configuration=tuple(sorted((key, str(value)) for key, value in configuration.items())),
        )


def _conditions(stage: Mapping[str, Any]) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            str(_mapping(condition).get("Result", "")),
            tuple(
                Rule(
                    str(_mapping(rule).get("Name", "")),
                    str(_mapping(_mapping(rule).get("RuleTypeId")).get("Provider", "")),
                )
                for rule in _list(_mapping(condition).get("Rules"))
            ),
        )
        for condition in _list(_mapping(stage.get("BeforeEntry")).get("Conditions"))
    )


def _project(name: str, properties: Mapping[str, Any]) -> BuildProject:
    """Find a project by its logical id, by which actions refer to it."""
    source = _mapping(properties.get("Source"))
    environment = _mapping(properties.get("Environment"))
    return BuildProject(
        address=name,
        arn="",
        name=name,
        role_arn="",
        image=str(environment.get("Image", "")),
        buildspec=str(source.get("BuildSpec", "")),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

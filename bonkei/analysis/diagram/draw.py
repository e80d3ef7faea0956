"""Every diagram of an architecture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bonkei.analysis.diagram.builders.logs import logs_diagram
from bonkei.analysis.diagram.builders.monitoring import monitoring_diagram
from bonkei.analysis.diagram.builders.pipeline import pipeline_diagram
from bonkei.analysis.diagram.builders.system import system_diagram
from bonkei.analysis.diagram.cloudformation import read_template
from bonkei.analysis.diagram.model import Diagram
from bonkei.analysis.diagram.names import common_prefix, words
from bonkei.blueprint import Blueprint


def draw(blueprint: Blueprint, templates: Sequence[Path] = ()) -> tuple[Diagram, ...]:
    """The whole system, logging, monitoring, and a picture for each pipeline. Pipelines of the
    CloudFormation templates come before those of the blueprint. Empty diagrams are left out."""
    found = [system_diagram(blueprint), logs_diagram(blueprint), monitoring_diagram(blueprint)]
    found += [d for file in templates for d in _template_pipelines(file)]
    found += _pipelines(blueprint)
    return tuple(_once(diagram for diagram in found if diagram.nodes))


def _template_pipelines(file: Path) -> Iterator[Diagram]:
    """Named after the file. If the file has several pipelines, their logical ids are added."""
    template = read_template(file)
    for pipeline in template.pipelines:
        alone = len(template.pipelines) == 1
        name = _named(file.stem if alone else f"{file.stem} {pipeline.address}")
        yield pipeline_diagram(*name, pipeline, template.projects)


def _pipelines(blueprint: Blueprint) -> Iterator[Diagram]:
    prefix = common_prefix(
        (*(s.name for s in blueprint.services), *(p.name for p in blueprint.pipelines))
    )
    for pipeline in blueprint.pipelines:
        name = _named(pipeline.name.removeprefix(prefix))
        yield pipeline_diagram(*name, pipeline, blueprint.build_projects)


def _named(text: str) -> tuple[str, str]:
    """A file's name and a title: `terraform_pipeline` -> terraform-pipeline, Terraform pipeline."""
    parts = [word for word in words(text) if word != "pipeline"] + ["pipeline"]
    return "-".join(parts), " ".join(parts).capitalize()


def _once(diagrams: Iterator[Diagram]) -> Iterator[Diagram]:
    """Names are file names. A second diagram with the same name gets a number."""
    seen: dict[str, int] = {}
    for diagram in diagrams:
        seen[diagram.name] = seen.get(diagram.name, 0) + 1
        number = seen[diagram.name]
        yield diagram if number == 1 else replace(diagram, name=f"{diagram.name}-{number}")

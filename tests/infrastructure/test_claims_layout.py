"""The claims of claims.toml about the layout. Each test has its claim's name."""

from __future__ import annotations

import json
from pathlib import Path

from evaluations import INFRASTRUCTURE, ROOT, Evaluation


def test_everything_is_in_one_repository(production: Evaluation, expected: list[str]) -> None:
    built = {project.buildspec.split("/")[0] for project in production.blueprint.build_projects}
    packaged = {_source(found).relative_to(ROOT).parts[0] for found in _packages(production)}
    assert sorted({INFRASTRUCTURE.name} | built | packaged) == expected


def test_the_layout(expected: list[str]) -> None:
    assert [path for path in expected if not (ROOT / path).exists()] == []


def test_modules_make_every_resource(production: Evaluation, expected: int) -> None:
    own = production.state["values"]["root_module"].get("resources", ())
    assert len([found for found in own if found["mode"] == "managed"]) == expected
    called = production.state["values"]["root_module"]["child_modules"]
    assert len(called) > 5


def test_programs_are_built_from_their_directory(
    production: Evaluation, expected: list[str]
) -> None:
    stages = [stage for pipeline in production.blueprint.pipelines for stage in pipeline.stages]
    (build,) = [stage for stage in stages if stage.name == "Build"]
    programs = [
        variable["value"]
        for action in build.actions
        for variable in json.loads(action.setting("EnvironmentVariables"))
        if variable["name"] == "PROGRAM"
    ]
    assert sorted(programs) == expected
    assert [
        name for name in programs if not (ROOT / "program" / name / "Dockerfile").exists()
    ] == []


def test_functions_are_packaged_from_their_directory(production: Evaluation, expected: str) -> None:
    packages = {package["output_path"]: package for package in _packages(production)}
    functions = production.values("aws_lambda_function")
    assert functions
    for function in functions:
        package = packages[function["filename"]]
        assert _source(package).parent == ROOT / expected
        assert function["source_code_hash"] == package["output_base64sha256"]


def _packages(evaluation: Evaluation) -> list[dict[str, str]]:
    return evaluation.values("archive_file")


def _source(package: dict[str, str]) -> Path:
    """The directory, relative to the folder in which Terraform runs."""
    return (INFRASTRUCTURE / package["source_dir"]).resolve()

"""The claims of claims.toml about logging. Each test has its claim's name.

The tests follow a record through the router's configuration: to the outputs that take it, and to
their destinations in the environment of the router's container.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Template
from typing import Any

import pytest
import yaml
from evaluations import ROOT, Evaluation

from bonkei.blueprint.ecs import Container, TaskDefinition

CONFIGURATION = yaml.safe_load((ROOT / "program/fluentbit/fluent-bit.yaml").read_text("utf-8"))
PROGRAMS = ("backend", "frontend")

ACCESS = {"level": "INFO", "type": "access"}
APPLICATION = {"level": "INFO", "type": "application"}


def test_a_sidecar_routes_logs(production: Evaluation, expected: str) -> None:
    for definition in production.blueprint.task_definitions:
        router = _router(definition)
        assert router.firelens is not None
        assert router.firelens.type == expected
        programs = [found for found in definition.containers if found.firelens is None]
        drivers = {found.log_configuration.driver for found in programs if found.log_configuration}
        assert drivers == {"awsfirelens"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_access_records_go_to_s3(production: Evaluation, expected: str, program: str) -> None:
    (place,) = destinations(production, program, ACCESS)
    assert place["name"] == "s3"
    assert place["bucket"] == production.outputs["program_log_bucket"]
    assert place["s3_key_format"].startswith(f"{expected}{program}/")


@pytest.mark.parametrize("program", PROGRAMS)
def test_errors_go_to_cloudwatch(production: Evaluation, expected: list[str], program: str) -> None:
    groups = {group.name for group in production.blueprint.log_groups}
    for level in expected:
        (place,) = destinations(production, program, {"level": level})
        assert place["name"] == "cloudwatch_logs"
        assert place["log_group_name"] in groups
        assert place["log_group_name"].endswith(f"/{program}")


def test_each_level_has_its_stream(production: Evaluation, expected: dict[str, str]) -> None:
    streams = {
        level: destinations(production, "backend", {"level": level})[0]["log_stream_name"]
        for level in expected
    }
    assert streams == expected
    assert len(set(streams.values())) == len(expected)


@pytest.mark.parametrize("program", PROGRAMS)
def test_other_records_stay_out_of_cloudwatch(
    production: Evaluation, expected: int, program: str
) -> None:
    places = [*destinations(production, program, ACCESS)]
    places += destinations(production, program, APPLICATION)
    assert [place["name"] for place in places].count("cloudwatch_logs") == expected
    assert len(places) == 2


def destinations(
    evaluation: Evaluation, program: str, record: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The outputs that take a program's record, with the router's environment in their settings."""
    (definition,) = [
        found for found in evaluation.blueprint.task_definitions if found.family.endswith(program)
    ]
    environment = dict(_router(definition).environment)
    return [
        {
            key: Template(value).safe_substitute(environment) if isinstance(value, str) else value
            for key, value in output.items()
        }
        for output in CONFIGURATION["pipeline"]["outputs"]
        if _takes(output, record)
    ]


def _takes(output: Mapping[str, Any], record: Mapping[str, str]) -> bool:
    assert output["match"] == "*"
    for processor in output["processors"]["logs"]:
        assert processor["name"] == "grep"
        (kind,) = processor.keys() - {"name"}
        field, pattern = processor[kind].split(" ", 1)
        found = re.search(pattern, record.get(field, "")) is not None
        if found != (kind == "regex"):
            return False
    return True


def _router(definition: TaskDefinition) -> Container:
    (router,) = [found for found in definition.containers if found.firelens is not None]
    return router

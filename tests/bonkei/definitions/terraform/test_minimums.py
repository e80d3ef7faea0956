"""The least configuration of every resource type is planned: nothing right is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import yaml
from minimums import Minimum

from bonkei.definitions.provider import addresses, catalogue, facts
from tests.bonkei.definitions.terraform.project import Project

SCHEMA = catalogue.providers()[addresses.AWS].schema
SIMULATED = sorted(SCHEMA.resources.keys() - SCHEMA.known_only)
SAID = yaml.safe_load(
    Path(__file__).parents[1].joinpath("provider/aws/minimums.yaml").read_text("utf-8")
)


def test_the_least_configuration_of_every_type_is_planned(
    new_project: Callable[[], Project],
) -> None:
    minimum = Minimum(facts.load(catalogue.FACTS), SAID)
    least = {n: {"least": minimum.of(n, SCHEMA.resources[n])} for n in SIMULATED}
    project = new_project()
    project.write("infrastructure/main.tf.json", json.dumps({"resource": least}, indent=1))
    planned = {change.address for change in project.workspace().plan().changes}
    assert planned == {f"{name}.least" for name in least}


def test_what_teams_write_is_planned(new_project: Callable[[], Project]) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", Path(__file__).with_name("right.tf").read_text("utf-8"))
    workspace = project.workspace()
    workspace.validate()
    assert workspace.apply().added

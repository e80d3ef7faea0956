"""docs/costs.md and its translation have the table that follows from the definitions and prices."""

from __future__ import annotations

import copy
import dataclasses

import pytest
from evaluations import Evaluation

from scripts import costs


@pytest.mark.parametrize("language", costs.PAGES)
def test_the_table_is_current(
    development: Evaluation, production: Evaluation, language: str
) -> None:
    states = {"development": development.state, "production": production.state}
    page = costs.PAGES[language].read_text(encoding="utf-8")
    made = costs.rewrite(page, costs.table(language, states))
    assert "| **" in made
    assert page == made, "run: python scripts/costs.py"


def test_the_counted_resources_are_the_declared_ones(production: Evaluation) -> None:
    counted = costs.quantities(production.state)
    blueprint = production.blueprint
    assert counted["fargate_arm64_vcpu"] == sum(
        blueprint.task_definition(s.task_definition_arn).cpu * s.capacity / 1024
        for s in blueprint.services
    )
    assert counted["interface_endpoint"] == sum(
        len(found.subnet_ids) for found in blueprint.network.endpoints if found.kind == "Interface"
    )
    assert counted["kms_key"] == len(blueprint.keys) + 1  # the alarm of the pipeline's stack
    assert counted["db.r8g.large"] == len(blueprint.database_clusters[0].instances)


def test_before_the_first_release_no_task_costs_anything(otherwise: Evaluation) -> None:
    assert not [name for name in costs.quantities(otherwise.state) if name.startswith("fargate")]


def test_resources_without_a_price_are_listed(otherwise: Evaluation) -> None:
    released = dataclasses.replace(otherwise, state=copy.deepcopy(otherwise.state))
    for instance in released.values("aws_rds_cluster_instance"):
        instance["instance_class"] = "db.t9.huge"
    with pytest.raises(KeyError, match=r"no price for db\.t9\.huge"):
        costs.table("en", {"otherwise": released.state})


def test_the_examples_cost_what_their_sizes_promise(
    development: Evaluation, production: Evaluation
) -> None:
    prices = costs.read_prices()

    def usd(evaluation: Evaluation) -> float:
        counted = costs.quantities(evaluation.state)
        return sum(n * prices[k].per_month * prices[k].usd for k, n in counted.items())

    assert usd(development) < usd(production) / 3

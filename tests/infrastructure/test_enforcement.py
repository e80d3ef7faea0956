"""Each needed permission of a role and each rule of a security group is removed in turn, and
something fails by name.

docs/enforcement.md counts both.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from enforced import Taken, denied, rules_taken_away, table, taken_away
from evaluations import Evaluation

from bonkei.analysis.network.obstacles import obstacles

PAGE = Path(__file__).resolve().parents[2] / "docs" / "enforcement.md"
# Nothing that runs here makes these calls. People do, and CodePipeline and CodeBuild are documented
# to describe the artifacts' key.
NOT_ASKED = {"kms:DescribeKey"}
PEOPLE = "statuspage-development-operator"


@pytest.mark.parametrize("environment", ["development", "production"])
def test_the_unchanged_definitions_refuse_nothing(
    environment: str, request: pytest.FixtureRequest
) -> None:
    blueprint = request.getfixturevalue(environment).blueprint
    found = [(role.name, each["action"], each["resource"])
             for role in blueprint.roles for each in denied(blueprint, role)]  # fmt: skip
    assert found == []
    assert obstacles(blueprint) == ()


@pytest.fixture(scope="module")
def taken(development: Evaluation) -> list[Taken]:
    return list(taken_away(development.blueprint))


def test_each_removed_permission_is_noticed(taken: list[Taken]) -> None:
    assert taken
    for each in taken:
        if each.role == PEOPLE or each.action in NOT_ASKED:
            continue
        wanted = each.action.replace("*", "")
        assert any(action.startswith(wanted) for action in each.denied), each
        assert each.address in each.looked_at, each


def test_each_removed_rule_of_a_security_group_is_noticed(development: Evaluation) -> None:
    for address, found in rules_taken_away(development.blueprint):
        assert found, f"{address} can be taken away, and nothing misses it"


def test_the_page_counts_both(development: Evaluation, taken: list[Taken]) -> None:
    found = table(development.blueprint, taken)
    assert found in PAGE.read_text(encoding="utf-8"), f"the page has to say:\n{found}"

"""`docs/replacements.md`: each change in its table is planned as the provider's documentation
says.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bonkei.provider import addresses, catalogue
from bonkei.provider.apply import create
from bonkei.provider.behaviour import Context
from bonkei.provider.plan import plan_creation, plan_update
from bonkei.provider.schema import Type, empty

PAGE = Path(__file__).parents[3] / "docs" / "replacements.md"
ROWS = re.findall(
    r"^\| `(\w+)` \| `(\w+)` \| (replaces|updates) \|$", PAGE.read_text(), re.MULTILINE
)
AWS = catalogue.providers()[addresses.AWS]


def two_values(type_: Type) -> tuple[Any, Any]:
    match type_:
        case "bool":
            return False, True
        case "number":
            return 1, 2
        case ["map", _]:
            return {"key": "before"}, {"key": "after"}
        case [_, _]:
            return ["before"], ["after"]
    return "before", "after"


def test_the_table_is_complete() -> None:
    assert len(ROWS) == len(set(ROWS)) == 60
    assert len({type_name for type_name, _, _ in ROWS}) == 40
    assert f"on {len(ROWS)} of {len(ROWS)}" in PAGE.read_text()


@pytest.mark.parametrize(("type_name", "argument", "change"), ROWS)
def test_a_change_is_planned_as_documented(type_name: str, argument: str, change: str) -> None:
    block = AWS.schema.resources[type_name]
    before, after = two_values(block.attributes[argument].type)
    behaviour = AWS.resources[type_name]
    old, new = ({**empty(block), argument: value} for value in (before, after))
    planned = plan_creation(block, behaviour, old, old, Context()).planned
    prior = create(type_name, block, behaviour, planned, Context())
    plan = plan_update(block, behaviour, prior, new, {**prior, argument: after}, Context())
    assert plan.planned[argument] == after
    assert plan.replaced_by == (((argument,),) if change == "replaces" else ())

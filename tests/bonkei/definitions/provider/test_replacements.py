"""Each change of `replacements.csv` is planned as the provider's documentation says.

They were drawn by Python's `random` (seed 20261126) from the pages of provider 5.46, from sorted
lists: 40 of 71 types, of each of them one argument whose page says "Forces new resource", and 20 of
all other arguments on these pages.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from bonkei.definitions.provider import addresses, catalogue
from bonkei.definitions.provider.apply import complete
from bonkei.definitions.provider.behaviour import Context
from bonkei.definitions.provider.plan import plan_creation, plan_update
from bonkei.definitions.provider.schema import Type, empty

TABLE = Path(__file__).with_name("replacements.csv")
ROWS = [
    (row["type"], row["argument"], row["change"])
    for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())
]
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
    assert {change for _, _, change in ROWS} == {"replaces", "updates"}


@pytest.mark.parametrize(("type_name", "argument", "change"), ROWS)
def test_a_change_is_planned_as_documented(type_name: str, argument: str, change: str) -> None:
    block = AWS.schema.resources[type_name]
    before, after = two_values(block.attributes[argument].type)
    behaviour = AWS.resources[type_name]
    old, new = ({**empty(block), argument: value} for value in (before, after))
    planned = plan_creation(block, behaviour, old, old, Context()).planned
    prior = complete(type_name, block, behaviour, planned, Context())
    plan = plan_update(block, behaviour, prior, new, {**prior, argument: after}, Context())
    assert plan.planned[argument] == after
    assert plan.replaced_by == (((argument,),) if change == "replaces" else ())

"""A dataclass read from a block by the names and the types of its fields."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bonkei.blueprint import BlueprintError
from bonkei.blueprint.state.block import Block


@dataclass(frozen=True, slots=True)
class _Thing:
    address: str
    name: str
    count: int = 3
    delay: float = 1.5
    enabled: bool = True
    parts: tuple[str, ...] = ()


def test_fields_are_attributes_of_their_own_names() -> None:
    block = Block("thing.this", {"name": "a", "count": "7", "enabled": False, "parts": ["x"]})
    assert block.read(_Thing) == _Thing("thing.this", "a", 7, 1.5, enabled=False)


def test_what_is_given_is_not_read() -> None:
    block = Block("thing.this", {"count": 7})
    assert block.read(_Thing, name="b", parts=("y",)) == _Thing("thing.this", "b", 7, parts=("y",))


def test_a_field_without_a_default_is_required() -> None:
    with pytest.raises(BlueprintError, match=r"thing\.this.*name"):
        Block("thing.this", {"count": 7}).read(_Thing)


def test_a_wrong_type_is_refused() -> None:
    with pytest.raises(BlueprintError, match="count"):
        Block("thing.this", {"name": "a", "count": 1.5}).read(_Thing)

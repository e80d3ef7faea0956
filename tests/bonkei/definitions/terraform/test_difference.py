"""A plan shows differences down to the changed part, and hides sensitive values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.definitions.terraform.reports.difference import Difference, differences

SCALARS = st.integers() | st.text("ab", max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def told(before: Any, after: Any, **more: Any) -> list[str]:
    change = {"before": {"x": before}, "after": {"x": after}, **more}
    return [each.render() for each in differences(change)]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (1, 1, []),
        (1, 2, ["x: 1 → 2"]),
        (None, "a", ['x: null → "a"']),
        (["a"], ["a", "b"], ['x: ["a"] → ["a", "b"]']),
        ([{"p": 1}], [{"p": 2}], ["x[0].p: 1 → 2"]),
        ([{"p": 1}], [{"p": 1}, {"p": 2}], ['x[1]: null → {"p": 2}']),
        (
            [{"name": "A", "value": "1"}],
            [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}],
            ['x[A].value: "1" → "3"', 'x[B]: null → {"name": "B", "value": "2"}'],
        ),
        ([{"name": "A"}, {"name": "A"}], [{"name": "A"}], ['x[1]: {"name": "A"} → null']),
        ("{not json", "{not json either", ['x: "{not json" → "{not json either"']),
        ("a" * 80, "b", ["x: " + '"' + "a" * 58 + "…" + ' → "b"']),
    ],
)
def test_places_where_two_values_differ(before: Any, after: Any, lines: list[str]) -> None:
    assert told(before, after) == lines


def test_differences_inside_a_document() -> None:
    def containers(level: str) -> str:
        environment = [{"name": "LEVEL", "value": level}, {"name": "PORT", "value": "1"}]
        return json.dumps([{"name": "web", "environment": environment}])

    assert told(containers("INFO"), containers("DEBUG")) == [
        'x[web].environment[LEVEL].value: "INFO" → "DEBUG"'
    ]


def test_a_block_without_unknown_parts_is_not_shown() -> None:
    """Terraform marks for each block whether its parts are unknown. Most are not."""
    block = [{"port": 80}]
    assert told(block, block, after_unknown={"x": [{}]}) == []
    assert told(block, [{}], after_unknown={"x": [{"port": True}]}) == [
        "x[0].port: 80 → (known after apply)"
    ]


@pytest.mark.parametrize("side", ["before_sensitive", "after_sensitive"])
@pytest.mark.parametrize("mark", [True, {"x": True}, {"x": [{"secret": True}]}])
def test_sensitive_values_are_not_shown(side: str, mark: Any) -> None:
    (line,) = told([{"secret": "old"}], [{"secret": "new"}], **{side: mark})
    assert "old" not in line
    assert "new" not in line
    assert line.endswith(": (sensitive)")
    (difference,) = differences({"before": {"x": "old"}, "after": {"x": "new"}, side: {"x": True}})
    assert difference == Difference("x", sensitive=True)


def unordered(value: Any) -> Any:
    """The value, with its objects sorted by content."""
    if isinstance(value, dict):
        return {key: unordered(each) for key, each in value.items()}
    if isinstance(value, list):
        inner = [unordered(each) for each in value]
        objects = all(isinstance(each, dict) for each in inner)
        return (
            sorted(inner, key=lambda each: json.dumps(each, sort_keys=True)) if objects else inner
        )
    return value


@given(VALUES, VALUES)
def test_a_difference_is_always_shown(before: Any, after: Any) -> None:
    assert told(before, before) == []
    if not told(before, after):
        assert unordered(before) == unordered(after)

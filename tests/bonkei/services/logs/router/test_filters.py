"""The filters of the shipped configuration, and those that ECS writes, through the pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bonkei.services.logs.router.errors import RouterError
from tests.bonkei.services.logs.router.filtering import FILTER, make, records, run


@pytest.mark.parametrize(
    ("conditions", "record", "changes"),
    [
        ((), {"a": "x"}, True),
        (("Key_does_not_exist b",), {"a": "x"}, True),
        (("Key_does_not_exist a",), {"a": "x"}, False),
        (("Key_value_equals a x",), {"a": "x"}, True),
        (("Key_value_equals a x",), {"a": "y"}, False),
        (("Key_value_equals a x",), {"b": "x"}, False),
        (("Key_does_not_exist b", "Key_value_equals a x"), {"a": "x", "b": 1}, False),
    ],
)
def test_modify_adds_under_conditions(
    conditions: tuple[str, ...], record: dict[str, Any], changes: bool, tmp_path: Path
) -> None:
    """pipeline/filters/modify: each condition holds, or nothing changes."""
    rules = "".join(f"    Condition {each}\n" for each in conditions)
    pipeline = make(f"{FILTER}modify\n{rules}    Add done yes\n    Add a z\n", tmp_path)
    expected = {"a": "z", **record, "done": "yes"} if changes else record
    assert records(run(pipeline, record)) == [expected]


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ("Regex v a", ["a"]),
        ("Regex v [ab]\n    Regex v b", ["b"]),
        ("Exclude v a\n    Exclude v b", ["c", 1]),
        ("Regex v [a-z]\n    Exclude v ^c$", ["a", "b"]),
        ("Regex v [0-9]", []),
    ],
)
def test_grep_with_several_rules(rules: str, kept: list[object], tmp_path: Path) -> None:
    """pipeline/filters/grep. Neither a missing key nor a number matches."""
    pipeline = make(f"{FILTER}grep\n    {rules}\n", tmp_path)
    found = records(run(pipeline, *({"v": v} for v in ("a", "b", "c", 1)), {"other": "a"}))
    assert [record["v"] for record in found if "v" in record] == kept
    assert ({"other": "a"} in found) is rules.startswith("Exclude")


def test_the_parser_filter_reserves(tmp_path: Path) -> None:
    """pipeline/filters/parser. A former key wins."""
    parser = "[PARSER]\n    Name app\n    Format json\n"
    record = {"data": '{"a":1,"key1":"of the text"}', "key1": "value1"}
    text = f"{parser}{FILTER}parser\n    Key_Name data\n    Parser app\n"
    assert records(run(make(text, tmp_path), record)) == [{"a": 1, "key1": "of the text"}]
    reserved = make(f"{text}    Reserve_Data On\n", tmp_path)
    assert records(run(reserved, record)) == [{"a": 1, "key1": "value1"}]
    assert records(run(make(text, tmp_path), {"data": "none"})) == [{"data": "none"}]


def test_an_undefined_parser_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RouterError, match="no parser is named nowhere"):
        make(f"{FILTER}parser\n    Key_Name log\n    Parser nowhere\n", tmp_path)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("lua\n    Script x.lua", "filter lua is not known"),
        ("throttle\n    Rate 1", "filter throttle is not known"),
        ("modify\n    Rename a b", "rename of filter modify is not known"),
        ("modify\n    Condition Key_exists a", "f.conf:6: condition is 'Key_exists a'"),
        ("grep\n    Regex $a['b'] x", "f.conf:6: $a['b'] is a record accessor"),
        ("grep\n    Regex a [[:alpha:]]", "f.conf:6: the regular expression '[[:alpha:]]' is"),
        ("grep\n    Regex a /x/i", "'/x/i' is not known"),
        ("grep\n    Exclude a (?<name>x)", "'(?<name>x)' is not known"),
        ("grep\n    Exclude a \\h", "is not known"),
        ("grep\n    Exclude a (x", "'(x' is not known"),
        ("multiline\n    flush_ms 500", "flush_ms of filter multiline is not known"),
        (
            "multiline\n    mode parser",
            "f.conf:6: filter multiline is known with mode",
        ),
        ("multiline\n    multiline.parser python", "multiline.parser of filter multiline"),
    ],
)
def test_other_filters_want_fluent_bit(text: str, named: str, tmp_path: Path) -> None:
    """By name, at their line, with the remedy."""
    with pytest.raises(RouterError) as refused:
        make(f"{FILTER}{text}\n", tmp_path)
    assert named in refused.value.message
    assert "install fluent-bit" in refused.value.remedy


_JOINED = f"{FILTER}multiline\n    multiline.key_content log\n    mode partial_message\n"
_PARTIAL = {"source": "stdout", "partial_message": "true", "partial_id": "dc37"}


def _piece(text: str, last: bool = False) -> dict[str, Any]:
    return {**_PARTIAL, "log": text, "partial_ordinal": "1", "partial_last": str(last).lower()}


def test_a_line_that_the_driver_split_becomes_one_record_again(tmp_path: Path) -> None:
    """pipeline/filters/multiline-stacktrace, "Docker partial message use case"."""
    pieces = [_piece("one "), _piece("two "), _piece("3", last=True)]
    other = {"source": "stdout", "log": "whole"}
    assert records(run(make(_JOINED, tmp_path), pieces[0], other, *pieces[1:])) == [
        other,
        {"source": "stdout", "log": "one two 3"},
    ]


def test_pieces_without_an_end_are_sent_after_a_while(tmp_path: Path) -> None:
    pipeline = make(_JOINED, tmp_path)
    assert pipeline.run("t", [(7, _piece("one "))], 10.0) == []
    assert pipeline.deadline() == 12.0
    assert pipeline.flush(11.9) == []
    assert pipeline.flush(12.0) == [("t", [(7, {"source": "stdout", "log": "one "})])]
    assert pipeline.deadline() is None

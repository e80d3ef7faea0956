"""The examples of Fluent Bit's documentation, through the pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bonkei.logs.router.errors import RouterError
from tests.bonkei.logs.router.filtering import FILTER, make, records, run


def test_modify_adds_and_renames(tmp_path: Path) -> None:
    """pipeline/filters/modify, "Example 1"."""
    pipeline = make(
        f"{FILTER}modify\n    Add Service1 SOMEVALUE\n    Add Mem.total2 TOTALMEM2\n"
        "    Rename Mem.free MEMFREE\n    Rename Swap.total SWAPTOTAL\n"
        "    Add Mem.total TOTALMEM\n",
        tmp_path,
    )
    [found] = records(run(pipeline, {"Mem.total": 1, "Mem.free": 2, "Swap.total": 3}))
    assert found == {
        "Mem.total": 1,
        "MEMFREE": 2,
        "SWAPTOTAL": 3,
        "Service1": "SOMEVALUE",
        "Mem.total2": "TOTALMEM2",
    }


def test_modify_with_conditions(tmp_path: Path) -> None:
    """pipeline/filters/modify, "Example 2"."""
    pipeline = make(
        "[INPUT]\n    Name dummy\n"
        "[FILTER]\n    Name modify\n    Match mem.*\n    Condition Key_Does_Not_Exist cpustats\n"
        "    Condition Key_Exists Mem.used\n    Set cpustats UNKNOWN\n"
        "[FILTER]\n    Name modify\n    Match mem.*\n"
        "    Condition Key_Value_Does_Not_Equal cpustats KNOWN\n    Add sourcetype memstats\n"
        "[FILTER]\n    Name modify\n    Match mem.*\n"
        "    Condition Key_Value_Equals cpustats UNKNOWN\n    Remove_wildcard Mem\n"
        "    Remove_wildcard Swap\n    Add cpustats_more STILL_UNKNOWN\n",
        tmp_path,
    )
    [found] = records(run(pipeline, {"Mem.used": 1, "Swap.used": 2}, tag="mem.local"))
    assert found == {
        "cpustats": "UNKNOWN",
        "sourcetype": "memstats",
        "cpustats_more": "STILL_UNKNOWN",
    }


def test_modify_with_emoji(tmp_path: Path) -> None:
    """pipeline/filters/modify, "Example 3"."""
    pipeline = make(
        f"{FILTER}modify\n    Remove_Wildcard Mem\n    Set This_plugin_is_on 🔥\n"
        "    Set 🔥 is_hot\n"
        "    Copy 🔥 💦\n    Rename 💦 ❄️\n    Set ❄️ is_cold\n    Set 💦 is_wet\n",
        tmp_path,
    )
    [found] = records(run(pipeline, {"Mem.total": 1}))
    assert found == {
        "This_plugin_is_on": "🔥",
        "🔥": "is_hot",
        "❄️": "is_cold",
        "💦": "is_wet",
    }


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("Set a 2", {"a": "2", "b": 1}),
        ("Remove a", {"b": 1}),
        ("Remove_regex ^[ab]$", {}),
        ("Rename a b", {"a": "1", "b": 1}),
        ("Hard_rename a b", {"b": "1"}),
        ("Hard_copy a b", {"a": "1", "b": "1"}),
        ("Copy a b", {"a": "1", "b": 1}),
        ("Copy a c", {"a": "1", "b": 1, "c": "1"}),
    ],
)
def test_modify_has_each_rule(rule: str, expected: dict[str, Any], tmp_path: Path) -> None:
    assert records(run(make(f"{FILTER}modify\n    {rule}\n", tmp_path), {"a": "1", "b": 1})) == [
        expected
    ]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("Key_exists a", True),
        ("Key_does_not_exist a", False),
        ("A_key_matches ^n", True),
        ("No_key_matches ^n", False),
        ("Key_value_equals a x", True),
        ("Key_value_equals $n['i'] y", True),
        ("Key_value_does_not_equal missing x", False),
        ("Key_value_matches a ^[xy]$", True),
        ("Key_value_does_not_match a ^x$", False),
        ("Matching_keys_have_matching_values ^a x", True),
        ("Matching_keys_do_not_have_matching_values ^a x", False),
    ],
)
def test_modify_has_each_condition(condition: str, holds: bool, tmp_path: Path) -> None:
    pipeline = make(f"{FILTER}modify\n    Condition {condition}\n    Add done yes\n", tmp_path)
    [found] = records(run(pipeline, {"a": "x", "n": {"i": "y"}}))
    assert ("done" in found) is holds


def test_grep_keeps_lines_and_reads_nested_fields(tmp_path: Path) -> None:
    """pipeline/filters/grep, "Filter records" and "Nested fields example"."""
    lines = [{"log": text} for text in ("aaa", "aab", "bbb", "ccc")]
    kept = records(run(make(f"{FILTER}grep\n    Regex log aa\n", tmp_path), *lines))
    assert kept == [{"log": "aaa"}, {"log": "aab"}]
    nested = make(f"{FILTER}grep\n    Exclude $kubernetes['labels']['app'] myapp\n", tmp_path)
    mine, other = ({"kubernetes": {"labels": {"app": app}}} for app in ("myapp", "other"))
    assert records(run(nested, mine, other, {"log": "x"})) == [other, {"log": "x"}]


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ("Logical_Op or\n    Regex v a\n    Regex v b", ["a", "b"]),
        ("Logical_Op and\n    Regex v [ab]\n    Regex v b", ["b"]),
        ("Exclude v a\n    Exclude v b", ["c"]),
        ("Regex v \\d{4}-\\d{2}", []),
    ],
)
def test_grep_with_several_rules(rules: str, kept: list[str], tmp_path: Path) -> None:
    """pipeline/filters/grep, "Multiple conditions". A missing key does not match."""
    pipeline = make(f"{FILTER}grep\n    {rules}\n", tmp_path)
    assert [r["v"] for r in records(run(pipeline, *({"v": v} for v in "abc")))] == kept


def test_rewrite_tag(tmp_path: Path) -> None:
    """pipeline/filters/rewrite-tag, "Configuration example" and "New_Tag"."""
    pipeline = make(
        "[INPUT]\n    Name dummy\n[FILTER]\n    Name rewrite_tag\n    Match test_tag\n"
        "    Rule $tool ^(fluent)$ from.$TAG.new.$tool.$sub['s1']['s2'].out false\n"
        "    Emitter_Name re_emitted\n",
        tmp_path,
    )
    record = {"tool": "fluent", "sub": {"s1": {"s2": "bit"}}}
    assert run(pipeline, record, tag="test_tag") == [("from.test_tag.new.fluent.bit.out", record)]
    composed = make(
        f"{FILTER}rewrite_tag\n    Rule $name ^([a-z]+)-([0-9]+)$ "
        "newtag.$TAG.$TAG[1].$1.$ss['s1']['s2'].out.${HOSTNAME} true\n",
        tmp_path,
    )
    record = {"name": "abc-123", "ss": {"s1": {"s2": "flb"}}}
    assert [tag for tag, _ in run(composed, record, tag="aa.bb.cc")] == [
        "newtag.aa.bb.cc.bb.abc.flb.out.fluent",
        "aa.bb.cc",
    ]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("Record hostname ${HOSTNAME}\n    Record product Awesome Tool", None),
        ("Remove_key Swap.total\n    Remove_key Swap.used", {"Mem.total": 1}),
        ("Allowlist_key Mem.total", {"Mem.total": 1}),
    ],
)
def test_record_modifier(rules: str, expected: dict[str, Any] | None, tmp_path: Path) -> None:
    """pipeline/filters/record-modifier."""
    record = {"Mem.total": 1, "Swap.total": 2, "Swap.used": 3}
    expected = expected or {**record, "hostname": "fluent", "product": "Awesome Tool"}
    pipeline = make(f"{FILTER}record_modifier\n    {rules}\n", tmp_path)
    assert records(run(pipeline, record)) == [expected]


def test_nest_and_lift(tmp_path: Path) -> None:
    """pipeline/filters/nest, "Example 1: nest" and "Example 3: lift"."""
    record = {"Key1": "a", "Mem.total": 1, "Mem.used": 2}
    nest = make(
        f"{FILTER}nest\n    Operation nest\n    Wildcard Mem.*\n    Nest_under Stats\n"
        "    Remove_prefix Mem.\n",
        tmp_path,
    )
    nested = {"Key1": "a", "Stats": {"total": 1, "used": 2}}
    assert records(run(nest, record)) == [nested]
    lift = make(
        f"{FILTER}nest\n    Operation lift\n    Nested_under Stats\n    Add_prefix Mem.\n",
        tmp_path,
    )
    assert records(run(lift, nested)) == [record]


def test_throttle_keeps_the_average(tmp_path: Path) -> None:
    """pipeline/filters/throttle."""
    pipeline = make(f"{FILTER}throttle\n    Rate 2\n    Window 2\n    Interval 1s\n", tmp_path)
    kept = [
        sum(len(events) for _, events in pipeline.run("t", [(0, {})] * 10, float(second)))
        for second in range(4)
    ]
    assert kept == [4, 0, 4, 0]


def test_throttle_goes_on_when_the_clock_is_set_back(tmp_path: Path) -> None:
    pipeline = make(f"{FILTER}throttle\n    Rate 2\n    Window 2\n    Interval 1s\n", tmp_path)
    kept = [
        sum(len(events) for _, events in pipeline.run("t", [(0, {})] * 10, second))
        for second in (100.0, 10.0, 11.0, 12.0)
    ]
    assert kept == [4, 0, 0, 4]


def test_parser_filter_reserves_and_preserves(tmp_path: Path) -> None:
    """pipeline/filters/parser, "Preserve original fields"."""
    parser = (
        "[PARSER]\n    Name dummy_test\n    Format regex\n"
        "    Regex ^(?<INT>[^ ]+) (?<FLOAT>[^ ]+) (?<BOOL>[^ ]+) (?<STRING>.+)$\n"
        "    Types INT:integer FLOAT:float BOOL:bool\n"
    )
    record = {"data": "100 0.5 true This is example", "key1": "value1"}
    parsed = {"INT": 100, "FLOAT": 0.5, "BOOL": True, "STRING": "This is example"}
    text = f"{parser}{FILTER}parser\n    Key_Name data\n    Parser dummy_test\n"
    assert records(run(make(text, tmp_path), record)) == [parsed]
    reserved = make(f"{text}    Reserve_Data On\n", tmp_path)
    assert records(run(reserved, record)) == [{**parsed, "key1": "value1"}]
    both = make(f"{text}    Reserve_Data On\n    Preserve_Key On\n", tmp_path)
    assert records(run(both, record)) == [{**parsed, **record}]
    assert records(run(make(text, tmp_path), {"data": "none"})) == [{"data": "none"}]


def test_an_undefined_parser_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RouterError, match="no parser is named nowhere"):
        make(f"{FILTER}parser\n    Key_Name log\n    Parser nowhere\n", tmp_path)


def test_content_modifier_as_a_processor(tmp_path: Path) -> None:
    """pipeline/processors/content-modifier."""
    actions = [
        {"action": "insert", "key": "color", "value": "blue"},
        {"action": "rename", "key": "a", "value": "b"},
        {"action": "delete", "key": "gone"},
        {"action": "extract", "key": "url", "pattern": "^(?<scheme>\\w+)://(?<host>[^/]+)"},
        {"action": "convert", "key": "n", "converted_type": "int"},
        {"action": "hash", "key": "secret"},
    ]
    processors = [{"name": "content_modifier", **action} for action in actions]
    document = {
        "pipeline": {
            "inputs": [{"name": "dummy", "processors": {"logs": processors}}],
            "outputs": [{"name": "null", "match": "*"}],
        }
    }
    pipeline = make(json.dumps(document), tmp_path, "f.yaml")
    record = {"a": 1, "gone": 2, "url": "https://x.test/p", "n": "7", "secret": "s"}
    [(_, [(_, found)])] = pipeline.run("t", [(0, record)], 0.0, 0)
    assert found.pop("secret") == (
        "043a718774c572bd8a25adbeb1bfcd5c0256ae11cecf9f9c3f925d0e52beaf89"
    )
    assert found == {
        "b": 1,
        "url": "https://x.test/p",
        "n": 7,
        "color": "blue",
        "scheme": "https",
        "host": "x.test",
    }

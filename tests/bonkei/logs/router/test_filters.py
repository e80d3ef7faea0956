"""The examples of Fluent Bit's documentation, through the pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bonkei.logs.router.configuration.load import load_text
from bonkei.logs.router.configuration.validate import validate
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.pipeline import Pipeline, make_pipeline


def make(text: str, tmp_path: Path, name: str = "f.conf") -> Pipeline:
    configuration = load_text(text, tmp_path / name, {"HOSTNAME": "fluent"})
    validate(configuration)
    return make_pipeline(configuration)


def run(pipeline: Pipeline, *records: dict[str, Any], tag: str = "test") -> list[Any]:
    """(tag, record) of all output, including records that were held back."""
    batches = pipeline.run(tag, [(n, record) for n, record in enumerate(records)], 0.0)
    batches += pipeline.flush(1.0, everything=True)
    return [(found, record) for found, events in batches for _, record in events]


def records(*found: Any) -> list[Any]:
    return [record for each in found for _, record in each]


_FILTER = "[INPUT]\n    Name dummy\n[FILTER]\n    Match *\n    Name "


def test_modify_adds_and_renames(tmp_path: Path) -> None:
    """pipeline/filters/modify, "Example 1"."""
    pipeline = make(
        f"{_FILTER}modify\n    Add Service1 SOMEVALUE\n    Add Mem.total2 TOTALMEM2\n"
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
        f"{_FILTER}modify\n    Remove_Wildcard Mem\n    Set This_plugin_is_on 🔥\n"
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
    assert records(run(make(f"{_FILTER}modify\n    {rule}\n", tmp_path), {"a": "1", "b": 1})) == [
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
    pipeline = make(f"{_FILTER}modify\n    Condition {condition}\n    Add done yes\n", tmp_path)
    [found] = records(run(pipeline, {"a": "x", "n": {"i": "y"}}))
    assert ("done" in found) is holds


def test_grep_keeps_lines_and_reads_nested_fields(tmp_path: Path) -> None:
    """pipeline/filters/grep, "Filter records" and "Nested fields example"."""
    lines = [{"log": text} for text in ("aaa", "aab", "bbb", "ccc")]
    kept = records(run(make(f"{_FILTER}grep\n    Regex log aa\n", tmp_path), *lines))
    assert kept == [{"log": "aaa"}, {"log": "aab"}]
    nested = make(f"{_FILTER}grep\n    Exclude $kubernetes['labels']['app'] myapp\n", tmp_path)
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
    pipeline = make(f"{_FILTER}grep\n    {rules}\n", tmp_path)
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
        f"{_FILTER}rewrite_tag\n    Rule $name ^([a-z]+)-([0-9]+)$ "
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
    pipeline = make(f"{_FILTER}record_modifier\n    {rules}\n", tmp_path)
    assert records(run(pipeline, record)) == [expected]


def test_nest_and_lift(tmp_path: Path) -> None:
    """pipeline/filters/nest, "Example 1: nest" and "Example 3: lift"."""
    record = {"Key1": "a", "Mem.total": 1, "Mem.used": 2}
    nest = make(
        f"{_FILTER}nest\n    Operation nest\n    Wildcard Mem.*\n    Nest_under Stats\n"
        "    Remove_prefix Mem.\n",
        tmp_path,
    )
    nested = {"Key1": "a", "Stats": {"total": 1, "used": 2}}
    assert records(run(nest, record)) == [nested]
    lift = make(
        f"{_FILTER}nest\n    Operation lift\n    Nested_under Stats\n    Add_prefix Mem.\n",
        tmp_path,
    )
    assert records(run(lift, nested)) == [record]


def test_throttle_keeps_the_average(tmp_path: Path) -> None:
    """pipeline/filters/throttle."""
    pipeline = make(f"{_FILTER}throttle\n    Rate 2\n    Window 2\n    Interval 1s\n", tmp_path)
    kept = [
        sum(len(events) for _, events in pipeline.run("t", [(0, {})] * 10, float(second)))
        for second in range(4)
    ]
    assert kept == [4, 0, 4, 0]


def test_throttle_goes_on_when_the_clock_is_set_back(tmp_path: Path) -> None:
    pipeline = make(f"{_FILTER}throttle\n    Rate 2\n    Window 2\n    Interval 1s\n", tmp_path)
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
    text = f"{parser}{_FILTER}parser\n    Key_Name data\n    Parser dummy_test\n"
    assert records(run(make(text, tmp_path), record)) == [parsed]
    reserved = make(f"{text}    Reserve_Data On\n", tmp_path)
    assert records(run(reserved, record)) == [{**parsed, "key1": "value1"}]
    both = make(f"{text}    Reserve_Data On\n    Preserve_Key On\n", tmp_path)
    assert records(run(both, record)) == [{**parsed, **record}]
    assert records(run(make(text, tmp_path), {"data": "none"})) == [{"data": "none"}]


def test_an_undefined_parser_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RouterError, match="no parser is named nowhere"):
        make(f"{_FILTER}parser\n    Key_Name log\n    Parser nowhere\n", tmp_path)


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


_MULTILINE = f"{_FILTER}multiline\n    multiline.key_content log\n    multiline.parser "

PYTHON = (
    "Traceback (most recent call last):",
    '  File "/app/main.py", line 3, in <module>',
    "    main()",
    "ValueError: no",
)
JAVA = (
    'Exception in thread "main" java.lang.RuntimeException: Something has gone wrong, aborting!',
    "    at com.myproject.module.MyProject.badMethod(MyProject.java:22)",
    "    at com.myproject.module.MyProject.main(MyProject.java:6)",
    "Caused by: java.lang.IllegalStateException: x",
    "    ... 2 more",
)
GO = (
    "panic: my panic",
    "",
    "goroutine 4 [running]:",
    "panic(0x45cb40, 0x47ad70)",
    "  /usr/local/go/src/runtime/panic.go:542 +0x46c",
    "main.main.func1(0xc420024120)",
    "  foo.go:6 +0x39",
    "created by main.main",
    "  foo.go:5 +0x58",
)


@pytest.mark.parametrize(
    ("parser", "lines"),
    [("python", PYTHON), ("java", JAVA), ("go", GO), ("go, python, java", JAVA)],
)
def test_a_traceback_becomes_one_record(
    parser: str, lines: tuple[str, ...], tmp_path: Path
) -> None:
    """pipeline/parsers/multiline-parsing, the built-in parsers."""
    texts = ("before", *lines, "after")
    pipeline = make(f"{_MULTILINE}{parser}\n", tmp_path)
    found = [each["log"] for each in records(run(pipeline, *({"log": t} for t in texts)))]
    assert found == ["before", "\n".join(lines), "after"]


def test_a_custom_multiline_parser(tmp_path: Path) -> None:
    """pipeline/parsers/multiline-parsing, "Example". The filter joins records that arrive one by
    one.
    """
    pipeline = make(
        "[MULTILINE_PARSER]\n    name multiline-regex-test\n    type regex\n"
        "    flush_timeout 1000\n"
        '    rule "start_state" "/([a-zA-Z]+ \\d+ \\d+\\:\\d+\\:\\d+)(.*)/" "cont"\n'
        '    rule "cont" "/^\\s+at.*/" "cont"\n'
        f"{_MULTILINE}multiline-regex-test\n",
        tmp_path,
    )
    texts = ("single line...", "Dec 14 06:41:08 Exception", "    at a.b", "    at c.d", "another")
    found: list[str] = []
    for text in texts:
        found += [each["log"] for each in records(run_one(pipeline, text))]
    assert found == [
        "single line...",
        "Dec 14 06:41:08 Exception\n    at a.b\n    at c.d",
        "another",
    ]


def test_docker_lines_end_with_a_line_feed(tmp_path: Path) -> None:
    """pipeline/parsers/multiline-parsing, "docker": a line feed ends the message."""
    pipeline = make(f"{_MULTILINE}docker\n", tmp_path)
    texts = [
        json.dumps({"log": log, "stream": stream})
        for log, stream in (("one ", "stdout"), ("failed\n", "stderr"), ("two\n", "stdout"))
    ]
    found = records(run(pipeline, *({"log": text} for text in texts)))
    assert found == [
        {"log": "failed\n", "stream": "stderr"},
        {"log": "one two\n", "stream": "stdout"},
    ]


def test_partial_lines_of_cri_are_joined(tmp_path: Path) -> None:
    """pipeline/parsers/multiline-parsing, "cri": P is a partial line, F a full one."""
    pipeline = make(f"{_MULTILINE}cri\n", tmp_path)
    texts = ("stdout P one ", "stderr F failed", "stdout F two", "stdout F three")
    lines = [f"2026-01-31T12:00:0{number}.5+00:00 {text}" for number, text in enumerate(texts)]
    found = records(run(pipeline, *({"log": line} for line in ("not of cri", *lines))))
    assert [(each.get("stream"), each["log"]) for each in found] == [
        (None, "not of cri"),
        ("stderr", "failed"),
        ("stdout", "one two"),
        ("stdout", "three"),
    ]


@pytest.mark.parametrize(
    ("lines", "more", "expected"),
    [
        ("type endswith\n    match_string ;", [{"log": "a"}, {"log": "b;"}, {"log": "c;"}],
         ["ab;", "c;"]),
        ("type endswith\n    match_string +\n    negate true",
         [{"log": "a+"}, {"log": "b"}], ["a+b"]),
        ("type equal\n    match_string yes\n    key_pattern last",
         [{"log": "a", "last": "no"}, {"log": "b", "last": "yes"}], ["ab"]),
        ("type endswith\n    match_string ;\n    key_group of",
         [{"log": "a", "of": "1"}, {"log": "b", "of": "2"}, {"log": "c;", "of": "1"}],
         ["ac;", "b"]),
    ],
)  # fmt: skip
def test_a_multiline_parser_without_rules(
    lines: str, more: list[dict[str, str]], expected: list[str], tmp_path: Path
) -> None:
    pipeline = make(f"[MULTILINE_PARSER]\n    name mine\n    {lines}\n{_MULTILINE}mine\n", tmp_path)
    assert [each["log"] for each in records(run(pipeline, *more))] == expected


def run_one(pipeline: Pipeline, text: str) -> list[Any]:
    batches = pipeline.run("t", [(0, {"log": text})], 0.0)
    return [(tag, record) for tag, events in batches for _, record in events]


def test_a_line_that_the_driver_split_becomes_one_record_again(tmp_path: Path) -> None:
    """pipeline/filters/multiline-stacktrace, "Docker partial message use case"."""
    pipeline = make(
        f"{_FILTER}multiline\n    multiline.key_content log\n    mode partial_message\n", tmp_path
    )
    partial = {"source": "stdout", "partial_message": "true", "partial_id": "dc37"}
    pieces = [
        {**partial, "log": text, "partial_ordinal": str(n), "partial_last": last}
        for n, (text, last) in enumerate((("one ", "false"), ("two ", "false"), ("3", "true")))
    ]
    other = {"source": "stdout", "log": "whole"}
    assert records(run(pipeline, pieces[0], other, *pieces[1:])) == [
        {"source": "stdout", "log": "one two 3"},
        other,
    ]


def test_a_message_without_an_end_is_sent_after_a_while(tmp_path: Path) -> None:
    pipeline = make(f"{_MULTILINE}python\n    flush_ms 500\n", tmp_path)
    assert pipeline.run("t", [(0, {"log": PYTHON[0]})], 10.0) == []
    assert pipeline.deadline() == 10.5
    assert pipeline.flush(10.4) == []
    assert pipeline.flush(10.5) == [("t", [(0, {"log": PYTHON[0]})])]
    assert pipeline.deadline() is None

"""Records of several lines, and lines in several records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bonkei.logs.router.pipeline import Pipeline
from tests.bonkei.logs.router.filtering import FILTER, make, records, run

_MULTILINE = f"{FILTER}multiline\n    multiline.key_content log\n    multiline.parser "
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
        f"{FILTER}multiline\n    multiline.key_content log\n    mode partial_message\n", tmp_path
    )
    partial = {"source": "stdout", "partial_message": "true", "partial_id": "dc37"}
    pieces = [
        {**partial, "log": text, "partial_ordinal": str(n), "partial_last": last}
        for n, (text, last) in enumerate((("one ", "false"), ("two ", "false"), ("3", "true")))
    ]
    other = {"source": "stdout", "log": "whole"}
    assert records(run(pipeline, pieces[0], other, *pieces[1:])) == [
        other,
        {"source": "stdout", "log": "one two 3"},
    ]


def test_a_message_without_an_end_is_sent_after_a_while(tmp_path: Path) -> None:
    pipeline = make(f"{_MULTILINE}python\n    flush_ms 500\n", tmp_path)
    assert pipeline.run("t", [(0, {"log": PYTHON[0]})], 10.0) == []
    assert pipeline.deadline() == 10.5
    assert pipeline.flush(10.4) == []
    assert pipeline.flush(10.5) == [("t", [(0, {"log": PYTHON[0]})])]
    assert pipeline.deadline() is None

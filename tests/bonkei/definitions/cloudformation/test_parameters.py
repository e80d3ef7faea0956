"""Parameters, after "CloudFormation template Parameters syntax".

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html The
messages are CloudFormation's, as users have quoted them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.evaluation import parameters as resolving
from bonkei.definitions.cloudformation.evaluation.parameters import Given, resolve_parameters
from bonkei.definitions.cloudformation.template import read_template
from tests.bonkei.definitions.cloudformation.stacks import output, parameters

KEY = "Resources: { Key: { Type: AWS::KMS::Key } }\n"


def declared(text: str) -> str:
    return f"{KEY}Parameters:\n  P: {{ {text} }}\n"


@pytest.mark.parametrize(
    ("text", "value", "refusal"),
    [
        ("Type: String, AllowedValues: [a, b]", "c", "Parameter 'P' must be one of AllowedValues"),
        ("Type: String, AllowedPattern: '[a-z]+'", "aB", r"'P' must match pattern \[a-z\]\+"),
        ("Type: String, MinLength: 3", "ab", "must contain at least 3 characters"),
        ("Type: String, MaxLength: 1", "ab", "must contain at most 1 characters"),
        ("Type: Number", "x", "must be a number"),
        ("Type: Number, MinValue: 1", "0", "must be a number not less than 1"),
        ("Type: Number, MaxValue: 2.5", "3", "must be a number not greater than 2.5"),
        ("Type: List<Number>", "1,x", "must be a number"),
        ("Type: CommaDelimitedList, AllowedPattern: '[a-z]+'", "a,B", "must match pattern"),
        ("Type: CommaDelimitedList, AllowedValues: [a]", "a,b", "must be one of AllowedValues"),
        (
            "Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: Letters only.",
            "7",
            "Parameter P failed to satisfy constraint: Letters only.",
        ),
        ("Type: String", "x" * 4097, "must contain at most 4096 bytes"),
    ],
)  # fmt: skip
def test_constraints(text: str, value: str, refusal: str) -> None:
    with pytest.raises(TemplateError, match=refusal):
        parameters(declared(text), {"P": value})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Type: String, AllowedPattern: '[a-z]+'", "abc"),
        (r"Type: String, AllowedPattern: '[\w-\+]+@[\w-]+'", "a-b+c@d-e"),
        ("Type: String, MinLength: 1, MaxLength: 3", "abc"),
        ("Type: Number, MinValue: -1, MaxValue: 1", "0.5"),
        ("Type: CommaDelimitedList, AllowedPattern: '[a-z]+'", "a, b"),
    ],
)
def test_values_that_match(text: str, value: str) -> None:
    assert parameters(declared(text), {"P": value}) == {"P": value}


@pytest.fixture
def a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns get a second of a processor, so that the tests of the limit take no longer."""
    monkeypatch.setattr(resolving, "_LIMIT", 1)


@pytest.mark.usefixtures("a_second")
def test_a_pattern_that_would_take_years_ends_in_seconds_and_is_named() -> None:
    text = declared("Type: String, AllowedPattern: '(a+)+b'")
    assert parameters(text, {"P": "aab"}) == {"P": "aab"}
    began = time.monotonic()
    with pytest.raises(TemplateError, match="AllowedPattern of P takes too long"):
        parameters(text, {"P": "a" * 4_000})
    assert time.monotonic() - began < 90


@pytest.mark.usefixtures("a_second")
def test_a_machine_that_is_busy_for_seconds_makes_no_pattern_slow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    late.write_text(f'#!/bin/sh\nsleep 1.5\nexec {sys.executable} "$@"\n')
    late.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(late))
    assert parameters(declared("Type: String, AllowedPattern: a+"), {"P": "aa"}) == {"P": "aa"}


def test_the_default_has_to_match_too() -> None:
    with pytest.raises(TemplateError, match="must be one of AllowedValues"):
        parameters(declared("Type: String, AllowedValues: [a], Default: b"), {})


def test_missing_and_unknown_ones() -> None:
    with pytest.raises(TemplateError, match=r"Parameters: \[P\] must have values"):
        parameters(declared("Type: String"), {})
    with pytest.raises(TemplateError, match=r"Parameters: \[Q\] do not exist in the template"):
        parameters(declared("Type: String, Default: ''"), {"Q": "x"})


def test_the_previous_value() -> None:
    template = read_template(declared("Type: String, Default: a"))
    given = {"P": Given(previous=True)}
    assert resolve_parameters(template.parameters, given, {"P": "before"}) == {"P": "before"}
    with pytest.raises(TemplateError, match="Cannot specify usePreviousValue as true"):
        resolve_parameters(template.parameters, given, {})


def test_a_list_is_a_list_for_ref() -> None:
    """ "any extra white space before or after an item is ignored" """
    more = "Parameters:\n  P: { Type: CommaDelimitedList, Default: 'a , b' }\n"
    assert output("!Join ['-', !Ref P]", more) == "a-b"


def test_a_default_that_yaml_reads_as_another_type() -> None:
    assert parameters(declared("Type: String, Default: 2010-09-09"), {})["P"] == "2010-09-09"
    assert parameters(declared("Type: String, Default: true"), {})["P"] == "true"

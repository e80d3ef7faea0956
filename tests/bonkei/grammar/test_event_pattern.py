"""Event patterns as Event Ruler judges them, which AWS has published.

event_patterns.tsv has patterns and events of our own making. A line begins with what Event Ruler
(337e8d9 of https://github.com/aws/event-ruler) said of the pair: matches, does not, or refused.
Its bound on wildcards was ten, as in `bonkei.grammar.event_pattern.complexity`.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bonkei.grammar.event_pattern import EventPatternError, parse_event_pattern

ROWS = Path(__file__).with_name("event_patterns.tsv").read_text(encoding="utf-8").splitlines()


def verdict(pattern: str, event: str) -> str:
    try:
        test = parse_event_pattern(pattern)
    except EventPatternError:
        return "refused"
    return "matches" if test(json.loads(event)) else "does not"


@pytest.mark.parametrize("row", ROWS, ids=map(str, range(len(ROWS))))
def test_it_is_judged_as_by_event_ruler(row: str) -> None:
    expected, pattern, event = row.split("\t")
    assert verdict(pattern, event) == expected


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("{", "not JSON"),
        ('{"a": [NaN]}', "not JSON: NaN is not a number"),
        ("{}", r"^\$: Empty objects are not allowed"),
        ('{"a": {"b": "c"}}', r'^\$\.a: "b" must be an object or an array'),
        ('{"a": []}', r"^\$\.a: Empty arrays are not allowed"),
        ('{"a": {"b": [{"near": 1}]}}', r"^\$\.a\.b: Unrecognized match type near"),
        ('{"a": [{"numeric": [">"]}]}', "Value of > must be numeric"),
        ('{"a": [{"numeric": [">", 1' + "0" * 400 + "]}]}", "Cannot compare number"),
        ('{"a": [{"cidr": "x"}]}', "Malformed CIDR, one '/' required"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
        ('{"$or": [{"a": [1]}]}', r"^\$\.\$or: There must have at least 2 Objects"),
        ('{"a": [{"wildcard": "*a*a*a*a*a*a*b"}]}', "Rule is too complex"),
        ("[" * 5_000, "not JSON"),
        ('{"a":' * 200 + "[1]" + "}" * 200, "nested more than 100 times"),
    ],
)
def test_a_wrong_pattern_is_reported_with_its_place(pattern: str, problem: str) -> None:
    with pytest.raises(EventPatternError, match=problem):
        parse_event_pattern(pattern)


def _or(fields: int) -> str:
    either = {"$or": [{"a": [1]}, {"b": [1]}]}
    return json.dumps({f"f{number}": either for number in range(fields)})


def test_alternatives_are_bounded() -> None:
    """ "$or matching": a thousand combinations. Ten fields of two have more."""
    parse_event_pattern(_or(9))
    with pytest.raises(EventPatternError, match="more than 1000 combinations"):
        parse_event_pattern(_or(10))


def _hostile(words: int) -> str:
    wildcards = [f"{'ab' * number}*{'ab' * number}*" for number in range(words)]
    return json.dumps({"a": [{"wildcard": each} for each in wildcards]})


@pytest.mark.parametrize("words", [1, 8, 60])
def test_judging_wildcards_takes_bounded_time(words: int) -> None:
    begun = time.process_time()
    verdict(_hostile(words), json.dumps({"a": "ab" * 2_000}))
    assert time.process_time() - begun < 5


def test_a_large_array_takes_bounded_time() -> None:
    """No element has both."""
    rows = [{"b": number % 2, "c": number % 2 + 1} for number in range(2_000)]
    begun = time.process_time()
    assert verdict('{"a": {"b": [1], "c": [1]}}', json.dumps({"a": rows})) == "does not"
    assert time.process_time() - begun < 10

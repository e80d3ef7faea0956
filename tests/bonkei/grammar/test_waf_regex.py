"""Regular expressions as AWS WAF takes them: PCRE's, less those that this page names.

https://docs.aws.amazon.com/waf/latest/developerguide/waf-regex-pattern-support.html
"""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint.wafv2 import FieldToMatch, Not, RegexMatch, Statement
from bonkei.grammar.waf_regex import Automaton, RegexError, RegexNotSimulatedError, read
from bonkei.grammar.waf_regex.anywhere import is_found
from bonkei.services.codebuild.buildspec.model import OnFailure
from bonkei.services.codebuild.course import is_retried
from bonkei.services.codepipeline.core.conditions import _compare as compare
from bonkei.services.edge.waf.statement import compile_statement
from tests.bonkei.services.edge.waf.test_web_acl import request


def finds(expression: str, value: bytes) -> bool:
    return Automaton(read(expression)).is_in(value)


@pytest.mark.parametrize(
    ("expression", "found", "not_found"),
    [
        ("I[a@]mAB[a@]dRequest", (b"x I@mABadRequest y",), (b"IaMABadRequest", b"")),
        (r"^/a\d{2,3}$", (b"/a12", b"/a123\n"), (b"/a1", b"/a1234", b"x/a12")),
        (r"\A/a\z", (b"/a",), (b"/a\n", b"x/a")),
        (r"\A/a\Z", (b"/a", b"/a\n"), (b"/a\n\n",)),
        ("(?m)^b$", (b"a\nb\nc", b"b\n"), (b"a\nbc",)),
        ("(?m)^$", (b"", b"a\n\nb"), (b"a\n",)),
        ("a.c", (b"abc", b"a\xffc"), (b"a\nc",)),
        ("(?s)a.c", (b"a\nc",), (b"ac",)),
        ("(?i)union(?-i) ALL", (b"UNION ALL",), (b"UNION all",)),
        ("(a(?i)b|c)d", (b"aBd", b"Cd"), (b"Abd", b"aBD")),
        ("(?i:a)b", (b"Ab",), (b"AB",)),
        ("(?i)^[^a]$", (b"b",), (b"A", b"a")),
        ("(?x) a b # a comment\n c", (b"abc",), (b"a b c",)),
        ("a(?#not this)b", (b"ab",), (b"anot thisb",)),
        (r"\bcat\b", (b"a cat.", b"cat"), (b"cats", b"a_cat")),
        (r"a\Bb", (b"ab",), (b"a b",)),
        ("(?:ab|cd)+?e", (b"abcde",), (b"e",)),
        ("(?<name>a)(?P<other>b)", (b"ab",), (b"ba",)),
        ("a{,2}b{x", (b"a{,2}b{x",), (b"aab",)),
        ("[]a-]+[^]b]", (b"]-c",), (b"]b",)),
        (r"[\w-.]$", (b"-", b".", b"a"), (b"/",)),
        ("[[:digit:]a]x[[:^space:]]", (b"1xy", b"ax-"), (b"bxy", b"ax ")),
        (r"[\b]\x41\x{42}\011\t\cA", (b"\x08AB\t\t\x01",), (b"bAB\t\t\x01",)),
        (r"\Qa.b\E+c", (b"a.bbc",), (b"axbc",)),
        (r"é", ("café".encode(),), (b"cafe",)),
        ("(a|)(b*)*c", (b"c", b"abbc"), (b"ab",)),
        (r"\N\h\v", (b"a \n",), (b"\n \n",)),
    ],
)  # fmt: skip
def test_it_is_found_where_pcre_finds_it(
    expression: str, found: tuple[bytes, ...], not_found: tuple[bytes, ...]
) -> None:
    assert [value for value in found if not finds(expression, value)] == []
    assert [value for value in not_found if finds(expression, value)] == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (r"(a)\1", "backreferences"),
        (r"(?<n>a)\k<n>", "backreferences"),
        ("(?=a)", "lookahead"),
        ("(?<!a)b", "lookbehind"),
        ("(?>a+)b", "atomic groups"),
        ("a++", "possessive quantifiers"),
        ("a(?R)", "recursive patterns"),
        ("(a)?(?(1)b)", "conditional patterns"),
        ("(*COMMIT)a", "backtracking control verbs"),
        (r"a\Cb", "single-byte directive"),
        (r"a\R", "newline match directive"),
        (r"a\Kb", "start of match reset"),
        ("a(?C1)b", "callouts"),
        ("a(?1)", "begins no group that is known"),
        ("*a", "nothing stands before `*`"),
        ("(a", "a `(` is never closed"),
        ("a)", "closes nothing"),
        ("[a", "a `[` is never closed"),
        ("[z-a]", "begins after its end"),
        ("a{3,2}", "the first number is the larger one"),
        ("a\\", "escapes nothing"),
        (r"\x{100}", "more than one byte"),
        (r"\y", "is not known"),
        ("[[:nothing:]]", "is not known"),
        ("(?#", "a comment is never closed"),
        ("(" * 200 + ")" * 200, "more than 50 deep"),
        ("(a{99}){99}", "more than 1000 places"),
        ("a{1000000000}", "more than 1000 places"),
    ],
)
def test_what_aws_waf_does_not_take_is_named(expression: str, said: str) -> None:
    with pytest.raises(RegexError, match=re.escape(said)):
        Automaton(read(expression))


@pytest.mark.parametrize(
    "expression",
    [
        "(?=a)",
        "(?<!a)b",
        "(?|a|b)",
        r"\p{L}",
        r"\Ga",
        r"\X",
        r"\x{100}",
        r"\y",
        "(" * 99 + ")" * 99,
    ],
)
def test_what_aws_waf_may_take_is_distinguished(expression: str) -> None:
    """Its page names some of what it refuses, so a plan does not refuse the others."""
    with pytest.raises(RegexNotSimulatedError):
        read(expression)
    compiled = compile_statement(RegexMatch(FieldToMatch("uri_path"), expression), time.time, 1)
    assert "is not simulated" in compiled.differences[0]


@pytest.mark.parametrize("expression", [r"(a)\1", "a++", "(a", "[[:nothing:]]"])
def test_what_it_refuses_is_not_left_to_the_edge(expression: str) -> None:
    with pytest.raises(RegexError) as caught:
        read(expression)
    assert not isinstance(caught.value, RegexNotSimulatedError)


_ONE = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", r"\w", r"\s", r"\d", r"\n", r"\."])
_PLACES = st.sampled_from(["^", "$", r"\b"])
EXPRESSIONS = st.recursive(
    _ONE | _PLACES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"])).map(
            lambda two: f"({two[0]}){two[1]}"
        ),
        inner.map(lambda one: f"(?i:{one})"),
    ),
    max_leaves=8,
)
VALUES = st.text("abcABC1 .\n", max_size=12)


@given(EXPRESSIONS, VALUES)
def test_it_finds_what_python_finds(expression: str, value: str) -> None:
    content = value.encode()
    assert finds(expression, content) == bool(re.search(expression.encode(), content))


@pytest.mark.parametrize(
    "expression", ["(a+)+$", "^(a|aa)*$", "(a*)*b", "(.*a){20}b", "^(a?){30}b"]
)
def test_each_byte_is_looked_at_once(expression: str) -> None:
    """Python's `re` needs years for these."""
    automaton = Automaton(read(expression))
    began = time.process_time()
    assert not automaton.is_in(b"a" * 65_000 + b"c")
    assert time.process_time() - began < 5


def test_nothing_a_billion_times_is_nothing() -> None:
    assert finds("a((){1000}{1000}){1000}b", b"ab")


HARD = "(a|b)*a(a|b){300}c"
MANY = bytes(random.Random(1).choices(b"ab", k=65_000))  # noqa: S311


def test_a_value_that_takes_too_long_is_given_up_and_forgotten() -> None:
    automaton = Automaton(read(HARD))
    with pytest.raises(RegexError, match="takes too long"):
        automaton.is_in(MANY)
    assert len(automaton._states) <= 200
    assert automaton.is_in(b"a" * 301 + b"c")


@pytest.mark.parametrize("make", [lambda regex: regex, Not])
def test_a_statement_that_takes_too_long_is_unknown(make: type[Not]) -> None:
    path = FieldToMatch("uri_path")
    statement: Statement = make(RegexMatch(path, HARD))
    compiled = compile_statement(statement, time.monotonic, 8192)
    assert compiled.holds(request(f"/{MANY.decode()}")) is None


@pytest.mark.parametrize(
    ("expression", "text", "somewhere", "whole"),
    [
        ("(a+)+$", "a" * 60 + "!", False, False),  # of `re`, it takes years
        ("(?i)err.r", "an ERR\nR", True, False),
        ("v1|v2", "v2", True, True),
        ("v1|v2", "xv2", True, False),
        (".{2}", "é!", True, True),  # of characters, not of bytes
        ("[éè]!", "é!", True, True),  # by `re`
        ("a(?!b)", "ab", False, False),  # by `re`
        (r"(\w)\1", "aa", True, True),  # by `re`
    ],
)
def test_expressions_of_other_services(
    expression: str, text: str, somewhere: bool, whole: bool
) -> None:
    assert is_found(expression, text, dot_all=True) is somewhere
    assert is_found(expression, text, whole=True) is whole
    rule = OnFailure("RETRY", 1, expression)
    assert is_retried(rule, 0, text) is somewhere
    assert compare("MATCHES", text, expression) is whole

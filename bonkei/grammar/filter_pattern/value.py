"""The value that a field is compared with: a text, a text with wildcards, a number or an
expression."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bonkei.grammar.filter_pattern.expression import Expression
from bonkei.grammar.filter_pattern.regex import take_regex
from bonkei.grammar.filter_pattern.scanner import Scanner
from bonkei.grammar.wildcards import between_stars

Kind = str  # "text" | "wildcard" | "number" | "regex"

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
OPERATORS = ("!=", ">=", "<=", "=", ">", "<")

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
}


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a pattern. `text` is as written, without quotation marks. `number`, `wildcard` and
    `regex` belong to the other kinds; `wildcard` has to match the whole text."""

    kind: Kind
    text: str
    quoted: bool = False
    number: float = 0.0
    wildcard: re.Pattern[str] | None = None
    regex: Expression | None = None


def take_value(scanner: Scanner, unquoted: re.Pattern[str]) -> Value:
    """Take the value at the scanner. `unquoted` finds the end of a value without quotation
    marks."""
    scanner.skip_blanks()
    if scanner.peek() == '"':
        return _of_text(scanner.quoted(), quoted=True)
    if scanner.peek() == "%":
        begin = scanner.position
        regex = take_regex(scanner)
        return Value("regex", scanner.text[begin : scanner.position], regex=regex)
    found = scanner.match(unquoted)
    if found is None or not found[0]:
        raise scanner.error("a value is missing", 'write a number, a text or "a text"')
    return _of_text(found[0].strip(), quoted=False)


def _of_text(text: str, *, quoted: bool) -> Value:
    if "*" in text:
        source = between_stars(map(re.escape, text.split("*")))
        return Value("wildcard", text, quoted, wildcard=re.compile(source, re.DOTALL))
    if not quoted and _NUMBER.match(text):
        return Value("number", text, number=float(text))
    return Value("text", text, quoted)


def number_of(text: str) -> float | None:
    """Parse a number. The result is None if the text is not one."""
    return float(text) if _NUMBER.match(text) else None


def comparison(operator: str, value: Value) -> Callable[[str, float | None], bool]:
    """Return a test for a field. It receives the field's text, and its number if it is a number."""
    if value.kind == "number":
        order, number = _ORDER[operator], value.number
        return lambda _, found: found is not None and order(found, number)
    wanted = operator == "="
    if value.kind == "text":
        expected = value.text
        return lambda text, _: (text == expected) is wanted
    if value.wildcard is not None:
        matches = value.wildcard.fullmatch
        return lambda text, _: (matches(text) is not None) is wanted
    assert value.regex is not None  # noqa: S101 - the last kind has it
    is_in = value.regex.is_in
    return lambda text, _: is_in(text) is wanted

"""Patterns of space-delimited records: `[ip, ..., status = 4* || status = 500, bytes > 1000]`.

"Filter patterns for space-delimited log events",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax-Space-Delimited.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bonkei.grammar.filter_pattern.scanner import Scanner
from bonkei.grammar.filter_pattern.value import OPERATORS, Value, comparison, number_of, take_value

Test = Callable[[str, float | None], bool]

_NAME = re.compile(r"[\w@-]+")
_UNQUOTED = re.compile(r'(?:(?!&&|\|\|)[^\s,\]()"])+')
_WORD = re.compile(r"\S+")
_MOST_REGEXES = 2
ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of a field, such as `= 4*`."""

    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Compound:
    """Comparisons that are joined by `word`, which is `&&` or `||`."""

    word: str
    parts: tuple[Condition, ...]


Condition = Comparison | Compound


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the pattern. The name `...` stands for any number of fields without a name."""

    name: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields in order. At most one of them is an ellipsis."""

    fields: tuple[Field, ...]


def parse_fields(scanner: Scanner) -> Fields:
    """Parse the pattern. The scanner stands at its `[`."""
    begin = scanner.position
    scanner.expect("[", "a space-delimited pattern begins with `[`")
    found = [_field(scanner, ())]
    while scanner.take(","):
        found.append(_field(scanner, tuple(found)))
    scanner.expect("]", "a `]`, a `,` or a condition is missing here")
    if not scanner.at_end():
        raise scanner.error("there is more behind the closing `]`")
    conditions = [field.condition for field in found if field.condition is not None]
    if sum(_regexes(condition) for condition in conditions) > _MOST_REGEXES:
        raise scanner.error("a pattern has at most two regular expressions", at=begin)
    return Fields(tuple(found))


def _field(scanner: Scanner, before: tuple[Field, ...]) -> Field:
    scanner.skip_blanks()
    begin = scanner.position
    if scanner.take(ELLIPSIS):
        if any(field.name == ELLIPSIS for field in before):
            raise scanner.error("a pattern has one ellipsis at most", at=begin)
        return Field(ELLIPSIS)
    if scanner.peek() == "(":
        condition, name = _any(scanner, "")
    else:
        found = scanner.match(_NAME)
        if found is None:
            raise scanner.error("a field's name is missing", "name it, or write ... for several")
        name = found[0]
        scanner.skip_blanks()
        if scanner.peek() in ("", ",", "]"):
            condition = None
        else:
            scanner.position = begin
            condition, name = _any(scanner, name)
    if any(field.name == name for field in before):
        raise scanner.error(f"two fields are named {name}", at=begin)
    return Field(name, condition)


def _any(scanner: Scanner, name: str) -> tuple[Condition, str]:
    return _joined(scanner, name, "||", lambda s, n: _joined(s, n, "&&", _one))


def _joined(
    scanner: Scanner,
    name: str,
    word: str,
    inner: Callable[[Scanner, str], tuple[Condition, str]],
) -> tuple[Condition, str]:
    part, name = inner(scanner, name)
    parts = [part]
    while scanner.take(word):
        part, name = inner(scanner, name)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else Compound(word, tuple(parts))), name


def _one(scanner: Scanner, name: str) -> tuple[Condition, str]:
    if scanner.take("("):
        condition, name = _any(scanner, name)
        scanner.expect(")", "a `)` is missing here")
        return condition, name
    scanner.skip_blanks()
    begin = scanner.position
    found = scanner.match(_NAME)
    if found is None:
        raise scanner.error("a field's name is missing", "as in status = 404 || status = 410")
    if name and found[0].lower() != name.lower():
        raise scanner.error(
            f"a condition on {found[0]} stands in the field {name}",
            f"write it behind a comma of its own, or name {name}",
            at=begin,
        )
    operator = scanner.take(*OPERATORS)
    if not operator:
        raise scanner.error("a comparison is missing", "one of = != > < >= <=")
    scanner.skip_blanks()
    begin = scanner.position
    value = take_value(scanner, _UNQUOTED)
    if operator not in ("=", "!=") and value.kind != "number":
        raise scanner.error(f"`{operator}` compares numbers", "write = or !=", at=begin)
    return Comparison(operator, value), name or found[0]


def _regexes(condition: Condition) -> int:
    if isinstance(condition, Compound):
        return sum(_regexes(part) for part in condition.parts)
    return int(condition.value.kind == "regex")


def split(message: str) -> list[str]:
    """Split a record into fields. Brackets or quotation marks enclose one field. The search for a
    missing closing bracket happens once, not for each `[`, so the time is bounded by the length."""
    fields: list[str] = []
    position, bracket = 0, 0  # bracket: the `]` that was found last, -1 when no more come
    while word := _WORD.search(message, position):
        begin, close = word.start(), -1
        if message[begin] == '"':
            close = message.find('"', begin + 1)
        elif message[begin] == "[":
            if 0 <= bracket <= begin:
                bracket = message.find("]", begin)
            close = bracket
        if close > 0 and (close + 1 == len(message) or message[close + 1].isspace()):
            fields.append(message[begin + 1 : close])
            position = close + 1
        else:
            fields.append(word[0])
            position = word.end()
    return fields


def compile_fields(pattern: Fields) -> Callable[[str], dict[str, str] | None]:
    """Return a test that gives a message's fields by name (`$bytes`), or None. A last field without
    a condition takes the rest, as in the documented `[w1=ERROR, w2]`.

    A last field without a condition takes the rest, as in the documented `[w1=ERROR, w2]`.
    """
    names = [field.name for field in pattern.fields]
    tests = [_test(field.condition) for field in pattern.fields]
    ellipsis = names.index(ELLIPSIS) if ELLIPSIS in names else -1
    is_open = ellipsis < 0 and len(names) > 1 and pattern.fields[-1].condition is None

    def match(message: str) -> dict[str, str] | None:
        found = split(message)
        spare = len(found) - len(names)
        if ellipsis >= 0:
            spare += 1
            if spare < 0:
                return None
            between = [f"${place + 1}" for place in range(ellipsis, ellipsis + spare)]
            keys = [f"${name}" for name in names[:ellipsis]] + between
            keys += [f"${name}" for name in names[ellipsis + 1 :]]
            checked = tests[:ellipsis] + [None] * spare + tests[ellipsis + 1 :]
        else:
            if spare < 0 or (spare and not is_open):
                return None
            keys, checked = [f"${name}" for name in names], tests
        for text, test in zip(found, checked, strict=False):
            if test is not None and not test(text, number_of(text)):
                return None
        return dict(zip(keys, found, strict=False))

    return match


def _test(condition: Condition | None) -> Test | None:
    if condition is None:
        return None
    if isinstance(condition, Compound):
        tests = [test for part in condition.parts if (test := _test(part)) is not None]
        if condition.word == "&&":
            return lambda text, number: all(test(text, number) for test in tests)
        return lambda text, number: any(test(text, number) for test in tests)
    return comparison(condition.operator, condition.value)

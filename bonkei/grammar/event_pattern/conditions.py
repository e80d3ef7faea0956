"""One value in the list of a field: a value, or an operator. Event Ruler words the refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from bonkei.grammar.event_pattern.addresses import address_of, cidr
from bonkei.grammar.event_pattern.numeric import comparable, compared, is_number, numeric
from bonkei.grammar.event_pattern.values import (
    STAR,
    Condition,
    EventPatternError,
    Test,
    Tokens,
    require_text,
)
from bonkei.grammar.wildcards import between_stars


def condition(wanted: Any) -> Condition:
    """Raises EventPatternError."""
    text = json.dumps(wanted)
    if isinstance(wanted, list):
        said = "Match value must be String, number, true, false, or null"
        raise EventPatternError(said, at=())
    if not isinstance(wanted, dict):
        return Condition(text, _value(wanted))
    name, argument = _only(wanted, "Match expression name not found")
    try:
        return _by_operator(text, name, argument)
    except EventPatternError as error:
        at = error.below(name)
        raise EventPatternError(error.reason, remedy=error.remedy, at=at) from None


def _by_operator(text: str, name: str, argument: Any) -> Condition:
    if name == "exists":
        if not isinstance(argument, bool):
            said = "exists match pattern must be either true or false."
            raise EventPatternError(said, at=())
        return Condition(text, lambda _: argument, is_absence=not argument)
    if name == "anything-but":
        return _anything_but(text, argument)
    if name == "wildcard":
        tokens = _tokens(argument)
        return Condition(text, _of_text(_wildcard(tokens)), wildcards=(tokens,))
    make = _OPERATORS.get(name)
    if make is None:
        known = ", ".join(sorted({*_OPERATORS, "exists", "anything-but", "wildcard"}))
        said = f"Unrecognized match type {name}"
        raise EventPatternError(said, remedy=f"write one of {known}", at=())
    return Condition(text, make(argument))


def _only(given: dict[str, Any], missing: str) -> tuple[str, Any]:
    if len(given) != 1:
        said = "Only one key allowed in match expression" if given else missing
        raise EventPatternError(said, at=tuple(given)[1:2] or None)
    return next(iter(given.items()))


def _value(wanted: Any) -> Test:
    if isinstance(wanted, bool) or wanted is None:
        return lambda found: found is wanted
    if isinstance(wanted, str):
        address = address_of(wanted)
        if address is not None:
            return _of_text(lambda text: address_of(text) == address)
    return lambda found: not isinstance(found, bool) and bool(found == wanted)


def _of_text(test: Callable[[str], bool]) -> Test:
    return lambda found: isinstance(found, str) and test(found)


def _affix(name: str) -> Callable[[Any], Test]:
    """`prefix` or `suffix`, which may ignore case."""

    def make(argument: Any) -> Test:
        if not isinstance(argument, dict):
            return _of_text(_ends(name, require_text(argument, name)))
        title = name.capitalize()
        inner, wanted = _only(argument, f"{title} expression name not found")
        if inner != "equals-ignore-case":
            raise EventPatternError(f"Unsupported {name} pattern: {inner}")
        letters = _without_case(require_text(wanted, inner, (inner,)))
        regex = re.compile(letters if name == "prefix" else f".*{letters}\\Z", re.DOTALL)
        return _of_text(lambda text: regex.match(text) is not None)

    return make


def _ends(name: str, wanted: str) -> Callable[[str], bool]:
    if name == "prefix":
        return lambda text: text.startswith(wanted)
    return lambda text: text.endswith(wanted)


def _without_case(wanted: str) -> str:
    """Each character in both of its cases, as Event Ruler looks for it: `ß` is also `SS`."""
    return "".join(f"(?:{re.escape(each.lower())}|{re.escape(each.upper())})" for each in wanted)


def _ignore_case(wanted: str) -> Callable[[str], bool]:
    regex = re.compile(_without_case(wanted))
    return lambda text: regex.fullmatch(text) is not None


def _tokens(argument: Any) -> Tokens:
    r"""`*` is a star; `\*` and `\\` are characters."""
    found: list[str] = []
    for part in re.finditer(r"\\.?|.", require_text(argument, "wildcard"), re.DOTALL):
        each, place = part[0], len(argument[: part.start()].encode("utf-8", "replace")) + 1
        if each[0] == "\\" and each not in (r"\*", r"\\"):
            raise EventPatternError(f"Invalid escape character at pos {place}")
        if each == STAR and found[-1:] == [STAR]:
            raise EventPatternError(f"Consecutive wildcard characters at pos {place - 1}")
        found.append(each)
    return tuple(found)


def _wildcard(tokens: Tokens) -> Callable[[str], bool]:
    between = [""]
    for each in tokens:
        if each == STAR:
            between.append("")
        else:
            between[-1] += re.escape(each[-1])
    regex = re.compile(between_stars(between), re.DOTALL)
    return lambda text: regex.fullmatch(text) is not None


_BUT: dict[str, Callable[[str], Callable[[str], bool]]] = {
    "prefix": lambda wanted: _ends("prefix", wanted),
    "suffix": lambda wanted: _ends("suffix", wanted),
    "equals-ignore-case": _ignore_case,
    "wildcard": lambda wanted: _wildcard(_tokens(wanted)),
}


_NO_VALUE = "Value of anything-but must be an array or single string/number value."
_NO_TEXT = {
    **dict.fromkeys(("prefix", "suffix"), "prefix/suffix match pattern must be a string"),
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean"
    " is not supported.",
    "wildcard": "wildcard match pattern must be a string",
}


def _anything_but(text: str, argument: Any) -> Condition:
    """Any value that is there, of whatever type, but these."""
    if not isinstance(argument, dict):
        return Condition(text, _none_of(_excluded(argument)))
    name, inner = _only(argument, "Anything-But expression name not found")
    if name not in _BUT:
        raise EventPatternError(f"Unsupported anything-but pattern: {name}", at=(name,))
    if isinstance(inner, dict) or inner is None or isinstance(inner, bool):
        raise EventPatternError(_NO_VALUE)
    values = inner if isinstance(inner, list) else [inner]
    if not values:
        raise EventPatternError("Empty arrays are not allowed")
    if not all(isinstance(each, str) for each in values):
        raise EventPatternError(_NO_TEXT[name])
    if name in ("prefix", "suffix") and "" in values:
        raise EventPatternError("Null prefix/suffix not allowed")
    wildcards = tuple(_tokens(each) for each in values) if name == "wildcard" else ()
    return Condition(
        text, _none_of([_of_text(_BUT[name](each)) for each in values]), False, wildcards
    )


def _none_of(tests: Iterable[Test]) -> Test:
    tests = tuple(tests)
    return lambda found: not any(test(found) for test in tests)


def _excluded(argument: Any) -> list[Test]:
    values = argument if isinstance(argument, list) else [argument]
    texts = [isinstance(each, str) for each in values]
    numbers = [is_number(each) for each in values]
    if not isinstance(argument, list) and not (any(texts) or any(numbers)):
        raise EventPatternError(_NO_VALUE)
    if not all(text or number for text, number in zip(texts, numbers, strict=True)):
        raise EventPatternError("Inside anything but list, start|null|boolean is not supported.")
    if any(texts) is any(numbers):
        raise EventPatternError(
            "Inside anything but list, either all values are number or string, mixed type is not "
            "supported"
        )
    if any(texts):
        return [lambda found, one=each: found == one for each in values]  # type: ignore[misc]
    return [compared("=", comparable(each)) for each in values]


_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "prefix": _affix("prefix"),
    "suffix": _affix("suffix"),
    "equals-ignore-case": lambda wanted: _of_text(
        _ignore_case(require_text(wanted, "equals-ignore-case"))
    ),
    "exactly": lambda wanted: _value_of_text(require_text(wanted, "exact")),
    "numeric": numeric,
    "cidr": cidr,
}


def _value_of_text(wanted: str) -> Test:
    return lambda found: bool(found == wanted)

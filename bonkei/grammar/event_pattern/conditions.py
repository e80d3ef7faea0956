"""One value in the list of a field: a value, or an operator. Event Ruler words the refusals."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.grammar.wildcards import between_stars

Test = Callable[[Any], bool]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Tokens = tuple[str, ...]

Steps = tuple[str | int, ...]

STAR = "*"
TO_ITS_END = -1
"""A step into a text that Event Ruler had read; of others, it knows that they begin."""
_FOUR = re.compile(r"[0-9]+(\.[0-9]+){3}")
_SIX = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")


class EventPatternError(BonkeiError):
    """A pattern that EventBridge refuses. The message names the place; `reason` is AWS's. `at`:
    what Event Ruler read last, as the keys and numbers that lead to it; None if it had read all."""

    def __init__(
        self, reason: str, place: str = "", *, remedy: str = "", at: Steps | None = None
    ) -> None:
        super().__init__(f"{place}: {reason}" if place else reason, remedy=remedy)
        self.reason = reason
        self.at = at

    def below(self, *steps: str | int) -> Steps | None:
        """`at`, after these."""
        return None if self.at is None else (*steps, *self.at)


@dataclass(frozen=True, slots=True)
class Condition:
    """`holds`: for a value that is not an object or a list. `text` is what it was made of.
    `is_absence`: it wants no value. `wildcards`: their characters, where `*` alone is a star."""

    text: str
    holds: Test
    is_absence: bool = False
    wildcards: tuple[Tokens, ...] = ()


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
        address = _address(wanted)
        if address is not None:
            return _of_text(lambda text: _address(text) == address)
    return lambda found: not isinstance(found, bool) and bool(found == wanted)


def _of_text(test: Callable[[str], bool]) -> Test:
    return lambda found: isinstance(found, str) and test(found)


def _text(argument: Any, name: str, at: Steps = ()) -> str:
    if not isinstance(argument, str):
        raise EventPatternError(f"{name} match pattern must be a string", at=at)
    return argument


def _affix(name: str) -> Callable[[Any], Test]:
    """`prefix` or `suffix`, which may ignore case."""

    def make(argument: Any) -> Test:
        if not isinstance(argument, dict):
            return _of_text(_ends(name, _text(argument, name)))
        title = name.capitalize()
        inner, wanted = _only(argument, f"{title} expression name not found")
        if inner != "equals-ignore-case":
            raise EventPatternError(f"Unsupported {name} pattern: {inner}")
        letters = _without_case(_text(wanted, inner, (inner,)))
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
    for part in re.finditer(r"\\.?|.", _text(argument, "wildcard"), re.DOTALL):
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
    numbers = [_is_number(each) for each in values]
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
    return [_compared("=", _comparable(each)) for each in values]


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "=": lambda found, bound: found == bound,
    "<": lambda found, bound: found < bound,
    "<=": lambda found, bound: found <= bound,
    ">": lambda found, bound: found > bound,
    ">=": lambda found, bound: found >= bound,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_float(value: int | float) -> float | None:
    """A number that a double holds exactly, as it is written. Others cannot be compared."""
    try:
        number = float(value)
    except OverflowError:
        return None
    if isinstance(value, int) and Decimal(repr(number)) != value:
        return None
    return number if abs(number) != float("inf") and number == number else None


def _comparable(value: Any) -> float:
    number = _as_float(value)
    if number is None:
        raise EventPatternError(f"Cannot compare number : {value}")
    return number


def _compared(sign: str, bound: float) -> Test:
    order = _ORDER[sign]

    def test(found: Any) -> bool:
        number = _as_float(found) if _is_number(found) else None
        return number is not None and order(number, bound)

    return test


def _numeric(argument: Any) -> Test:
    """One comparison, or a lower and then an upper bound."""
    if not isinstance(argument, list):
        raise EventPatternError("Value of numeric must be an array.")
    sign = argument[0] if argument else None
    if not isinstance(sign, str):
        said = f"Invalid member in numeric match: {sign if argument else ']'}"
        raise EventPatternError(said, at=(0,))
    if sign not in _ORDER:
        raise EventPatternError(f"Unrecognized numeric range operator: {sign}", at=(1,))
    _require_number(argument, 1, "equals" if sign == "=" else sign)
    if len(argument) > 2:
        _require_upper_bound(argument)
    signs, numbers = argument[::2], [_comparable(each) for each in argument[1::2]]
    if len(numbers) > 1 and numbers[0] >= numbers[1]:
        raise EventPatternError("Bottom must be less than top", at=(4,))
    tests = [_compared(each, number) for each, number in zip(signs, numbers, strict=True)]
    return lambda found: all(test(found) for test in tests)


def _require_upper_bound(argument: list[Any]) -> None:
    if argument[0] not in (">", ">="):
        raise EventPatternError("Too many elements in numeric expression", at=(2,))
    if not isinstance(argument[2], str):
        raise EventPatternError(f"Bad value in numeric range: {argument[2]}", at=(2,))
    if argument[2] not in ("<", "<="):
        said = f"Bad numeric range operator: {argument[2]}"
        raise EventPatternError(said, at=(2, TO_ITS_END))
    _require_number(argument, 3, argument[2])
    if len(argument) > 4:
        raise EventPatternError("Too many terms in numeric range expression", at=(4,))


def _require_number(argument: list[Any], place: int, sign: str) -> None:
    if len(argument) <= place or not _is_number(argument[place]):
        raise EventPatternError(f"Value of {sign} must be numeric", at=(place,))


def _address(text: str) -> Address | None:
    if not (_FOUR.fullmatch(text) or _SIX.fullmatch(text)):
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _cidr(argument: Any) -> Test:
    text = _text(argument, "prefix")  # so says Event Ruler
    if text.count("/") != 1:
        raise EventPatternError("Malformed CIDR, one '/' required")
    given, _, bits = text.partition("/")
    if not re.fullmatch(r"[0-9]{1,9}", bits):
        raise EventPatternError("Malformed CIDR, mask bits must be an integer")
    address = _address(given)
    if address is None:
        raise EventPatternError(f"Nonstandard IP address: {given}")
    if int(bits) >= address.max_prefixlen:
        mask = f"IPv{address.version} mask bits must be < {address.max_prefixlen}"
        raise EventPatternError(mask)
    network = ipaddress.ip_network(text, strict=False)  # the host's bits are ignored
    first, last = _digits(network[0]), _digits(network[-1])

    def test(found: Any) -> bool:
        """Event Ruler compares digits, and stops at the first that tells. So a number is within
        0.0.0.0/0, and an address of the other kind may be.
        """
        if isinstance(found, str):
            other = _address(found)
            given = "" if other is None else _digits(other)
        else:
            given = re.findall("^[0-9]*", json.dumps(found))[0]
        return any(
            first[:end] < given[:end] < last[:end]
            or (end == len(first) and given[:end] in (first, last))
            for end in range(1, min(len(given), len(first)) + 1)
        )

    return test


def _digits(address: Address) -> str:
    return f"{int(address):0{address.max_prefixlen // 4}X}"


_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "prefix": _affix("prefix"),
    "suffix": _affix("suffix"),
    "equals-ignore-case": lambda wanted: _of_text(
        _ignore_case(_text(wanted, "equals-ignore-case"))
    ),
    "exactly": lambda wanted: _value_of_text(_text(wanted, "exact")),
    "numeric": _numeric,
    "cidr": _cidr,
}


def _value_of_text(wanted: str) -> Test:
    return lambda found: bool(found == wanted)

r"""Sets of bytes as PCRE writes them: `[a-z\d]`, `\w`, `\x41`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bonkei.grammar.waf_regex.errors import RegexError, RegexNotSimulatedError
from bonkei.grammar.waf_regex.tree import (
    ALL,
    DIGITS,
    SPACES,
    WORD,
    Assertion,
    members_of,
    without_case,
)

_UPPER, _LOWER = members_of(range(65, 91)), members_of(range(97, 123))
_PRINTED = members_of(range(33, 127))
_NAMED = {
    b"alpha": _UPPER | _LOWER,
    b"digit": DIGITS,
    b"alnum": _UPPER | _LOWER | DIGITS,
    b"upper": _UPPER,
    b"lower": _LOWER,
    b"space": SPACES,
    b"blank": members_of(b" \t"),
    b"punct": _PRINTED & ~(_UPPER | _LOWER | DIGITS),
    b"graph": _PRINTED,
    b"print": _PRINTED | members_of(b" "),
    b"cntrl": members_of((*range(32), 127)),
    b"xdigit": DIGITS | members_of(b"abcdefABCDEF"),
    b"word": WORD,
    b"ascii": members_of(range(128)),
}
_KINDS = {
    b"d": DIGITS,
    b"w": WORD,
    b"s": SPACES,
    b"h": members_of(b" \t\xa0"),
    b"v": members_of(b"\n\v\f\r\x85"),
    b"N": members_of(b"\n"),
}
_SETS = {
    b"D": ALL & ~_KINDS[b"d"],
    b"W": ALL & ~_KINDS[b"w"],
    b"S": ALL & ~_KINDS[b"s"],
    b"H": ALL & ~_KINDS[b"h"],
    b"V": ALL & ~_KINDS[b"v"],
    **_KINDS,
    b"N": ALL & ~_KINDS[b"N"],
}
_SINGLE = {b"n": 10, b"r": 13, b"t": 9, b"f": 12, b"e": 27, b"a": 7}
_NUMBER = re.compile(rb"\\(?:x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{0,2})|(0[0-7]{0,2})|c([ -~]))")
_POSIX = re.compile(rb"\[:(\^?)([a-z]+):\]")
ESCAPED: Mapping[bytes, Assertion] = {
    b"b": "word",
    b"B": "no word",
    b"A": "begin",
    b"Z": "end",
    b"z": "very end",
}
"""Those outside of brackets that take no byte."""
_REFUSED = {
    b"C": "the single-byte directive",
    b"R": "the newline match directive",
    b"K": "the start of match reset directive",
    b"g": "backreferences and subroutine references",
    b"k": "backreferences",
}
_UNSURE = {
    b"G": "the assertion of the first position",
    b"X": "grapheme clusters",
    b"p": "properties of characters",
    b"P": "properties of characters",
}


def escaped_at(text: bytes, position: int) -> tuple[int, int]:
    """Return the set that the backslash at this position begins, and the position after it."""
    letter = text[position + 1 : position + 2]
    if not letter:
        raise RegexError("a backslash at the end escapes nothing")
    if letter in _SETS:
        return _SETS[letter], position + 2
    if letter in _SINGLE:
        return 1 << _SINGLE[letter], position + 2
    if found := _NUMBER.match(text, position):
        return 1 << _number(found), found.end()
    if letter in _REFUSED or letter in b"123456789":
        what = _REFUSED.get(letter, "backreferences")
        raise RegexError(f"AWS WAF does not support {what} (`\\{letter.decode()}`)")
    if letter in _UNSURE:
        raise RegexNotSimulatedError(f"{_UNSURE[letter]} (`\\{letter.decode()}`)")
    if letter.isalnum():
        raise RegexNotSimulatedError(f"`\\{letter.decode()}` is not known")
    return 1 << letter[0], position + 2


def _number(found: re.Match[bytes]) -> int:
    wide, short, octal, control = found.groups()
    if control is not None:
        return int(control.upper()[0]) ^ 64
    value = int(octal, 8) if octal is not None else int((wide or short or b"0"), 16)
    if value > 255:
        raise RegexNotSimulatedError(f"`{found[0].decode()}` is more than one byte")
    return value


def class_at(text: bytes, position: int, *, ignore_case: bool) -> tuple[int, int]:
    """Return the set of the `[` at this position, and the position after its `]`."""
    position += 1
    is_negated = text.startswith(b"^", position)
    position += is_negated
    members, begin = 0, position
    while position == begin or not text.startswith(b"]", position):
        if position >= len(text):
            raise RegexError("a `[` is never closed")
        if found := _POSIX.match(text, position):
            members |= _posix(found)
            position = found.end()
            continue
        first, position = _member_at(text, position)
        if text[position : position + 1] == b"-" and text[position + 1 : position + 2] not in (
            b"",
            b"]",
        ):
            last, position = _member_at(text, position + 1)
            members |= _range(first, last)
        else:
            members |= first
    members = without_case(members) if ignore_case else members
    return ALL & ~members if is_negated else members, position + 1


def _member_at(text: bytes, position: int) -> tuple[int, int]:
    if not text.startswith(b"\\", position):
        return 1 << text[position], position + 1
    if text.startswith(b"\\b", position):
        return 1 << 8, position + 2  # within brackets it is the backspace
    return escaped_at(text, position)


def _range(first: int, last: int) -> int:
    if first.bit_count() != 1 or last.bit_count() != 1:
        return first | last | 1 << ord("-")
    if first > last:
        raise RegexError("a range in `[…]` begins after its end")
    return (last << 1) - first


def _posix(found: re.Match[bytes]) -> int:
    if found[2] not in _NAMED:
        raise RegexError(f"`{found[0].decode()}` is not known")
    return ALL & ~_NAMED[found[2]] if found[1] else _NAMED[found[2]]

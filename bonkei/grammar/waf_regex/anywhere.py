"""Matches expressions that are written for another service, in bounded time where possible."""

from __future__ import annotations

import re

from bonkei.grammar.waf_regex.automaton import Automaton
from bonkei.grammar.waf_regex.errors import RegexError
from bonkei.grammar.waf_regex.syntax import read

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_OTHER = "\x80"  # one byte for each character beyond ASCII: all sets have all of them, or none


def is_found(pattern: str, text: str, *, whole: bool = False, dot_all: bool = False) -> bool:
    """Whether it is found in the text; `whole`: whether it is the whole text. Python's `re` looks
    for what the automaton does not take (lookahead, letters beyond ASCII). Raises `re.error`."""
    re.compile(pattern)
    flags = "(?s)" if dot_all else ""
    automaton = _automaton(rf"{flags}\A(?:{pattern})\z" if whole else f"{flags}{pattern}")
    if automaton is None:
        find = re.fullmatch if whole else re.search
        return find(pattern, text, re.DOTALL if dot_all else 0) is not None
    try:
        return automaton.is_in(_NOT_ASCII.sub(_OTHER, text).encode("latin-1"))
    except RegexError:  # it takes too long
        return False


def _automaton(pattern: str) -> Automaton | None:
    try:
        return Automaton(read(pattern)) if pattern.isascii() else None
    except RegexError:
        return None

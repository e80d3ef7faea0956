"""Patterns of terms: `ERROR "out of memory" -DEBUG`, `?ERROR ?WARN`, and a single `%regex%`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bonkei.grammar.filter_pattern.expression import Expression
from bonkei.grammar.filter_pattern.regex import take_regex
from bonkei.grammar.filter_pattern.scanner import Scanner

_WORD = re.compile(r"[^\W]+")
_WHOLE = re.compile(r'[^\s"]+')


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase. `sign` is empty, `?` (one of these) or `-` (none of these)."""

    text: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a pattern. `optional` ones count only if nothing is required or excluded, as AWS
    documents it."""

    terms: tuple[Term, ...] = ()
    regex: Expression | None = None


def parse_terms(scanner: Scanner) -> Terms:
    """Parse the rest of the pattern."""
    if scanner.peek() == "%":
        regex = take_regex(scanner)
        if not scanner.at_end():
            raise scanner.error(
                "a regular expression stands alone", "leave out the terms beside it"
            )
        return Terms(regex=regex)
    found: list[Term] = []
    while not scanner.at_end():
        sign = scanner.take("?", "-")
        text = scanner.quoted() if scanner.peek() == '"' else _word(scanner)
        if text.strip():
            found.append(Term(text, sign))
    return Terms(tuple(found))


def _word(scanner: Scanner) -> str:
    begin = scanner.position
    whole = scanner.match(_WHOLE)
    if whole is None:
        raise scanner.error("a term is missing", "write it right behind the sign")
    word = _WORD.match(whole[0])
    if word is None or word.end() < len(whole[0]):
        at = begin + (word.end() if word else 0)
        raise scanner.error(
            f"`{whole[0]}` has a character that is neither a letter nor a digit",
            f'put it in double quotation marks: "{whole[0]}"',
            at=at,
        )
    return whole[0]


def compile_terms(found: Terms) -> Callable[[str], bool]:
    """Return a test for a message. Terms are case-sensitive and match whole words: `ERROR` is not
    found in `ERRORS` (for "Partial matches" the documentation recommends regex)."""
    if found.regex is not None:
        return found.regex.is_in
    required = [_finder(term.text) for term in found.terms if not term.sign]
    excluded = [_finder(term.text) for term in found.terms if term.sign == "-"]
    optional = [_finder(term.text) for term in found.terms if term.sign == "?"]
    if required or excluded:
        return lambda message: (
            all(finds(message) for finds in required)
            and not any(finds(message) for finds in excluded)
        )
    if optional:
        return lambda message: any(finds(message) for finds in optional)
    return lambda _: True


def _finder(text: str) -> Callable[[str], bool]:
    """Try `in` first: it is many times faster, and most messages do not contain the text at all."""
    before = r"(?<!\w)" if _is_of_word(text[0]) else ""
    after = r"(?!\w)" if _is_of_word(text[-1]) else ""
    if not before and not after:
        return lambda message: text in message
    look = re.compile(before + re.escape(text) + after).search
    return lambda message: text in message and look(message) is not None


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"

"""Regular expressions in patterns: `%…%`, with the characters that CloudWatch Logs allows.

"Supported regular expressions (regex) syntax",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import re
import warnings

from bonkei.grammar.filter_pattern.expression import Expression, read_expression
from bonkei.grammar.filter_pattern.scanner import Scanner

_SYMBOLS = frozenset(":_#=@/;,- ")
_OPERATORS = frozenset("^$?[]{}|\\*+.")
_CLASSES = frozenset("dDsSwW")


def take_regex(scanner: Scanner) -> Expression:
    """Take the expression at the scanner, which stands at its first `%`."""
    begin = scanner.position
    scanner.position += 1
    while (character := scanner.peek()) != "%":
        if not character:
            raise scanner.error("the regular expression is never closed", "add a `%`", at=begin)
        if character == "\\":
            _require_known_escape(scanner)
        elif not _is_allowed(character):
            raise scanner.error(
                f"regular expressions of CloudWatch Logs have no `{character}`", _remedy(character)
            )
        scanner.position += 1
    source = scanner.text[begin + 1 : scanner.position]
    scanner.position += 1
    if not source:
        raise scanner.error("the regular expression is empty", at=begin)
    return _read(source, scanner, begin + 1)


def _require_known_escape(scanner: Scanner) -> None:
    scanner.position += 1
    escaped = scanner.peek()
    if not escaped or not escaped.isascii() or (escaped.isalnum() and escaped not in _CLASSES):
        raise scanner.error(
            f"regular expressions of CloudWatch Logs have no `\\{escaped}`",
            r"\d, \D, \s, \S, \w, \W and escaped symbols are known",
        )


def _is_allowed(character: str) -> bool:
    return character.isascii() and (
        character.isalnum() or character in _SYMBOLS or character in _OPERATORS
    )


def _remedy(character: str) -> str:
    if character in "()":
        return "parentheses cannot define a subpattern here: write out the alternatives with |"
    if not character.isascii():
        return "multi-byte characters are not supported: use a quoted term"
    return "letters, digits, the symbols :_#=@/;,- and the operators ^$?[]{}|\\*+. are allowed"


def _read(source: str, scanner: Scanner, begin: int) -> Expression:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `[[` is a set with a bracket here
            re.compile(source, re.ASCII)
            return read_expression(source)
    except re.error as error:
        place = begin + (error.pos or 0)
        raise scanner.error(f"not a regular expression: {error.msg}", at=place) from None

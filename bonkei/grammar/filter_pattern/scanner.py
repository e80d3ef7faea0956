"""Reads a pattern from left to right, and knows the place of an error."""

from __future__ import annotations

import re

from bonkei.base.errors import BonkeiError


class FilterPatternError(BonkeiError):
    """A pattern that CloudWatch Logs refuses. `position` counts characters from 0."""

    def __init__(self, pattern: str, position: int, problem: str, remedy: str = "") -> None:
        self.position = position
        super().__init__(
            f"filter pattern, character {position + 1}: {problem}\n"
            f"  {pattern}\n  {' ' * position}^",
            remedy=remedy,
        )


_BLANK = re.compile(r"\s*")


class Scanner:
    """A position in a pattern's text. It only moves forward."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def error(self, problem: str, remedy: str = "", at: int | None = None) -> FilterPatternError:
        """Create the error for this place (or for `at`). The caller raises it."""
        position = self.position if at is None else at
        return FilterPatternError(self.text, position, problem, remedy)

    def skip_blanks(self) -> None:
        """Skip white space."""
        match = _BLANK.match(self.text, self.position)
        assert match is not None  # noqa: S101 - it matches the empty text
        self.position = match.end()

    def at_end(self) -> bool:
        """Whether only white space is left."""
        self.skip_blanks()
        return self.position >= len(self.text)

    def peek(self) -> str:
        """Return the next character, or an empty text at the end."""
        return self.text[self.position : self.position + 1]

    def take(self, *tokens: str) -> str:
        """Skip white space and take the first of the tokens that follows. The result is empty if
        none does."""
        self.skip_blanks()
        for token in tokens:
            if self.text.startswith(token, self.position):
                self.position += len(token)
                return token
        return ""

    def match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        """Take the text that an expression matches here."""
        found = expression.match(self.text, self.position)
        if found is not None:
            self.position = found.end()
        return found

    def expect(self, token: str, problem: str) -> None:
        """Take a token, or raise `problem`."""
        if not self.take(token):
            raise self.error(problem)

    def quoted(self) -> str:
        r"""Take a text in double quotation marks, in which `\"` and `\\` mean the second
        character."""
        begin = self.position
        self.position += 1
        found: list[str] = []
        while (character := self.peek()) != '"':
            if not character:
                raise self.error("the quotation mark is never closed", 'add a `"`', at=begin)
            if character == "\\" and self.text[self.position + 1 : self.position + 2] in {
                '"',
                "\\",
            }:
                self.position += 1
                character = self.peek()
            found.append(character)
            self.position += 1
        self.position += 1
        return "".join(found)

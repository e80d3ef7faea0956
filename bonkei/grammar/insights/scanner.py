"""Takes a query's words one after another, and knows the place of a mistake."""

from __future__ import annotations

import re

from bonkei.grammar.insights.syntax import QueryError

_BLANK = re.compile(r"(?:\s+|#[^\n]*)*")
_WORD = re.compile(r"[A-Za-z_@][\w@]*(?:\.\w+)*|`[^`]*`")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|\.\d+(?!\w)")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)
_REGEX = re.compile(r"/((?:[^/\\\n]|\\.)+)/")
_PERIOD = re.compile(r"(\d+)\s*([A-Za-z]+)")
_ESCAPED = re.compile(r"\\([\\\"'])")
_GROUP = re.compile(r"\(\?<(?![=!])")


class Scanner:
    """`position`: characters of `text` that are taken, with blanks after them; `end`: without."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = self.end = 0
        self.skip()

    def skip(self) -> None:
        """Blanks and comments: `#` to the end of the line."""
        self.end = self.position
        found = _BLANK.match(self.text, self.position)
        self.position = found.end() if found else self.position

    @property
    def at_end(self) -> bool:
        return self.position == len(self.text)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.position)
        if found is not None:
            self.position = found.end()
            self.skip()
        return found

    def symbol(self, *symbols: str) -> str:
        """The first of the symbols that stands here, taken; else an empty text."""
        for each in symbols:
            if self.text.startswith(each, self.position):
                self.position += len(each)
                self.skip()
                return each
        return ""

    def expect(self, symbol: str) -> None:
        if not self.symbol(symbol):
            raise self.error(f"`{symbol}` is missing")

    def keyword(self, *words: str) -> str:
        """One of the words, in any case, taken; else an empty text."""
        found = _WORD.match(self.text, self.position)
        if found is None or found[0].lower() not in words:
            return ""
        self.position = found.end()
        self.skip()
        return found[0].lower()

    def word(self, what: str = "a field") -> str:
        """A name, without the backticks that quote it."""
        found = self.take(_WORD)
        if found is None:
            raise self.error(f"{what} is missing")
        return found[0].strip("`")

    def is_at_word(self) -> bool:
        return _WORD.match(self.text, self.position) is not None

    def number(self) -> int | float | None:
        found = self.take(_NUMBER)
        if found is None:
            return None
        return int(found[0]) if found[0].isdigit() else float(found[0])

    def string(self) -> str | None:
        found = self.take(_TEXT)
        return None if found is None else _ESCAPED.sub(r"\1", found[0][1:-1])

    def period(self) -> tuple[int, str]:
        """`5m` as 5 and m."""
        found = self.take(_PERIOD)
        if found is None:
            raise self.error("a period such as 5m is missing")
        return int(found[1]), found[2]

    def regex(self) -> re.Pattern[str] | None:
        """`/expression/`. A group's name is written as `(?<name>...)`."""
        found = self.take(_REGEX)
        if found is None:
            return None
        try:
            return re.compile(_GROUP.sub("(?P<", found[1].replace(r"\/", "/")))
        except re.error as error:
            raise self.error(f"the regular expression is not valid: {error}") from None

    def error(self, message: str, start: int | None = None, remedy: str = "") -> QueryError:
        """A mistake at a place, by default here."""
        begin = self.position if start is None else start
        line = self.text.count("\n", 0, begin) + 1
        column = begin - (self.text.rfind("\n", 0, begin) + 1) + 1
        end = max(begin + 1, self.position)
        return QueryError(f"line {line}, column {column}: {message}", begin, end, remedy=remedy)

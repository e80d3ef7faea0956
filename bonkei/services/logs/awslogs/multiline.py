"""Lines that belong together. Pure.

Source: "awslogs-datetime-format", "awslogs-multiline-pattern" (docs.docker.com/engine/logging/
drivers/awslogs): an event begins with a line that matches, and continues until the next matching
line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

EVENT_BYTES = 262_144 - 26
"""Longer ones are cut, as the driver cuts them."""

_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DIRECTIVES = {
    "%a": f"(?:{_DAYS})",
    "%A": "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)",
    "%w": "[0-6]",
    "%d": "(?:0[1-9]|[12][0-9]|3[01])",
    "%b": f"(?:{_MONTHS})",
    "%B": (
        "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
    ),
    "%m": "(?:0[1-9]|1[0-2])",
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%H": "(?:[01][0-9]|2[0-3])",
    "%I": "(?:0[0-9]|1[0-2])",
    "%p": "[AP]M",
    "%M": "[0-5][0-9]",
    "%S": "[0-5][0-9]",
    "%L": r"\.\d{3}",
    "%f": r"\d{6}",
    "%z": r"[+-]\d{4}",
    "%Z": "[A-Z]{1,4}T",
    "%j": "(?:0[0-9][1-9]|[12][0-9][0-9]|3[0-5][0-9]|36[0-6])",
}
_DIRECTIVE = re.compile("%.")


def from_datetime_format(text: str) -> str:
    """The regular expression of a format like `%Y-%m-%d %H:%M:%S`."""
    parts, end = [], 0
    for found in _DIRECTIVE.finditer(text):
        parts.append(re.escape(text[end : found.start()]))
        parts.append(_DIRECTIVES.get(found[0], re.escape(found[0])))
        end = found.end()
    return "".join([*parts, re.escape(text[end:])])


@dataclass(slots=True)
class _Open:
    timestamp: int
    lines: list[str]
    size: int


class Joiner:
    """Takes lines, and returns (timestamp, message) of each whole event. Without a pattern, each
    line is an event."""

    def __init__(self, begins: re.Pattern[str] | None) -> None:
        self._begins = begins
        self._open: _Open | None = None

    @property
    def is_holding(self) -> bool:
        """Whether it holds an event that may continue."""
        return self._open is not None

    def feed(self, timestamp: int, line: str) -> Iterator[tuple[int, str]]:
        if self._begins is None:
            yield from ((timestamp, piece) for piece in cut(line))
            return
        size = len(line.encode("utf-8", "replace")) + 1
        held = self._open
        if held is None or self._begins.search(line) or held.size + size > EVENT_BYTES:
            yield from self.finish()
            self._open = held = _Open(timestamp, [], 0)
        held.lines.append(line)
        held.size += size

    def finish(self) -> Iterator[tuple[int, str]]:
        """End the held event and return it: no line came for a while, or the program has ended."""
        held, self._open = self._open, None
        if held is not None:
            text = "".join(f"{line}\n" for line in held.lines)
            yield from ((held.timestamp, piece) for piece in cut(text))


def cut(text: str, longest: int = EVENT_BYTES) -> Sequence[str]:
    """Pieces of at most `longest` bytes; an empty line does not become an event."""
    if not text:
        return ()
    if len(text) * 4 <= longest:
        return (text,)
    data = text.encode("utf-8", "replace")
    pieces, begin = [], 0
    while begin < len(data):
        end = min(begin + longest, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        pieces.append(data[begin:end].decode())
        begin = end
    return pieces

"""Header lines without anything unusual, without llhttp: most of them came before in other heads.

A line is plain if llhttp would read it in the same way: a name, a colon, and visible ASCII with
spaces and tabs within. Whoever meets another line leaves the whole head to llhttp: nothing is
refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bonkei.services.edge.http.message import Header, Headers
from bonkei.services.edge.http.seen import Seen

_PLAIN = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~][\t -~]*)")
_VALUE = re.compile(rb"[!-~](?:[\t -~]*[!-~])?")
_SPACE = ord(" ")
_LINES = 512
_NAMES = 256
_LONGEST_NAME = 64
_BYTES = 1024


class PlainLines:
    """Reads lines. Those that come again are kept, and the names of all: a bounded number of a
    bounded size."""

    __slots__ = ("_lines", "_names", "_seen")

    def __init__(self) -> None:
        self._lines: dict[bytes, Header] = {}
        self._names: dict[bytes, bytes] = {}  # in lower case
        self._seen = Seen()

    def read(self, lines: Iterable[bytes], new: list[int] | None = None) -> Headers | None:
        """The headers of lines without their ends; None if one of them is not plain. The places of
        those that did not come before are added to `new`."""
        get = self._lines.get
        headers: Headers = []
        for line in lines:
            header = get(line)
            if header is None:
                header = self._read(line)
                if header is None:
                    return None
                if new is not None:
                    new.append(len(headers))
            headers.append(header)
        return headers

    def _read(self, line: bytes) -> Header | None:
        name, _, value = line.partition(b": ")
        lower = self._names.get(name)
        header: Header | None
        if lower is not None and _VALUE.fullmatch(value) is not None:
            header = lower, value, line + b"\r\n"  # it is written as it came
        else:
            header = self._read_any(line)
        if header is not None and len(line) <= _BYTES and self._seen.again(line):
            if len(self._lines) >= _LINES:
                self._lines.clear()
            self._lines[line] = header
        return header

    def _read_any(self, line: bytes) -> Header | None:
        """A line whose name or form is not known."""
        match = _PLAIN.fullmatch(line)
        if match is None:
            return None
        name, value = match.groups()
        if value[-1] <= _SPACE:
            return None
        if len(name) <= _LONGEST_NAME:
            if len(self._names) >= _NAMES:
                self._names.clear()
            self._names[name] = name.lower()
        return name.lower(), value, b"%b: %b\r\n" % (name, value)

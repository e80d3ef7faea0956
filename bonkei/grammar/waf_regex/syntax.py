"""Reads a regular expression as AWS WAF takes it: PCRE, without what cannot be matched in one pass.

"Supported regular expression syntax in AWS WAF",
https://docs.aws.amazon.com/waf/latest/developerguide/waf-regex-pattern-support.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bonkei.grammar.waf_regex.classes import ESCAPED, class_at, escaped_at
from bonkei.grammar.waf_regex.errors import RegexError, RegexNotSimulatedError
from bonkei.grammar.waf_regex.tree import (
    ALL,
    LINE_END,
    Alternatives,
    Bytes,
    Node,
    Place,
    Repetition,
    Sequence,
    without_case,
)

_TIMES = {b"*": (0, None), b"+": (1, None), b"?": (0, 1)}
_REPEATED = re.compile(rb"([*+?])|\{(\d+)(,(\d*))?\}")
_FLAGS = re.compile(rb"\(\?([imsx]*)(?:-([imsx]*))?([:)])")
_NAMED = re.compile(rb"\(\?(?:P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*')")
_DEEPEST = 50
_UNSURE = {
    b"(?=": "lookahead",
    b"(?!": "lookahead",
    b"(?<=": "lookbehind",
    b"(?<!": "lookbehind",
    b"(?|": "groups that share numbers",
}
"""The page does not name them: AWS WAF supports some zero-width assertions, and not all."""
_REFUSED = {
    b"(?>": "atomic groups",
    b"(?(": "conditional patterns",
    b"(?C": "callouts",
    b"(?R": "recursive patterns",
    b"(?&": "subroutine references",
    b"(?P>": "subroutine references",
    b"(?P=": "backreferences",
    b"(*": "backtracking control verbs",
}


@dataclass(frozen=True, slots=True)
class _Flags:
    ignore_case: bool = False
    multiline: bool = False
    dot_all: bool = False
    extended: bool = False


_NAMES = {"i": "ignore_case", "m": "multiline", "s": "dot_all", "x": "extended"}


def read(text: str) -> Node:
    """Read an expression. Raises RegexError, which names the mistake or what AWS WAF does not
    accept, or RegexNotSimulatedError for what AWS WAF may accept."""
    reader = _Reader(text.encode())
    found = reader.alternatives(0)
    if reader.position < len(reader.text):
        raise RegexError("a `)` closes nothing")
    return found


@dataclass(slots=True)
class _Reader:
    """Stands at a position of the text. Each method reads one thing there."""

    text: bytes
    position: int = 0
    flags: _Flags = field(default_factory=_Flags)

    def alternatives(self, depth: int) -> Node:
        """Read up to the end, or to the `)` that closes the group."""
        if depth > _DEEPEST:
            raise RegexNotSimulatedError(f"groups within groups, more than {_DEEPEST} deep")
        parts = [self._sequence(depth)]
        while self._takes(b"|"):
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else Alternatives(tuple(parts))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self._next() not in (b"", b"|", b")"):
            part = self._part(depth)
            if part is not None:
                parts.append(self._repeated(part))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _part(self, depth: int) -> Node | None:
        """Read one part. The result is None for a comment, ignored white space or flags."""
        character = self._next()
        if self.flags.extended and (character.isspace() or character == b"#"):
            self._skip()
            return None
        if _REPEATED.match(self.text, self.position):
            raise RegexError(f"nothing stands before `{character.decode()}`")
        if character == b"(":
            return self._group(depth)
        if character == b"[":
            ignore_case = self.flags.ignore_case
            members, self.position = class_at(self.text, self.position, ignore_case=ignore_case)
            return Bytes(members)
        if character == b"\\":
            return self._escaped()
        self.position += 1
        match character:
            case b".":
                return Bytes(ALL if self.flags.dot_all else ALL & ~(1 << LINE_END))
            case b"^":
                return Place("begin line" if self.flags.multiline else "begin")
            case b"$":
                return Place("end line" if self.flags.multiline else "end")
        return self._bytes(1 << character[0])

    def _bytes(self, members: int) -> Bytes:
        return Bytes(without_case(members) if self.flags.ignore_case else members)

    def _escaped(self) -> Node | None:
        if self._takes(rb"\Q"):
            end = self.text.find(rb"\E", self.position)
            quoted = self.text[self.position : end if end >= 0 else len(self.text)]
            self.position = end + 2 if end >= 0 else len(self.text)
            parts = tuple(self._bytes(1 << byte) for byte in quoted)
            if not parts:
                return None
            # What follows repeats the last of them only.
            return Sequence((*parts[:-1], self._repeated(parts[-1]))) if parts[1:] else parts[0]
        place = ESCAPED.get(self.text[self.position + 1 : self.position + 2])
        if place is not None:
            self.position += 2
            return Place(place)
        members, self.position = escaped_at(self.text, self.position)
        return self._bytes(members)

    def _group(self, depth: int) -> Node | None:
        if self._takes(b"(?#"):
            end = self.text.find(b")", self.position)
            if end < 0:
                raise RegexError("a comment is never closed")
            self.position = end + 1
            return None
        outer = self.flags
        if flags := _FLAGS.match(self.text, self.position):
            self.position = flags.end()
            self.flags = _changed(outer, flags)
            if flags[3] == b")":
                return None  # up to the end of the group around it
        elif named := _NAMED.match(self.text, self.position):
            self.position = named.end()
        else:
            self._refuse_other_groups()
            self.position += 1
        found = self.alternatives(depth + 1)
        if not self._takes(b")"):
            raise RegexError("a `(` is never closed")
        self.flags = outer
        return found

    def _refuse_other_groups(self) -> None:
        for beginning, name in _REFUSED.items():
            if self.text.startswith(beginning, self.position):
                raise RegexError(f"AWS WAF does not support {name} (`{beginning.decode()}`)")
        for beginning, name in _UNSURE.items():
            if self.text.startswith(beginning, self.position):
                raise RegexNotSimulatedError(f"{name} (`{beginning.decode()}`)")
        if self.text.startswith(b"(?", self.position):
            what = self.text[self.position : self.position + 3].decode(errors="replace")
            raise RegexError(f"`{what}` begins no group that is known")

    def _repeated(self, part: Node) -> Node:
        while found := _REPEATED.match(self.text, self.position):
            self.position = found.end()
            least, most = _times(found)
            if most is not None and most < least:
                raise RegexError(f"`{found[0].decode()}`: the first number is the larger one")
            if self._takes(b"+"):
                raise RegexError(
                    f"AWS WAF does not support possessive quantifiers (`{found[0].decode()}+`)"
                )
            self._takes(b"?")  # finds the same requests
            part = Repetition(part, least, most)
        return part

    def _skip(self) -> None:
        if self._next() == b"#":
            end = self.text.find(b"\n", self.position)
            self.position = end + 1 if end >= 0 else len(self.text)
        else:
            self.position += 1

    def _next(self) -> bytes:
        return self.text[self.position : self.position + 1]

    def _takes(self, wanted: bytes) -> bool:
        found = self.text.startswith(wanted, self.position)
        self.position += len(wanted) if found else 0
        return found


def _changed(flags: _Flags, found: re.Match[bytes]) -> _Flags:
    on = dict.fromkeys((_NAMES[letter] for letter in found[1].decode()), True)
    off = dict.fromkeys((_NAMES[letter] for letter in (found[2] or b"").decode()), False)
    return replace(flags, **on, **off)


def _times(found: re.Match[bytes]) -> tuple[int, int | None]:
    if found[1]:
        return _TIMES[found[1]]
    least = int(found[2])
    return least, least if found[3] is None else int(found[4]) if found[4] else None

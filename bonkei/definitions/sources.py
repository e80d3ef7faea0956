"""The place of a resource in Terraform's files, and the exceptions allowed there.

A comment above the block or in it allows an exception, with a reason:

    # bonkei:allow <rule>: <reason>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.folders import matching, text_of

_HEADER = re.compile(r'^\s*(resource|data|module)\s+"([^"]+)"(?:\s+"([^"]+)")?\s*\{')
_SOURCE = re.compile(r'(?:^|[{\s])source\s*=\s*"(\.{1,2}(?:/[^"]*)?)"')
_ALLOW = re.compile(r"^\s*(?:#|//)\s*bonkei:allow\s+([\w-]+):\s*(\S.*?)\s*$")
_COMMENT = re.compile(r"^\s*(#|//)")
_REST = re.compile(r"(?:#|//).*")  # a comment, or a part of a text
_IGNORED = re.compile(r"\bignore_changes\s*=\s*(all\b|\[[^\]]*\])")
_NAME = re.compile(r"\b[a-z]\w*")
_INSTANCE_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


@dataclass(frozen=True, slots=True)
class Place:
    """A line (counted from 1) of a file, and the rules with an allowed exception there."""

    file: Path
    line: int
    allowed: tuple[tuple[str, str], ...] = ()  # (rule, reason)

    def reason(self, rule: str) -> str:
        """The reason of an allowed exception from this rule; empty without one."""
        return dict(self.allowed).get(rule, "")


@dataclass(frozen=True, slots=True)
class _WrittenBlock:
    """A top-level block. `line` is the line of its header."""

    kind: str  # resource | data | module
    type: str
    name: str
    file: Path
    line: int
    lines: tuple[str, ...]
    allowed: tuple[tuple[str, str], ...]

    def place(self, attribute: str = "", text: str = "") -> Place:
        return Place(self.file, self._line_of(attribute, text), self.allowed)

    def ignored(self) -> frozenset[str]:
        """The names after `ignore_changes`, which Terraform takes as words only."""
        found = _IGNORED.search(" ".join(_REST.sub("", line) for line in self.lines))
        return frozenset(_NAME.findall(found[1])) if found else frozenset()

    def _line_of(self, attribute: str, text: str) -> int:
        if text:
            for offset, line in enumerate(self.lines):
                if f'"{text}"' in line:
                    return self.line + offset
        if attribute:
            written = re.compile(rf"^\s*(?:dynamic\s+\"|\")?{re.escape(attribute)}\"?\s*[={{]")
            for offset, line in enumerate(self.lines):
                if written.match(line):
                    return self.line + offset
        return self.line


class Sources:
    """The root module's folder and the folders of the modules that it calls, read on demand. With
    several root modules, an address begins with the path of its own: "app/aws_vpc.this"."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[Path, dict[str, _WrittenBlock]] = {}

    def place(self, address: str, attribute: str = "", text: str = "") -> Place | None:
        """The place of a resource by its Terraform address, or of an argument in it; the first line
        with this text in quotes, if there is one.

        The place of a resource in a module from elsewhere is the call of that module.
        """
        found, allowed = self._find(address)
        return _with(found.place(attribute, text), allowed) if found else None

    def ignored(self, address: str) -> frozenset[str]:
        """Return the arguments of a resource that its `ignore_changes` names, or `all`. There are
        none for a resource in a module from elsewhere."""
        found, _ = self._find(address)
        return found.ignored() if found is not None and found.kind == "resource" else frozenset()

    def is_written(self, address: str) -> bool:
        """Whether the resource's own block is in these folders."""
        found, _ = self._find(address)
        return found is not None and found.kind == "resource"

    def _find(self, address: str) -> tuple[_WrittenBlock | None, dict[str, str]]:
        """A resource's block, or the call of its module, and the exceptions allowed on the way."""
        root, *parts = steps(address)
        folder, allowed = self._root / root, dict[str, str]()
        while parts[0] == "module":
            call = self._blocks(folder).get(f"module.{parts[1]}")
            if call is None:
                return None, allowed
            allowed |= dict(call.allowed)
            source = next((m[1] for line in call.lines if (m := _SOURCE.search(line))), None)
            if source is None:
                return call, allowed
            folder, parts = (folder / source).resolve(), parts[2:]
        return self._blocks(folder).get(".".join(parts)), allowed

    def _blocks(self, folder: Path) -> dict[str, _WrittenBlock]:
        if folder not in self._folders:
            found = [b for file in matching(folder, "*.tf") for b in _written_blocks(file)]
            self._folders[folder] = {_key(block): block for block in found}
        return self._folders[folder]


def steps(address: str) -> list[str]:
    """A resource's address in its parts, without the keys of instances. The first is the path of
    its root module among several, else empty."""
    root, _, inside = _INSTANCE_KEY.sub("", address).rpartition("/")
    return [root, *inside.split(".")]


def _with(place: Place, allowed: dict[str, str]) -> Place:
    return Place(place.file, place.line, tuple((dict(place.allowed) | allowed).items()))


def _key(block: _WrittenBlock) -> str:
    if block.kind == "module":
        return f"module.{block.type}"
    prefix = "data." if block.kind == "data" else ""
    return f"{prefix}{block.type}.{block.name}"


def _written_blocks(file: Path) -> Iterator[_WrittenBlock]:
    lines = (text_of(file) or "").splitlines()
    headers = [(index, match) for index, line in enumerate(lines) if (match := _HEADER.match(line))]
    ends = [*(index for index, _ in headers), len(lines)][1:]
    for (index, match), following in zip(headers, ends, strict=True):
        end = next((i for i in range(index, following) if lines[i].startswith("}")), following - 1)
        body = tuple(lines[index : end + 1])
        comments = (*_comments_above(lines, index), *body)
        yield _WrittenBlock(
            kind=match[1],
            type=match[2],
            name=match[3] or "",
            file=file,
            line=index + 1,
            lines=body,
            allowed=tuple((m[1], m[2]) for line in comments if (m := _ALLOW.match(line))),
        )


def _comments_above(lines: list[str], index: int) -> list[str]:
    start = index
    while start > 0 and _COMMENT.match(lines[start - 1]):
        start -= 1
    return lines[start:index]

"""Terraform's language, as far as texts tell which arguments and blocks a block has.

https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_SKIPPED = re.compile(
    r"#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z)|<<-?([\w-]+)\r?\n.*?(?:^[ \t]*\1[ \t]*\r?$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_ITEM = re.compile(r'([A-Za-z_][\w-]*)((?:[ \t]+(?:"(?:[^"\\\n]|\\.)*"|[\w-]+))*)[ \t]*(=(?!=)|\{)')
_DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True)
class Body:
    """What is in a block: the names of its arguments, and its blocks by their name."""

    arguments: frozenset[str] = frozenset()
    blocks: Mapping[str, Body] = field(default_factory=dict)

    def __or__(self, other: Body) -> Body:
        """What is in either of them."""
        shared = {name: self.blocks[name] | other.blocks[name] for name in self.blocks
                  if name in other.blocks}  # fmt: skip
        return Body(self.arguments | other.arguments, {**self.blocks, **other.blocks, **shared})


def body(text: str, at: int) -> tuple[Body, int]:
    """What is in the block that is open at `at`, and the place behind it. A dynamic block counts as
    the block that it makes."""
    arguments, blocks = set[str](), dict[str, Body]()
    while at < len(text) and text[at] != "}":
        if skipped := _SKIPPED.match(text, at):
            at = skipped.end()
        elif (item := _ITEM.match(text, at)) is None:
            at += 1
        elif item[3] == "=":
            arguments.add(item[1])
            at = _expression_end(text, item.end())
        else:
            inner, at = body(text, item.end())
            name = item[1]
            if name == _DYNAMIC:
                name, inner = item[2].strip(' \t"'), inner.blocks.get("content", Body())
            blocks[name] = blocks.get(name, Body()) | inner
    return Body(frozenset(arguments), blocks), at + 1


@dataclass(frozen=True, slots=True)
class Item:
    """An argument or a block, and the line where it begins. `text`: the expression, or what is
    between the braces."""

    name: str
    labels: tuple[str, ...]
    text: str
    is_block: bool
    line: int


def items(text: str) -> Iterator[Item]:
    """What a file or a body holds, with the texts as they are written."""
    at = 0
    while at < len(text):
        if skipped := _SKIPPED.match(text, at):
            at = skipped.end()
        elif (item := _ITEM.match(text, at)) is None:
            at += 1
        else:
            is_block, begin = item[3] == "{", item.end()
            at = block_end(text, begin) if is_block else _expression_end(text, begin)
            labels = tuple(each.strip('"') for each in item[2].split())
            inner = text[begin : at - 1] if is_block else text[begin:at].strip()
            yield Item(item[1], labels, inner, is_block, text.count("\n", 0, item.start()) + 1)


def block_end(text: str, at: int) -> int:
    """The place behind the brace that closes what is open at `at`."""
    while at < len(text):
        if text[at] == "}":
            return at + 1
        at = _step(text, at)
    return at


def _expression_end(text: str, at: int) -> int:
    depth = 0
    while at < len(text) and text[at] != "}" and (depth > 0 or text[at] != "\n"):
        depth += (text[at] in "([") - (text[at] in ")]")
        at = _step(text, at)
    return at


def _step(text: str, at: int) -> int:
    """The place behind a comment, a text, what braces enclose, or else one character."""
    if skipped := _SKIPPED.match(text, at):
        return skipped.end()
    if text[at] == '"':
        return _string_end(text, at + 1)
    return block_end(text, at + 1) if text[at] == "{" else at + 1


def _string_end(text: str, at: int) -> int:
    while at < len(text):
        if text.startswith(("\\", "$${", "%%{"), at):
            at += 2 if text[at] == "\\" else 3
        elif text.startswith(("${", "%{"), at):
            at = block_end(text, at + 2)
        elif text[at] == '"':
            return at + 1
        else:
            at += 1
    return at

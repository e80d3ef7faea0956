"""Writes a page's block of variables into a file of variables, as a person would."""

from __future__ import annotations

import re

_ASSIGNED = re.compile(r"(?P<name>\w+) *= *(?P<value>.+?) *(?:#.*)?$")


def with_block(text: str, block: str) -> str:
    """`text` with each line of the block, `name = value`.

    It takes the place of the line that was there, or of its example in a comment, or goes to the
    end. Of an object of several lines only the block's member changes: "beside what else is in it".
    """
    for line in block.splitlines():
        found = _ASSIGNED.match(line)
        if found is None:
            raise ValueError(f"no variable: {line!r}")
        text = _with(text, found["name"], found["value"])
    return text


def without(text: str, name: str) -> str:
    """The variable taken out. A ValueError when it is not there."""
    rest, taken = re.subn(rf"(?m)^{name} += .*\n", "", text)
    if not taken:
        raise ValueError(f"no variable {name}")
    return rest


def _with(text: str, name: str, value: str) -> str:
    begins = re.search(rf"(?m)^{name} *= *{{\n", text)
    if begins and value.startswith("{"):
        ends = text.index("\n}", begins.end())
        inner = _inner(text[begins.end() : ends], value)
        return f"{text[: begins.end()]}{inner}{text[ends:]}"
    line = f"{name} = {value}"
    text, known = re.subn(rf"(?m)^(?:# )?{name} *= .*$", lambda _: line, text)
    return text if known else f"{text.rstrip()}\n{line}\n"


def _inner(body: str, value: str) -> str:
    """The object's body with the members of `value`, which has one line."""
    found = _ASSIGNED.match(value[1:-1].strip())
    assert found, value
    kept = [each for each in body.splitlines() if not re.match(rf" *{found['name']} *=", each)]
    return "\n".join([*kept, f"  {found['name']} = {found['value']}"])

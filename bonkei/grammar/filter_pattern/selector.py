"""Property selectors of JSON patterns: `$.user.id`, `$.users[0].email`, `$.items[*].id`, `$.*`.

"Filter patterns for JSON log events",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax-JSON.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bonkei.grammar.filter_pattern.scanner import Scanner

_NAME = re.compile(r"[\w@-]+|\*")
_INDEX = re.compile(r"\[\s*(?:(\d+)|(\*)|'([^']*)'|\"([^\"]*)\")\s*\]")

Step = str | int
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Selector:
    """A property selector. `steps` are names, indexes and `*`. `every` is the index of the step
    with the wildcard, or -1 if there is none."""

    text: str
    steps: tuple[Step, ...]
    every: int = -1

    def values(self, document: Any) -> Iterator[Any]:
        """Return the values that it points to. Without a wildcard there is at most one."""
        yield from _values(document, self.steps, self.every)


def _values(value: Any, steps: tuple[Step, ...], every: int) -> Iterator[Any]:
    for place, step in enumerate(steps):
        if place == every:
            rest = steps[place + 1 :]
            children = value.values() if isinstance(value, dict) else value
            if isinstance(children, str | int | float | bool | None):
                return
            for child in children:
                yield from _values(child, rest, -1)
            return
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return
    yield value


def take_selector(scanner: Scanner) -> Selector:
    """Take the selector at the scanner, which stands at its `$`."""
    scanner.skip_blanks()
    begin = scanner.position
    if scanner.take("$") != "$":
        raise scanner.error("a selector is missing", "it begins with `$.`, as in $.level")
    steps: list[Step] = []
    every: list[int] = []
    while scanner.peek() in (".", "["):
        _take_step(scanner, steps, every)
    text = scanner.text[begin : scanner.position]
    if not steps:
        raise scanner.error(f"`{text}` selects nothing", "name a property, as in $.level", at=begin)
    if len(every) > 1:
        raise scanner.error(
            f"`{text}` has more than one wildcard", "one is allowed in a selector", at=begin
        )
    return Selector(text, tuple(steps), every[0] if every else -1)


def _take_step(scanner: Scanner, steps: list[Step], every: list[int]) -> None:
    dotted = scanner.peek() == "."
    if dotted:
        scanner.position += 1
    if scanner.peek() == "[":
        found = scanner.match(_INDEX)
        if found is None:
            raise scanner.error("not an index", "write [0], [*] or ['a name']")
        if found[2]:
            every.append(len(steps))
        name = found[3] if found[3] is not None else found[4]
        steps.append(int(found[1]) if found[1] else name if name is not None else EVERY)
        return
    found = scanner.match(_NAME)
    if found is None:
        raise scanner.error("a property's name is missing", "as in $.level")
    if found[0] == EVERY:
        every.append(len(steps))
    steps.append(found[0])


def parse_selector(text: str) -> Selector:
    """Parse a selector that stands alone, as metric filters name values and dimensions."""
    scanner = Scanner(text)
    found = take_selector(scanner)
    if not scanner.at_end():
        raise scanner.error(f"`{text}` is not a selector")
    return found

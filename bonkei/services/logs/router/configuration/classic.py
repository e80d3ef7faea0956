"""The classic format: `[SECTION]`, and below it indented lines of a key and its value.

Source: "Format and schema" and "Commands", administration/configuring-fluent-bit/classic-mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bonkei.services.logs.router.configuration.model import Place, Property, Section
from bonkei.services.logs.router.errors import RouterError

_HEADER = re.compile(r"\[([^\]]+)\]")
_COMMAND = re.compile(r"@(\w+)\s*(.*)")

Replace = Callable[[str, dict[str, str]], str]
Include = Callable[[str, Place], list[Section]]


@dataclass(slots=True)
class _Open:
    kind: str
    place: Place
    properties: list[Property] = field(default_factory=list)

    def close(self) -> Section:
        return Section(self.kind, tuple(self.properties), self.place)


def read_classic(
    file: Path, text: str, replace: Replace, include: Include, variables: dict[str, str]
) -> list[Section]:
    """The sections. Those of an included file take the place of its `@INCLUDE`. `@SET` adds to
    `variables`."""
    sections: list[Section] = []
    current: _Open | None = None
    for number, line in enumerate(text.splitlines(), 1):
        place, stripped = Place(file, number), line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if command := _COMMAND.fullmatch(stripped):
            if current is not None:
                sections.append(current.close())
                current = None
            sections += _command(command[1], command[2], place, replace, include, variables)
        elif header := _HEADER.fullmatch(stripped):
            if current is not None:
                sections.append(current.close())
            current = _Open(header[1].strip().lower(), place)
        elif current is None:
            raise RouterError(
                f"{place}: {stripped.split()[0]} is outside of every section",
                remedy="write [SERVICE], [INPUT], [FILTER] or [OUTPUT] above it",
            )
        else:
            key, *rest = stripped.split(None, 1)
            value = replace(rest[0], variables) if rest else ""
            current.properties.append(Property(key.lower(), value, place))
    if current is not None:
        sections.append(current.close())
    return sections


def _command(
    name: str,
    value: str,
    place: Place,
    replace: Replace,
    include: Include,
    variables: dict[str, str],
) -> list[Section]:
    match name.upper():
        case "INCLUDE":
            return include(replace(value.strip(), variables), place)
        case "SET":
            key, _, text = value.partition("=")
            variables[key.strip()] = replace(text.strip(), variables)
            return []
    raise RouterError(f"{place}: @{name} is not a command", remedy="use @INCLUDE or @SET")

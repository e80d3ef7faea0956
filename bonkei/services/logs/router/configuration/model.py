"""A configuration as values, each with its file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a line, counted from 1."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Property:
    """One directive. `name` is in lower case, as Fluent Bit compares it; variables are replaced."""

    name: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Section:
    """`kind`: service, input, filter, output, parser, multiline_parser or processor."""

    kind: str
    properties: tuple[Property, ...]
    place: Place
    processors: tuple[Section, ...] = ()

    @property
    def name(self) -> str:
        """The plugin's, or the parser's own name."""
        return self.text("name")

    def find(self, name: str) -> Property | None:
        """The last directive of that name. It wins over earlier ones."""
        for each in reversed(self.properties):
            if each.name == name:
                return each
        return None

    def text(self, name: str, default: str = "") -> str:
        found = self.find(name)
        return default if found is None else found.value

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of all directives of that name, in order."""
        return tuple(each.value for each in self.properties if each.name == name)

    def listed(self, name: str) -> tuple[str, ...]:
        """All directives of that name. Each is a list with commas."""
        parts = (part.strip() for text in self.texts(name) for part in text.split(","))
        return tuple(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Configuration:
    """All sections, in the order in which Fluent Bit takes them."""

    file: Path
    service: Section
    inputs: tuple[Section, ...] = ()
    filters: tuple[Section, ...] = ()
    outputs: tuple[Section, ...] = ()
    parsers: tuple[Section, ...] = ()
    multiline_parsers: tuple[Section, ...] = ()
    unknown: tuple[Section, ...] = field(default=())
    """Sections of an unknown kind."""

    def sections(self) -> Iterator[Section]:
        yield self.service
        yield from self.inputs
        yield from self.filters
        yield from self.outputs
        yield from self.parsers
        yield from self.multiline_parsers
        yield from self.unknown

"""Reads a file into a Configuration: variables, includes, files of parsers; the classic format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bonkei.base.folders import matching
from bonkei.services.logs.router.configuration.model import Configuration, Place, Property, Section
from bonkei.services.logs.router.configuration.values import replace_variables
from bonkei.services.logs.router.configuration.yaml_format import read_yaml
from bonkei.services.logs.router.errors import RouterError

_DEPTH = 16

Locate = Callable[[str], str]
"""From a path in the image to the path on this machine."""


def load(
    file: Path, environment: Mapping[str, str], locate: Locate = lambda path: path
) -> Configuration:
    """Read `file` and its includes. RouterError names the file and the line.

    A variable that is not set is empty, as in Fluent Bit.
    """
    loader = _Loader(dict(environment), locate)
    return loader.arrange(file, loader.file(file, None))


def load_text(
    text: str, file: Path, environment: Mapping[str, str], locate: Locate = lambda path: path
) -> Configuration:
    """Like `load`, for a text that will be written to `file`."""
    loader = _Loader(dict(environment), locate)
    return loader.arrange(file, loader.text(file, text))


@dataclass(slots=True)
class _Loader:
    environment: dict[str, str]
    locate: Locate
    depth: int = 0

    def file(self, file: Path, place: Place | None) -> list[Section]:
        named_at = f"{place}: " if place else ""
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise RouterError(
                f"{named_at}{file} is not UTF-8", remedy="store it as UTF-8"
            ) from None
        except OSError as error:
            raise RouterError(
                f"{named_at}{file}: {error.strerror}",
                remedy="name a file that is in the router's folder",
            ) from None
        return self.text(file, text)

    def text(self, file: Path, text: str) -> list[Section]:
        def include(path: str, place: Place) -> list[Section]:
            return self._include(file, path, place)

        reader = read_yaml if file.suffix.lower() in (".yaml", ".yml") else read_classic
        return reader(file, text, include, self.environment)

    def _include(self, file: Path, path: str, place: Place) -> list[Section]:
        if self.depth >= _DEPTH:
            raise RouterError(f"{place}: {path} includes itself", remedy="break the circle")
        self.depth += 1
        try:
            return [s for found in self._found(file, path, place) for s in self.file(found, place)]
        finally:
            self.depth -= 1

    def _found(self, file: Path, path: str, place: Place) -> list[Path]:
        located = file.parent / self.locate(path)
        if not any(character in path for character in "*?["):
            return [located]
        found = matching(located.parent, located.name)
        if not found:
            raise RouterError(f"{place}: no file is named {path}", remedy="correct the pattern")
        return found

    def arrange(self, file: Path, sections: Sequence[Section]) -> Configuration:
        """Sort sections by their kind, and merge those of `service`."""
        by_kind: dict[str, list[Section]] = {}
        for section in sections:
            by_kind.setdefault(section.kind, []).append(section)
        services = by_kind.pop("service", [])
        place = services[0].place if services else Place(file, 1)
        service = Section("service", tuple(p for s in services for p in s.properties), place)
        parsers = self._parsers_files(service, file) + by_kind.pop("parser", [])
        return Configuration(
            file,
            service,
            inputs=tuple(by_kind.pop("input", ())),
            filters=tuple(by_kind.pop("filter", ())),
            outputs=tuple(by_kind.pop("output", ())),
            parsers=tuple(s for s in parsers if s.kind == "parser"),
            multiline_parsers=(
                *(s for s in parsers if s.kind == "multiline_parser"),
                *by_kind.pop("multiline_parser", ()),
            ),
            unknown=tuple(section for kind in by_kind.values() for section in kind),
        )

    def _parsers_files(self, service: Section, file: Path) -> list[Section]:
        return [
            section
            for each in service.properties
            if each.name == "parsers_file"
            for path in each.value.split(",")
            for section in self.file(file.parent / self.locate(path.strip()), each.place)
        ]


# The classic format: `[SECTION]`, and below it indented lines of a key and its value.
#
# Source: "Format and schema" and "Commands", administration/configuring-fluent-bit/classic-mode.

_HEADER = re.compile(r"\[([^\]]+)\]")
_COMMAND = re.compile(r"@(\w+)\s*(.*)")

Include = Callable[[str, Place], list[Section]]


@dataclass(slots=True)
class _Open:
    kind: str
    place: Place
    properties: list[Property] = field(default_factory=list)

    def close(self) -> Section:
        return Section(self.kind, tuple(self.properties), self.place)


def read_classic(
    file: Path, text: str, include: Include, variables: dict[str, str]
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
            sections += _command(command[1], command[2], place, include, variables)
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
            value = replace_variables(rest[0], variables) if rest else ""
            current.properties.append(Property(key.lower(), value, place))
    if current is not None:
        sections.append(current.close())
    return sections


def _command(
    name: str, value: str, place: Place, include: Include, variables: dict[str, str]
) -> list[Section]:
    match name.upper():
        case "INCLUDE":
            return include(replace_variables(value.strip(), variables), place)
        case "SET":
            key, _, text = value.partition("=")
            variables[key.strip()] = replace_variables(text.strip(), variables)
            return []
    raise RouterError(f"{place}: @{name} is not a command", remedy="use @INCLUDE or @SET")

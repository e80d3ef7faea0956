"""A configuration that was read and checked, on its way to the router's own process.

That process lives as long as its task, and reads JSON: it needs no parser of Fluent Bit's formats.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from bonkei.services.logs.router.configuration.model import Configuration, Place, Property, Section

SUFFIX = ".json"
_LISTS = tuple(each.name for each in fields(Configuration) if each.name not in ("file", "service"))


def dump(configuration: Configuration) -> str:
    """The text that `read` takes. Every section and property keeps its place."""
    document = {
        "file": str(configuration.file),
        "service": _dumped(configuration.service),
        **{name: [_dumped(each) for each in getattr(configuration, name)] for name in _LISTS},
    }
    return json.dumps(document, ensure_ascii=False)


def read(text: str) -> Configuration:
    """The configuration that was dumped."""
    document = json.loads(text)
    path = cache(Path)

    def place(told: Sequence[Any]) -> Place:
        return Place(path(told[0]), told[1])

    def section(told: dict[str, Any]) -> Section:
        return Section(
            told["kind"],
            tuple(Property(name, value, place(at)) for name, value, *at in told["properties"]),
            place(told["place"]),
            tuple(map(section, told["processors"])),
        )

    return Configuration(
        path(document["file"]),
        section(document["service"]),
        **{name: tuple(map(section, document[name])) for name in _LISTS},
    )


def _dumped(section: Section) -> dict[str, Any]:
    return {
        "kind": section.kind,
        "place": _place(section.place),
        "properties": [(each.name, each.value, *_place(each.place)) for each in section.properties],
        "processors": [_dumped(each) for each in section.processors],
    }


def _place(place: Place) -> tuple[str, int]:
    return str(place.file), place.line

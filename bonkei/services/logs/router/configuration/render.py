"""Writes a configuration as one YAML file for the reader and for the real Fluent Bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from bonkei.services.logs.router.configuration.model import Configuration, Section
from bonkei.services.logs.router.configuration.values import words


def render(configuration: Configuration) -> str:
    """The text with variables replaced. A remaining `$` belongs to a record accessor."""
    document: dict[str, Any] = {"service": _properties(configuration.service)}
    # The files of parsers have been read, so their parsers are written here.
    document["service"].pop("parsers_file", None)
    if configuration.parsers:
        document["parsers"] = [_properties(each) for each in configuration.parsers]
    if configuration.multiline_parsers:
        document["multiline_parsers"] = [_multiline(s) for s in configuration.multiline_parsers]
    document["pipeline"] = {
        "inputs": _plugins(configuration.inputs),
        "filters": _plugins(configuration.filters),
        "outputs": _plugins(configuration.outputs),
    }
    document["pipeline"] = {name: found for name, found in document["pipeline"].items() if found}
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000))


def _plugins(sections: Sequence[Section]) -> list[dict[str, Any]]:
    return [_plugin(section) for section in sections]


def _plugin(section: Section) -> dict[str, Any]:
    settings = _properties(section)
    if section.processors:
        settings["processors"] = {"logs": [_properties(each) for each in section.processors]}
    return settings


def _multiline(section: Section) -> Mapping[str, Any]:
    settings = _properties(section)
    rules = [words(text, 3) for text in section.texts("rule")]
    settings.pop("rule", None)
    if rules:
        settings["rules"] = [
            dict(zip(("state", "regex", "next_state"), rule, strict=False)) for rule in rules
        ]
    return settings


def _properties(section: Section) -> dict[str, Any]:
    """A repeated name becomes a list."""
    found: dict[str, Any] = {}
    for each in section.properties:
        before = found.get(each.name)
        if before is None:
            found[each.name] = each.value
        elif isinstance(before, list):
            before.append(each.value)
        else:
            found[each.name] = [before, each.value]
    return found

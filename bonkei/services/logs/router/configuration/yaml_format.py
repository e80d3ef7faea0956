"""The YAML format. It is read node by node, so that each value keeps its line and its spelling
(`off` is a text for Fluent Bit).

Source: administration/configuring-fluent-bit/yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from bonkei.services.logs.router.configuration.model import Place, Property, Section
from bonkei.services.logs.router.configuration.values import replace_variables
from bonkei.services.logs.router.errors import RouterError

Include = Callable[[str, Place], list[Section]]

_LISTS = {"parsers": "parser", "multiline_parsers": "multiline_parser"}
_PIPELINE = {"inputs": "input", "filters": "filter", "outputs": "output"}
_NOT_HERE = ("plugins", "upstream_servers", "stream_processor")


def read_yaml(file: Path, text: str, include: Include, variables: dict[str, str]) -> list[Section]:
    """The sections; those of `includes` come first. `env` adds to `variables`."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise RouterError(f"{file}: {error}", remedy="correct the YAML") from None
    if root is None:
        return []
    reader = _Reader(file, variables)
    top = reader.mapping(root)
    for key, node in top:
        if key == "env":
            variables.update(
                {name: reader.scalar(value) for name, value in reader.mapping(node, keep=True)}
            )
    sections: list[Section] = []
    for key, node in top:
        if key == "includes":
            for entry in reader.sequence(node):
                sections += include(reader.scalar(entry), reader.place(entry))
    for key, node in top:
        sections += reader.top(key, node)
    return sections


class _Reader:
    """One file's nodes."""

    def __init__(self, file: Path, variables: dict[str, str]) -> None:
        self._file = file
        self._variables = variables

    def place(self, node: yaml.Node) -> Place:
        return Place(self._file, node.start_mark.line + 1)

    def top(self, key: str, node: yaml.Node) -> Iterator[Section]:
        if key == "service":
            yield self.section("service", node)
        elif key in _LISTS:
            for entry in self.sequence(node):
                yield self.section(_LISTS[key], entry)
        elif key == "pipeline":
            for kind, entries in self.mapping(node):
                if kind not in _PIPELINE:
                    raise self._unknown(f"pipeline: {kind}", entries, "inputs, filters, outputs")
                for entry in self.sequence(entries):
                    yield self.section(_PIPELINE[kind], entry)
        elif key in _NOT_HERE:
            raise self._unknown(key, node, "")
        elif key not in ("env", "includes"):
            raise self._unknown(key, node, "service, env, includes, parsers, pipeline")

    def section(self, kind: str, node: yaml.Node) -> Section:
        properties: list[Property] = []
        processors: list[Section] = []
        for key, value in self.mapping(node):
            if key == "processors":
                processors += self._processors(value)
            elif kind == "multiline_parser" and key == "rules":
                properties += [self._rule(rule) for rule in self.sequence(value)]
            elif isinstance(value, yaml.SequenceNode):
                properties += [
                    Property(key, self.scalar(entry), self.place(entry)) for entry in value.value
                ]
            elif isinstance(value, yaml.MappingNode):
                raise RouterError(
                    f"{self.place(value)}: {key} is a mapping, which is not known here",
                    remedy="see docs/log-routers.md for the known directives",
                )
            else:
                properties.append(Property(key, self.scalar(value), self.place(value)))
        return Section(kind, tuple(properties), self.place(node), tuple(processors))

    def _processors(self, node: yaml.Node) -> Iterator[Section]:
        for kind, entries in self.mapping(node):
            if kind != "logs":  # a router has logs alone
                raise self._unknown(f"processors: {kind}", entries, "logs")
            for entry in self.sequence(entries):
                yield self.section("processor", entry)

    def _rule(self, node: yaml.Node) -> Property:
        parts = {key: self.scalar(value) for key, value in self.mapping(node)}
        quoted = (
            '"' + parts.get(name, "").replace('"', '\\"') + '"'
            for name in ("state", "regex", "next_state")
        )
        return Property("rule", " ".join(quoted), self.place(node))

    def mapping(self, node: yaml.Node, *, keep: bool = False) -> list[tuple[str, yaml.Node]]:
        """Keys in lower case, unless they are kept; a list of mappings counts as one."""
        if isinstance(node, yaml.SequenceNode) and keep:
            return [pair for entry in node.value for pair in self.mapping(entry, keep=True)]
        if not isinstance(node, yaml.MappingNode):
            raise RouterError(f"{self.place(node)}: a mapping is wanted here", remedy="correct it")
        return [(key.value if keep else key.value.lower(), value) for key, value in node.value]

    def sequence(self, node: yaml.Node) -> list[yaml.Node]:
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if isinstance(node, yaml.ScalarNode) and node.value == "":
            return []
        raise RouterError(f"{self.place(node)}: a list is wanted here", remedy="begin it with -")

    def scalar(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise RouterError(f"{self.place(node)}: a text is wanted here", remedy="correct it")
        return replace_variables(str(node.value), self._variables)

    def _unknown(self, key: str, node: yaml.Node, known: str) -> RouterError:
        return RouterError(
            f"{self.place(node)}: {key} is not known here",
            remedy=f"use {known}" if known else "install fluent-bit, which knows it",
        )

"""YAML with lines: values that know their place in the text.

CodeBuild's parser reports a wrong type as `Expected Commands[0] to be of string type: found subkeys
instead at line 8, value of the key tag on line 7 might be empty`. The lines for such messages come
from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from bonkei.services.codebuild.errors import PhaseError

LARGEST = 200_000  # characters; a buildspec is a page
_DEEPEST = 32
_HALF = re.compile("[\ud800-\udfff]")


class Node:
    """A value of the document with its line (from 1) and the path of its keys."""

    def __init__(self, node: yaml.Node | None, path: str, line: int) -> None:
        self._node = node
        self.path = path
        self.line = line

    @property
    def is_missing(self) -> bool:
        return self._node is None or self._node.tag == "tag:yaml.org,2002:null"

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self._node, yaml.ScalarNode)

    @property
    def text(self) -> str:
        """A scalar in its original spelling."""
        return str(self._node.value) if isinstance(self._node, yaml.ScalarNode) else ""

    def items(self) -> Iterator[tuple[str, Node]]:
        """The pairs of a mapping."""
        if isinstance(self._node, yaml.MappingNode):
            for key, value in self._node.value:
                name = str(key.value)
                path = f"{self.path}/{name}" if self.path else name
                yield name, Node(value, path, key.start_mark.line + 1)

    def entries(self) -> Iterator[Node]:
        """The items of a list."""
        if isinstance(self._node, yaml.SequenceNode):
            for index, value in enumerate(self._node.value):
                yield Node(value, f"{self.path}[{index}]", value.start_mark.line + 1)

    def get(self, name: str) -> Node:
        """The value of a key; a missing node if there is none."""
        for key, value in self.items():
            if key == name:
                return value
        return Node(None, f"{self.path}/{name}" if self.path else name, self.line)

    def refuse(self, problem: str) -> PhaseError:
        """The error, with the place."""
        return PhaseError("YAML_FILE_ERROR", f"{problem} at line {self.line}")


def parse(text: str) -> Node:
    """The document's root. Raises PhaseError, with the line, if it is not YAML."""
    if len(text) > LARGEST:
        raise PhaseError("YAML_FILE_ERROR", f"the buildspec has more than {LARGEST} characters")
    try:
        root: Any = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        said = error.problem or "wrong YAML"
        raise PhaseError("YAML_FILE_ERROR", f"yaml: line {line}: {said}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise PhaseError("YAML_FILE_ERROR", f"yaml: {error}") from None
    _check(root)
    if not isinstance(root, yaml.MappingNode):
        raise PhaseError("YAML_FILE_ERROR", "the buildspec is not a mapping at line 1")
    return Node(root, "", 1)


def _check(root: yaml.Node | None) -> None:
    """Refuse repeated keys, deep nesting, anchors that expand too much, and half a character."""
    waiting, seen = [(root, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST or seen > LARGEST:
            raise PhaseError("YAML_FILE_ERROR", "the buildspec is nested too deep")
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if str(key.value) in keys:
                    line = key.start_mark.line + 1
                    said = f'yaml: line {line}: key "{key.value}" already set in map'
                    raise PhaseError("YAML_FILE_ERROR", said)
                keys.add(str(key.value))
                waiting.append((value, depth + 1))
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(each, depth + 1) for each in node.value]
        elif node is not None and _HALF.search(node.value):
            line = node.start_mark.line + 1
            raise PhaseError("YAML_FILE_ERROR", f"yaml: line {line}: half a character (\\ud800)")

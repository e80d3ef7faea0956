"""YAML or JSON as plain values. An intrinsic function becomes a `Function`.

Both forms of a function become one: `!Sub text` and `{"Fn::Sub": text}`. Source: "Intrinsic
function reference" and "CloudFormation template format" (YAML 1.1 without aliases and merges),
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bonkei.definitions.cloudformation.errors import TemplateError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_AS_TEXT = frozenset({"str", "timestamp", "value"})
_DEEPEST = 100
_LAST_COMMA = re.compile(r",(\s*[}\]])")
"""CloudFormation lets a comma stand after the last member."""


@dataclass(frozen=True, slots=True)
class Function:
    """An intrinsic function. `name` is the long form: Ref, Fn::Sub, Condition."""

    name: str
    argument: Any
    line: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document. `lines` has the line (from 1) where the value at a path of keys and
    indexes begins."""

    value: Any
    lines: Mapping[tuple[str | int, ...], int]

    def line(self, *path: str | int) -> int:
        return self.lines.get(path, 0)


def load_document(text: str) -> Document:
    """Parse YAML or JSON. Raises TemplateError, which names the line."""
    is_json = text.lstrip()[:1] == "{"
    if is_json:
        _require_json(_LAST_COMMA.sub(r" \1", text))
        text = text.replace("\t", " ")  # a tab in JSON is white space; in a string it is written \t
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise TemplateError(
            f"Template format error: YAML not well-formed. {_place(error)}".strip()
        ) from None
    except RecursionError:
        raise TemplateError("Template format error: the template is nested too deeply") from None
    if root is None:
        raise TemplateError("Template format error: the template is empty")
    reader = _Reader()
    value = reader.value(root, ())
    return Document(value, reader.lines)


def _require_json(text: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        what = "Template format error: JSON not well-formed."
        # CloudFormation's parser has read the character that it refuses.
        raise TemplateError(f"{what} (line {error.lineno}, column {error.colno + 1})") from None
    except RecursionError:
        raise TemplateError("Template format error: the template is nested too deeply") from None


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"(line {mark.line + 1}, column {mark.column + 1})" if mark else ""


class _Reader:
    """Reads one document's nodes, and fills `lines` meanwhile."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str | int, ...], int] = {}
        self._seen: set[int] = set()
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        line = node.start_mark.line + 1
        self._require_new(node, line)
        if len(path) > _DEEPEST:
            raise TemplateError("Template format error: the template is nested too deeply", line)
        self.lines.setdefault(path, line)
        if node.tag.startswith("!"):
            return self._short(node, path, line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, line)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, n)) for n, item in enumerate(node.value)]
        return self._scalar(node, path, line)

    def _require_new(self, node: yaml.Node, line: int) -> None:
        if id(node) in self._seen:
            what = "Template error: YAML aliases are not allowed in CloudFormation templates"
            raise TemplateError(what, line)
        self._seen.add(id(node))

    def _short(self, node: yaml.Node, path: tuple[str | int, ...], line: int) -> Any:
        short = node.tag[1:]
        name = short if short in ("Ref", "Condition") else f"Fn::{short}"
        argument: Any
        if isinstance(node, yaml.ScalarNode):
            argument = node.value
        elif isinstance(node, yaml.SequenceNode):
            argument = [self.value(item, (*path, n)) for n, item in enumerate(node.value)]
        else:
            argument = self._mapping(node, path, line)
        return Function(name, _argument(name, argument), line)

    def _mapping(self, node: yaml.Node, path: tuple[str | int, ...], line: int) -> Any:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = key_node.start_mark.line + 1
            if key_node.tag == f"{_TAG}merge" or not isinstance(key_node, yaml.ScalarNode):
                raise TemplateError(f"Template format error: key {key} is not a string", here)
            if key == "Fn::Transform":
                what = f"{key} is not served by the miniature: deploy the template without it"
                raise TemplateError(what, here)
            if key in found:
                raise TemplateError(f"Template format error: duplicate key {key}", here)
            self.lines[(*path, key)] = here
            found[key] = self.value(value_node, (*path, key))
        return _long(found, line)

    def _scalar(self, node: yaml.Node, path: tuple[str | int, ...], line: int) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if kind in _AS_TEXT:
            return node.value
        if kind == "null":
            place = "/".join(map(str, ("", *path)))
            what = f"Template format error: [{place}] 'null' values are not allowed in templates"
            raise TemplateError(what, line)
        if kind not in ("bool", "int", "float"):
            raise TemplateError(f"Template format error: {node.tag} is not allowed", line)
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            return node.value


def _long(found: dict[str, Any], line: int) -> Any:
    """Return the function if the mapping is the long form of one, or else the mapping."""
    if len(found) != 1:
        return found
    ((name, argument),) = found.items()
    is_condition = name == "Condition" and isinstance(argument, str)
    if name == "Ref" or name.startswith("Fn::") or is_condition:
        return Function(name, _argument(name, argument), line)
    return found


def _argument(name: str, argument: Any) -> Any:
    if name == "Fn::GetAtt" and isinstance(argument, str):
        resource, _, attribute = argument.partition(".")
        return [resource, attribute]
    return argument

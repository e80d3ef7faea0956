"""Checks properties against their type's schema, with the refusals of CloudFormation's handlers.

CloudFormation accepts a number or a flag in place of a text, and a text in place of them. The
result has the schema's types. The messages are those of AWS's validator,
https://github.com/aws-cloudformation/cloudformation-resource-schema (Apache-2.0).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Any

_NAMES = {"object": "JSONObject", "array": "JSONArray", "string": "String", "boolean": "Boolean"}


@dataclass(slots=True)
class _Check:
    """The check of one resource; it collects `problems`."""

    definitions: Mapping[str, Json]
    problems: list[str] = field(default_factory=list)

    def value(self, schema: Json, value: Json, path: str) -> Json:
        """The value in the schema's types."""
        schema = self._followed(schema)
        value = self._typed(schema, value, path)
        if isinstance(value, dict):
            value = self._object(schema, value, path)
        elif isinstance(value, list):
            value = self._array(schema, value, path)
        elif isinstance(value, str):
            self._text(schema, value, path)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._number(schema, value, path)
        if "const" in schema and value != schema["const"]:
            self._failed(path, "const")
        return self._branches(schema, value, path)

    def _followed(self, schema: Json) -> Json:
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        return schema if isinstance(schema, dict) else {}

    def _typed(self, schema: Json, value: Json, path: str) -> Json:
        wanted = schema.get("type")
        kinds = [wanted] if isinstance(wanted, str) else wanted
        if not kinds or kind_of(value) in kinds:
            return value
        if kind_of(value) == "integer" and "number" in kinds:
            return value
        for kind in kinds:
            found = _as(kind, value)
            if found is not None:
                return found
        expected = _NAMES.get(kinds[0], kinds[0].capitalize())
        found_kind = _NAMES.get(kind_of(value), kind_of(value).capitalize())
        self.problems.append(f"{path}: expected type: {expected}, found: {found_kind}")
        return value

    def _object(self, schema: Json, value: Mapping[str, Json], path: str) -> Json:
        properties = schema.get("properties", {})
        patterns = schema.get("patternProperties", {})
        for name in schema.get("required", ()):
            if name not in value:
                self.problems.append(f"{path}: required key [{name}] not found")
        self._groups(schema, value, path)
        typed = {}
        for name, each in value.items():
            fitting = [one for text, one in patterns.items() if _matches(text, name)]
            if name in properties:
                typed[name] = self.value(properties[name], each, f"{path}/{name}")
            elif fitting:
                typed[name] = self.value(fitting[0], each, f"{path}/{name}")
            else:
                if (properties or patterns) and schema.get("additionalProperties") is False:
                    self.problems.append(f"{path}: extraneous key [{name}] is not permitted")
                typed[name] = each
        return typed

    def _groups(self, schema: Json, value: Mapping[str, Json], path: str) -> None:
        exactly, least = schema.get("requiredXor", ()), schema.get("requiredOr", ())
        if exactly and sum(name in value for name in exactly) != 1:
            self.problems.append(f"{path}: exactly one of [{', '.join(exactly)}] is required")
        if least and not any(name in value for name in least):
            self.problems.append(f"{path}: at least one of [{', '.join(least)}] is required")
        for name, others in schema.get("dependentExcluded", {}).items():
            for other in others:
                if name in value and other in value:
                    self.problems.append(f"{path}: [{name}] and [{other}] exclude each other")
        for name, others in schema.get("dependentRequired", {}).items():
            for other in others:
                if name in value and other not in value:
                    self.problems.append(f"{path}: property [{other}] is required")

    def _array(self, schema: Json, value: list[Json], path: str) -> list[Json]:
        count = len(value)
        if count < schema.get("minItems", 0):
            least = schema["minItems"]
            what = f"{path}: expected minimum item count: {least}, found: {count}"
            self.problems.append(what)
        if count > schema.get("maxItems", count):
            most = schema["maxItems"]
            self.problems.append(f"{path}: expected maximum item count: {most}, found: {count}")
        items = schema.get("items", {})
        typed = [self.value(items, each, f"{path}/{n}") for n, each in enumerate(value)]
        if schema.get("uniqueItems") and any(one in typed[:n] for n, one in enumerate(typed)):
            self.problems.append(f"{path}: array items are not unique")
        return typed

    def _text(self, schema: Json, value: str, path: str) -> None:
        if len(value) < schema.get("minLength", 0):
            what = f"{path}: expected minLength: {schema['minLength']}, actual: {len(value)}"
            self.problems.append(what)
        if len(value) > schema.get("maxLength", len(value)):
            what = f"{path}: expected maxLength: {schema['maxLength']}, actual: {len(value)}"
            self.problems.append(what)
        if "enum" in schema and value not in map(str, schema["enum"]):
            self._failed(path, "enum")
        if "pattern" in schema and not _matches(schema["pattern"], value):
            self._failed(path, "pattern")

    def _number(self, schema: Json, value: float, path: str) -> None:
        if value < schema.get("minimum", value):
            self.problems.append(f"{path}: {value} is not greater or equal to {schema['minimum']}")
        if value > schema.get("maximum", value):
            self.problems.append(f"{path}: {value} is not less or equal to {schema['maximum']}")
        if "enum" in schema and value not in schema["enum"]:
            self._failed(path, "enum")

    def _branches(self, schema: Json, value: Json, path: str) -> Json:
        """Check `allOf`, `anyOf` and `oneOf`. Returns the value with the types of the first
        matching branch."""
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches: Sequence[Json] = schema.get(keyword, ())
            if not branches:
                continue
            tried = [self._tried(branch, value, path) for branch in branches]
            fitting = [found for found, problems in tried if not problems]
            least = len(branches) if keyword == "allOf" else 1
            if len(fitting) < least:
                found = max((problems for _, problems in tried), key=len, default=[])
                self.problems += found[:1] or [f"{path}: no subschema matched"]
            elif keyword == "oneOf" and len(fitting) > 1:
                what = f"{path}: {len(fitting)} subschemas matched instead of one"
                self.problems.append(what)
            else:
                value = fitting[0]
        return value

    def _tried(self, branch: Json, value: Json, path: str) -> tuple[Json, list[str]]:
        check = _Check(self.definitions)
        return check.value(branch, value, path), check.problems

    def _failed(self, path: str, keyword: str) -> None:
        self.problems.append(f"{path}: failed validation constraint for keyword [{keyword}]")


def check(schema: Mapping[str, Json], properties: Mapping[str, Json]) -> tuple[Json, list[str]]:
    """The properties in the schema's types, and the problems."""
    one = _Check(schema.get("definitions", {}))
    typed = one.value({**schema, "type": "object"}, dict(properties), "#")
    return typed, list(dict.fromkeys(one.problems))


def kind_of(value: Json) -> str:
    """The JSON schema's word for a value's type."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _as(kind: str, value: Json) -> Json:
    """Convert the scalar to another kind. The result is None if that is impossible."""
    if isinstance(value, dict | list):
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "string":
        return text
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "integer" and re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if kind == "number" and re.fullmatch(r"-?\d{1,18}(\.\d+)?", text):
        return float(text)
    return None


def _matches(pattern: str, value: str) -> bool:
    """Whether the text matches. A pattern that only Java understands refuses nothing."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True

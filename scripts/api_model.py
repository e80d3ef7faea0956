"""Write the frontend's model of the API: the values in the answers of the backend's contract.

`python -m scripts.api_model` writes it anew from the OpenAPI document, as `make format` does. A
test fails while it is out of date.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.api.app import create_app
from backend.settings import ServeSettings

FILE = Path(__file__).resolve().parent.parent / "program/frontend/frontend/api/model.py"

Schema = Mapping[str, Any]

_HEAD = '''"""The values in the backend's answers.

scripts/api_model.py writes them from its contract; `/api/docs` explains the members.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID
'''
_TYPES = {
    "string": "str", "uuid": "UUID", "date": "dt.date", "date-time": "dt.datetime",
    "integer": "int", "number": "float", "boolean": "bool", "null": "None",
    "object": "Mapping[str, Any]",
}  # fmt: skip


def contract() -> Schema:
    """The backend's OpenAPI document. It needs no database."""
    names = ("database_host", "database_name", "database_username", "database_password")
    document: Schema = create_app(ServeSettings.model_validate(dict.fromkeys(names, "x"))).openapi()
    return document


def model(document: Schema) -> str:
    """The module that `document` describes, by the names of the schemas."""
    schemas = document["components"]["schemas"]
    operations = [each for path in document["paths"].values() for each in path.values()]
    found: set[str] = set()
    new = _references([
        answer
        for operation in operations
        for status, answer in operation["responses"].items()
        if status != "default"
    ])  # fmt: skip
    while new:
        found |= new
        new = _references([schemas[name] for name in new]) - found
    return "\n\n".join([_HEAD, *(_definition(name, schemas[name]) for name in sorted(found))])


def _references(part: object) -> set[str]:
    return set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(part)))


def _definition(name: str, schema: Schema) -> str:
    if "enum" in schema:
        names = (re.sub(r"\W", "_", value).upper() for value in schema["enum"])
        values = map('{} = "{}"'.format, names, schema["enum"])
        return "\n    ".join([f"class {name}(StrEnum):", *values]) + "\n"
    required = schema.get("required", ())
    members = (
        # One that a release adds has a default, for the answers of the release before.
        f"{member}: {_type(each)}" + ("" if member in required else f" = {each.get('default')!r}")
        for member, each in schema["properties"].items()
    )
    head = f"@dataclass(frozen=True, slots=True, kw_only=True)\nclass {name}:"
    return "\n    ".join([head, *members]) + "\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(each) for each in schema["anyOf"])
    if schema["type"] == "array":
        return f"tuple[{_type(schema['items'])}, ...]"
    return _TYPES[schema.get("format", schema["type"])]


if __name__ == "__main__":
    FILE.write_text(model(contract()), encoding="utf-8")

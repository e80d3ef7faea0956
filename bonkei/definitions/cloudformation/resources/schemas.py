"""AWS's registry entry of each supported type: data/types.json.gz.

`scripts/extract_cloudformation_types.py` writes the file. Form: "Resource type schema",
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Schema:
    """A type's entry. `replaced_by` are top-level properties: a change of one creates a new
    resource."""

    document: Mapping[str, Any]
    replaced_by: frozenset[str]
    read_only: frozenset[str]


@cache
def _content() -> Mapping[str, Any]:
    packed = Path(__file__).parents[1].joinpath("data", "types.json.gz").read_bytes()
    content: Mapping[str, Any] = json.loads(gzip.decompress(packed))
    return content


def schema_of(kind: str) -> Schema:
    """Return a type's schema. Raises KeyError for a type that is not served."""
    document = _content()["types"][kind]
    fixed = [
        *document.get("createOnlyProperties", ()),
        *document.get("conditionalCreateOnlyProperties", ()),
    ]
    return Schema(document, _top(fixed), _top(document.get("readOnlyProperties", ())))


def _top(pointers: list[str]) -> frozenset[str]:
    """The properties of pointers such as /properties/Name. A pointer to a nested property is not
    included."""
    parts = [pointer.split("/")[2:] for pointer in pointers]
    return frozenset(part[0] for part in parts if len(part) == 1)


def identifiers() -> Mapping[str, list[str]]:
    """Every type that AWS has, with the properties that a user can give, of those that identify a
    resource."""
    return _content()["names"]  # type: ignore[no-any-return]

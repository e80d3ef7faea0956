"""The types that Terraform is shown: those that its definitions and its state name.

It decodes the schema of each. With all of AWS's that is half of a small run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

from bonkei.provider.schema import Block, ProviderSchema


def selected(schema: ProviderSchema, file: Path | None) -> ProviderSchema:
    """The schema with the types that `file` names (`bonkei.terraform.inputs.types`).

    All of them without a file, or when a quoted word is not a type: Terraform then names the
    nearest.
    """
    try:
        named = json.loads(file.read_text(encoding="utf-8")) if file is not None else None
    except FileNotFoundError:
        named = None
    kinds = (schema.resources, schema.data_sources, schema.ephemeral_resources)
    if named is None or any(all(word not in kind for kind in kinds) for word in named["quoted"]):
        return schema
    resources, data_sources, ephemeral_resources = (_of(kind, named["words"]) for kind in kinds)
    return dataclasses.replace(
        schema,
        resources=resources,
        data_sources=data_sources,
        ephemeral_resources=ephemeral_resources,
    )


def _of(types: Mapping[str, Block], words: list[str]) -> Mapping[str, Block]:
    return {word: types[word] for word in words if word in types}

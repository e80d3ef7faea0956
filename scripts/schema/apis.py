"""Enumerations of AWS's APIs, from botocore's service models."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

Json = Any
VERSION: str = botocore.__version__
_METADATA = 4096  # characters: they stand first in a model, and end sooner


@cache
def _services() -> Mapping[str, str]:
    """The name of a service in AWS's SDK for Go -> in botocore: its id without blanks."""
    loader = Loader()
    return {
        _letters(_service_id(loader, name)): name
        for name in loader.list_available_services("service-2")
    }


def _service_id(loader: Loader, name: str) -> str:
    """From a model's first bytes: to read all of the four hundred whole takes six seconds."""
    version = loader.determine_latest_version(name, "service-2")
    for folder in loader.search_paths:
        file = Path(folder) / name / version / "service-2.json.gz"
        if file.is_file():
            with gzip.open(file, "rt", encoding="utf-8") as model:
                if found := re.search(r'"serviceId" *: *"([^"]+)"', model.read(_METADATA)):
                    return found[1]
    return str(loader.load_service_model(name, "service-2")["metadata"]["serviceId"])


@cache
def _enumerations(service: str) -> Mapping[str, Sequence[str]]:
    """The enumerations of one service, by the shape's name in small letters."""
    name = _services().get(service)
    shapes = Loader().load_service_model(name, "service-2")["shapes"] if name else {}
    return {shape.lower(): one["enum"] for shape, one in shapes.items() if "enum" in one}


def enumeration(name: str) -> Sequence[str] | None:
    """The values of one, such as "ecs.LaunchType"; None if the API has none of that name."""
    service, _, shape = name.partition(".")
    return _enumerations(service).get(shape.lower())


def member(name: str) -> str | None:
    """The value of a member as Go calls it: "ecs.LaunchTypeEc2" -> "EC2"."""
    service, _, member_name = name.partition(".")
    found = {
        value
        for shape, values in _enumerations(service).items()
        if member_name.lower().startswith(shape)
        for value in values
        if _letters(value) == _letters(member_name[len(shape) :])
    }
    return found.pop() if len(found) == 1 else None


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())

"""Enumerations of AWS's APIs, from botocore's service models."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import botocore
from botocore.loaders import Loader

Json = Any
VERSION: str = botocore.__version__


@cache
def _services() -> Mapping[str, str]:
    """The name of a service in AWS's SDK for Go -> in botocore: its id without blanks."""
    loader = Loader()
    found = {}
    for name in loader.list_available_services("service-2"):
        model = loader.load_service_model(name, "service-2")
        found[re.sub(r"[^a-z0-9]", "", model["metadata"]["serviceId"].lower())] = name
    return found


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

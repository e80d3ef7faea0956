"""States written by hand, as `terraform show -json` would give them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bonkei.blueprint import Blueprint, read

MakeState = Callable[..., dict[str, Any]]
ReadState = Callable[..., Blueprint]


def make_resource(address: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of `resources`; its type and mode come from the address."""
    parts = re.sub(r"\[[^]]*\]", "", address).split(".")
    mode = "data" if "data" in parts else "managed"
    return {"address": address, "mode": mode, "type": parts[-2], "values": dict(values)}


def make_state(*nested: Mapping[str, Any]) -> dict[str, Any]:
    """A state: the root module holds the first mapping's resources, and one child module each of
    the others.
    """
    modules = [
        {"resources": [make_resource(address, values) for address, values in found.items()]}
        for found in nested
    ]
    root = modules[0] if modules else {}
    return {
        "format_version": "1.0",
        "terraform_version": "1.15.5",
        "values": {"root_module": {**root, "child_modules": modules[1:]}},
    }


@pytest.fixture
def state() -> MakeState:
    """Build a state from {address: attributes}."""
    return make_state


@pytest.fixture
def blueprint() -> ReadState:
    """Read the blueprint of {address: attributes}."""
    return lambda *nested: read(make_state(*nested))

"""The doubles have the signatures of the real parts."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from bonkei.miniature import making as parts
from bonkei.services.ecs import Tasks
from bonkei.services.edge import Edge
from bonkei.services.endpoint.cloud import Cloud
from bonkei.services.endpoint.identity.environments import CallerEnvironments
from bonkei.services.rds.manager import Database
from tests.bonkei.miniature import doubles
from tests.bonkei.miniature.doubles import World, parts_of
from tests.bonkei.miniature.supervisor.subject import (
    BLUEPRINT,
)


@pytest.mark.parametrize(
    ("double", "real"),
    [
        (doubles.Definitions, parts.Definitions),
        (doubles.Edge, Edge),
        (doubles.Tasks, Tasks),
        (doubles.Database, Database),
        (doubles.Cloud, Cloud),
        (doubles.Callers, CallerEnvironments),
        (doubles.Parts, parts.Parts),
    ],
)
def test_doubles_and_parts_have_the_same_methods(double: type, real: type) -> None:
    """Otherwise code that passes with the doubles would not run."""
    for name, method in inspect.getmembers(double, inspect.isfunction):
        if not name.startswith("_"):
            assert _asked(method) == _asked(getattr(real, name)), f"{real.__name__}.{name}"
    if double is doubles.Parts:
        assert {one.name for one in fields(double)} == {one.name for one in fields(real)}
        make = parts_of(World(BLUEPRINT))
        assert _asked(make) == _asked(parts.real_parts)


def _asked(function: Callable[..., Any]) -> tuple[list[str], bool]:
    return list(inspect.signature(function).parameters), inspect.iscoroutinefunction(function)

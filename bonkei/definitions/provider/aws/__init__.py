"""AWS's behaviour for each type: one module or package for each service.

<service>   its map is in its `__init__`
meta        types without a service, and the provider's functions
shared      tools for several services

A module is served if it has one of the tables RESOURCES, DATA_SOURCES, EPHEMERAL_RESOURCES and
FUNCTIONS; no list names it. A resource type without an entry still works: the core gives it an id
and an ARN of AWS's form. A data source without an entry is refused with an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.definitions.provider.behaviour import (
    DataSource,
    EphemeralResource,
    Function,
    ResourceBehaviour,
)
from bonkei.definitions.provider.modules import modules

_MODULES = tuple(modules(__name__, __path__))


def _table(name: str) -> dict[str, Any]:
    return {key: value for module in _MODULES for key, value in getattr(module, name, {}).items()}


RESOURCES: Mapping[str, ResourceBehaviour] = _table("RESOURCES")

DATA_SOURCES: Mapping[str, DataSource] = _table("DATA_SOURCES")

EPHEMERAL_RESOURCES: Mapping[str, EphemeralResource] = _table("EPHEMERAL_RESOURCES")

FUNCTIONS: Mapping[str, Function] = _table("FUNCTIONS")

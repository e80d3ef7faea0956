"""The architecture as frozen, typed values, read only from Terraform's state.

model       Blueprint: everything read
reading     the reading, subject by subject
ecs, sns    one service of AWS each, as all others here: its values, and their reader. In the
            folder of a large one, `__init__` has the values
coverage    parts that the miniature does not simulate
state       Terraform's state, with typed access for the readers
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bonkei.blueprint.coverage import NotSimulated
    from bonkei.blueprint.model import Blueprint
    from bonkei.blueprint.reading import read
    from bonkei.blueprint.state.error import BlueprintError

_PLACES = {
    "Blueprint": "model",
    "BlueprintError": "state.error",
    "NotSimulated": "coverage",
    "read": "reading",
}

__all__ = ["Blueprint", "BlueprintError", "NotSimulated", "read"]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: Terraform's provider uses few subjects, and starts
    often."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value

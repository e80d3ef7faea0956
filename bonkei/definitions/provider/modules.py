"""The modules of a package: the folder is the list."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from types import ModuleType


def modules(name: str, path: Iterable[str]) -> Iterator[ModuleType]:
    """Every module under the package of this `__name__` and `__path__`, in order of their names."""
    for found in pkgutil.walk_packages(path, f"{name}."):
        yield importlib.import_module(found.name)

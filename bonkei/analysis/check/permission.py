"""AWS's rules about permissions, as data."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table() -> dict[str, Any]:
    """The content of data/permissions.toml."""
    data = files("bonkei.analysis.check") / "data" / "permissions.toml"
    return tomllib.loads(data.read_text(encoding="utf-8"))

"""Times and sizes as people write them. A ValueError explains the form."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZES = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30}


def seconds(text: str) -> float:
    """`500ms`, `30s`, `5m`, `1h`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if found is None:
        raise ValueError(f"{text!r} is not a time: write 500ms, 30s, 5m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def share_or_bytes(text: str) -> float:
    """`80%` → 0.8; `256MB` → bytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(%|[KMG]i?B)", text, re.IGNORECASE)
    if found is None:
        raise ValueError(f"{text!r} is not a size: write 80% or 256MB")
    if found[2] == "%":
        return float(found[1]) / 100
    return float(found[1]) * _SIZES[found[2].upper()]

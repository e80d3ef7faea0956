"""The home's own key. All credentials of the miniature are derived from it."""

from __future__ import annotations

import secrets
from pathlib import Path

from bonkei.base import kept

_BYTES = 32


def load_key(directory: Path) -> bytes:
    """The key. It is created at the first start, and readable by its owner only. Raises
    DamagedError."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = directory / "key"
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        key = secrets.token_bytes(_BYTES)
        kept.write(file, key)
    if len(key) != _BYTES:
        without = "or remove it: credentials that were handed out do not hold any more"
        raise kept.DamagedError(file, f"it has {len(key)} bytes in place of {_BYTES}", without)
    return key

"""The home's own key. All credentials of the miniature are derived from it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_BYTES = 32


def load_key(directory: Path) -> bytes:
    """The key. It is created at the first start, and readable by its owner only."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = directory / "key"
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) == _BYTES:
        return key
    key = secrets.token_bytes(_BYTES)
    draft = file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        output.write(key)
    draft.replace(file)
    return key

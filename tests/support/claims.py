"""The claims of tests/infrastructure/claims.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "infrastructure" / "claims.toml"


@dataclass(frozen=True, slots=True)
class Claim:
    """`expected` is the value that the definitions must give."""

    section: str
    name: str
    says: str
    expected: Any


def claims() -> dict[str, Claim]:
    """All claims, by name."""
    found: dict[str, Claim] = {}
    for section, named in tomllib.loads(FILE.read_text(encoding="utf-8")).items():
        for name, entry in named.items():
            if name in found:
                raise ValueError(f"{FILE.name}: two claims are called {name}")
            found[name] = Claim(section, name, entry["says"], entry["expected"])
    return found

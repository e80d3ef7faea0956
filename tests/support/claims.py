"""The tables of docs/claims.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "claims.md"

_ROW = re.compile(r"^\| ([a-z0-9-]+) \| (.+?) \| `(.+)` \|$")


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
    section = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ").lower()
        elif line.startswith("| ") and not line.startswith("| claim |"):
            row = _ROW.match(line)
            if row is None or row[1] in found:
                raise ValueError(f"{FILE.name}: not a claim, or a second one of its name: {line}")
            found[row[1]] = Claim(section, row[1], row[2], json.loads(row[3]))
    return found

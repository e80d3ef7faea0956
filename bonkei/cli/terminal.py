"""What reaches a person's terminal: nothing that controls it."""

from __future__ import annotations

import json
import os
import re
from typing import Any

# C0 but tab and line feed, DEL, C1; and what turns the direction of text, so that a line would show
# otherwise than it is ("Trojan Source", CVE-2021-42574). Lone surrogates cannot be written at all.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def safe(text: str) -> str:
    """`text`, of which a terminal obeys nothing: control characters become what Python writes."""
    return _CONTROLS.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON that is as readable as its text, and that no terminal obeys."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def uses_colour() -> bool | None:
    """False when somebody wants none (https://no-color.org); None: wherever a terminal shows it."""
    return False if os.environ.get("NO_COLOR") else None

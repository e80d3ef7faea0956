"""Makes text safe for a terminal: the text cannot control it."""

from __future__ import annotations

import json
import os
import re
from typing import Any

# C0 except tab and line feed, DEL, C1; and characters that hide a line's real content by reversing
# the direction of text ("Trojan Source", CVE-2021-42574). Lone surrogates cannot be written at all.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def safe(text: str) -> str:
    """`text` without control characters: they become Python's escapes."""
    return _CONTROLS.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def as_json(value: Any, indent: int | None = None) -> str:
    """Readable JSON without control characters."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def uses_colour() -> bool | None:
    """False if NO_COLOR is set (https://no-color.org); None: colour on terminals."""
    return False if os.environ.get("NO_COLOR") else None

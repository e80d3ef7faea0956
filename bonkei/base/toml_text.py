"""Values as TOML writes them. The standard library only reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def table(header: str, entries: Mapping[str, Any]) -> str:
    """Write a table with its header, such as `[containers.web]`."""
    return f"{header}\n" + "".join(f"{key(k)} = {value(v)}\n" for k, v in entries.items())


def key(name: str) -> str:
    """Write a key, in quotes where it needs them."""
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name)


def value(given: Any) -> str:
    """Write a value, in one line. Anything that is not of JSON's types becomes its text."""
    match given:
        case Mapping():
            return f"{{ {', '.join(f'{key(k)} = {value(v)}' for k, v in given.items())} }}"
        case list() | tuple():
            return f"[{', '.join(map(value, given))}]"
        case bool() | int() | float() | str():
            return json.dumps(given, ensure_ascii=False).replace("\x7f", "\\u007f")
        case _:
            return json.dumps(str(given))

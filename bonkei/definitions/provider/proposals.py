"""The descriptions that a look-up misses, as tables for `bonkei.toml`.

A data source that finds nothing says what it looked for. The same words describe the resource, so
the error ends with a table that can be copied, and `bonkei init` reads it from there. A diagnostic
of Terraform's protocol has text only.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

_HEADER = "[[existing]]\n"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def as_blocks(*described: Mapping[str, Any]) -> str:
    """Write descriptions, each with its `type`, as tables of `bonkei.toml`."""
    return "\n".join(
        _HEADER + "".join(f"{_key(name)} = {_value(value)}\n" for name, value in one.items())
        for one in described
    )


def read_blocks(text: str) -> Sequence[Mapping[str, Any]]:
    """Read the tables at the end of a diagnostic's text, if it has some."""
    _, header, rest = text.partition(_HEADER)
    found: Sequence[Mapping[str, Any]] = tomllib.loads(header + rest).get("existing", ())
    return found


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name)


def _value(value: Any) -> str:
    match value:
        case Mapping():
            return f"{{ {', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())} }}"
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case bool() | int() | float() | str():
            return json.dumps(value).replace("\x7f", "\\u007f")
        case _:
            return json.dumps(str(value))

"""The descriptions that a look-up misses, as tables for `bonkei.toml`.

A data source that finds nothing says what it looked for. The same words describe the resource, so
the error ends with a table that can be copied, and `bonkei init` reads it from there. A diagnostic
of Terraform's protocol has text only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.base.toml_text import table

_HEADER = "[[existing]]"


def as_blocks(*described: Mapping[str, Any]) -> str:
    """Write descriptions, each with its `type`, as tables of `bonkei.toml`."""
    return "\n".join(table(_HEADER, one) for one in described)


def read_blocks(text: str) -> Sequence[Mapping[str, Any]]:
    """Read the tables at the end of a diagnostic's text, if it has some."""
    _, header, rest = text.partition(f"\n{_HEADER}\n")
    found: Sequence[Mapping[str, Any]] = tomllib.loads(header + rest).get("existing", ())
    return found

"""Outputs in the form that `terraform output` gives them.

https://developer.hashicorp.com/terraform/cli/commands/output
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bonkei.definitions.terraform.errors import TerraformError


def find(outputs: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The output of this name, which need not have its root module's. Raises TerraformError."""
    found = [key for key in outputs if name in (key, key.rpartition("/")[2])]
    if len(found) != 1:
        why = f"there are {', '.join(found)}" if found else "there is no such output"
        raise TerraformError(
            f"output {name}: {why}", remedy=f"name one of {', '.join(outputs) or 'none'}"
        )
    one: Mapping[str, Any] = outputs[found[0]]
    return one


def raw(name: str, value: Any) -> str:
    """A text, a number or a truth value without quotes. Raises TerraformError for others."""
    if isinstance(value, (list, dict)) or value is None:
        raise TerraformError(
            f"output {name} is not a string, a number or a bool", remedy="show it with --json"
        )
    return value if isinstance(value, str) else json.dumps(value)


def as_text(value: Any, indent: str = "") -> str:
    """A value as an expression of Terraform's language."""
    inner = f"{indent}  "
    match value:
        case []:
            return "[]"
        case list():
            lines = [f"{inner}{as_text(one, inner)}," for one in value]
            return "\n".join(["[", *lines, f"{indent}]"])
        case dict() if not value:
            return "{}"
        case dict():
            lines = [f"{inner}{json.dumps(k)} = {as_text(v, inner)}" for k, v in value.items()]
            return "\n".join(["{", *lines, f"{indent}}}"])
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return json.dumps(value)

"""A state file as `terraform show -json` gives it, without a run of Terraform.

Terraform would start, ask each provider for its schema and read the state, only to print the file's
content. Left out are `sensitive_values` and `checks`, which nothing here reads. Made for version 4
of the file, the only one since Terraform 0.12 and OpenTofu's, too.
https://developer.hashicorp.com/terraform/internals/json-format#state-representation
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from bonkei.base.kept import DamagedError, read_json
from bonkei.definitions.terraform.errors import TerraformError

T = TypeVar("T")
_VERSION = 4
_FORMAT = "1.0"


def read_state_file(file: Path) -> dict[str, Any] | None:
    """The document of a state file; without "values" when there is no file or no resource in it.

    None when only Terraform can read it: OpenTofu may encrypt one. TerraformError when the file is
    not a state. An empty file is not one either: what it declared would count as removed.
    """
    found = _whole(file, lambda state: [_read(state)])
    return {"format_version": _FORMAT} if found is None else found[0]


def require_whole(file: Path) -> None:
    """Raise TerraformError for a file that is not a state. Terraform would take an empty one for
    the state of nothing."""
    _whole(file, lambda state: "encrypted_data" in state or state["version"])


def _whole(file: Path, load: Callable[[Any], T]) -> T | None:
    try:
        return read_json(file, load)
    except DamagedError as error:
        raise TerraformError(
            error.message,
            remedy="put back a copy of the file; without one, begin from nothing, also with the "
            "data: bonkei reset",
        ) from error


def _read(state: Any) -> dict[str, Any] | None:
    return None if "encrypted_data" in state else document(state)


def document(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a state. Raises KeyError, TypeError or ValueError when it is not
    one."""
    if state["version"] != _VERSION:
        raise ValueError(f"version {state['version']} of the format")
    if not state["resources"] and not state["outputs"]:
        return {"format_version": _FORMAT}
    values: dict[str, Any] = {"root_module": _root_module(state)}
    if state["outputs"]:
        values["outputs"] = {
            name: {
                "sensitive": output.get("sensitive", False),
                "value": output["value"],
                "type": output["type"],
            }
            for name, output in state["outputs"].items()
        }
    return {
        "format_version": _FORMAT,
        "terraform_version": state["terraform_version"],
        "values": values,
    }


_CALL = re.compile(r'module\.[^.\["]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?')
"""One step of a module's address; a key may hold anything, also what looks like an address."""


def _root_module(state: Mapping[str, Any]) -> dict[str, Any]:
    modules: dict[str, dict[str, Any]] = {"": {}}
    resources: dict[str, list[dict[str, Any]]] = defaultdict(list)
    children: dict[str, list[str]] = defaultdict(list)
    for resource in state["resources"]:
        address = ""
        for call in _CALL.findall(resource.get("module", "")):
            parent, address = address, f"{address}.{call}" if address else call
            if address not in modules:
                modules[address] = {"address": address}
                children[parent].append(address)
        resources[address].extend(_instances(resource))
    for address, module in modules.items():
        if found := resources[address]:
            module["resources"] = sorted(found, key=_order)
        if inside := sorted(children[address]):
            module["child_modules"] = [modules[child] for child in inside]
    return modules[""]


def _order(resource: Mapping[str, Any]) -> tuple[Any, ...]:
    """Sort as Terraform does: x[2] comes before x[10]."""
    key = resource.get("index", -1)
    named = isinstance(key, str)
    return resource["mode"] != "data", resource["type"], resource["name"], named, key


def _instances(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    module, type_, name = resource.get("module", ""), resource["type"], resource["name"]
    base = f"data.{type_}.{name}" if resource["mode"] == "data" else f"{type_}.{name}"
    for instance in resource["instances"]:
        key = instance.get("index_key")
        address = ".".join(filter(None, (module, base)))
        shown = {
            "address": address if key is None else f"{address}[{_literal(key)}]",
            "mode": resource["mode"],
            "type": type_,
            "name": name,
            "provider_name": resource["provider"].split('"')[1],
            "schema_version": instance["schema_version"],
            "values": instance["attributes"],
        }
        if key is not None:
            shown["index"] = key
        if dependencies := instance.get("dependencies"):
            shown["depends_on"] = dependencies
        if instance.get("status") == "tainted":
            shown["tainted"] = True
        if deposed := instance.get("deposed"):
            shown["deposed_key"] = deposed
        yield shown


def _literal(key: str | int) -> str:
    """Write a key as it appears in an address. HCL doubles ${ and %{."""
    if isinstance(key, int):
        return str(key)
    escaped = json.dumps(key, ensure_ascii=False)
    return escaped.replace("${", "$${").replace("%{", "%%{")

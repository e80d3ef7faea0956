"""The limits of one plan or apply, and its own values of variables."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.base.folders import matching, text_of
from bonkei.definitions.terraform.errors import TerraformError

_MODULE_STEP = re.compile(r'module\.([\w-]+)(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?(?:\.|$)')
_RESOURCE = re.compile(r'(?:data\.)?([\w-]+)\.([\w-]+)(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?')
_DECLARED = re.compile(r'^\s*(?:resource|data)\s+"([\w-]+)"\s+"([\w-]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Selection:
    """Terraform's options: addresses and NAME=VALUE pairs, as the user wrote them."""

    targets: tuple[str, ...] = ()
    replacements: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Return the options for Terraform. Those of later files and variables win over earlier
        ones."""
        return [
            *(f"-target={address}" for address in self.targets),
            *(f"-replace={address}" for address in self.replacements),
            *(f"-var={pair}" for pair in self.variables),
        ]

    @property
    def is_of_settings(self) -> bool:
        """Whether an apply brings everything to the settings' values."""
        return not (self.targets or self.variables)


def check(selection: Selection, root: Path, manifest: Path, state: Mapping[str, Any]) -> None:
    """Raise TerraformError for an address that matches nothing.

    Terraform silently ignores a missing target: its plan is just empty.

    `root` is the root module, `manifest` Terraform's own list of the modules that it has found
    (`modules.json`), `state` the applied state: resources removed from the definitions may be
    named.
    """
    modules = _modules(root, manifest)
    for option, addresses in (
        ("--target", selection.targets),
        ("--replace", selection.replacements),
    ):
        for address in addresses:
            wrong = _missing(address, modules)
            if wrong and not any(_within(there, address) for there in _addresses(state)):
                raise TerraformError(f"{option} {address}: {wrong}", remedy=_AS_IN_A_PLAN)


_AS_IN_A_PLAN = "write the address as `bonkei plan` shows it, in quotes if it has brackets"


def _modules(root: Path, manifest: Path) -> Mapping[str, Path]:
    """Map the name of each module call, such as "edge.web", to its directory. The name "" is the
    root."""
    try:
        listed = json.loads(manifest.read_text(encoding="utf-8"))["Modules"]
    except (FileNotFoundError, ValueError, KeyError):
        listed = []
    return {"": root, **{each["Key"]: root / each["Dir"] for each in listed}}


def _missing(address: str, modules: Mapping[str, Path]) -> str:
    """Return the part of an address that is missing in the definitions. It is empty if nothing is
    missing, or for other text."""
    steps = []
    rest = address
    while step := _MODULE_STEP.match(rest):
        steps.append(step[1])
        rest = rest[step.end() :]
    called = ".".join(steps)
    if called not in modules:
        known = [f"module.{name.replace('.', '.module.')}" for name in modules if name]
        return f"the definitions call no such module{_nearest(address, known)}"
    found = _RESOURCE.fullmatch(rest)
    if not rest or found is None:
        return ""
    declared = _declared(modules[called])
    if declared is None or (found[1], found[2]) in declared:
        return ""
    prefix = address[: len(address) - len(rest)]
    known = [f"{prefix}{type_}.{name}" for type_, name in sorted(declared)]
    return f"the definitions have no such resource{_nearest(address, known)}"


def _declared(module: Path) -> set[tuple[str, str]] | None:
    """Return type and name of each resource of a module, or None if HCL alone does not show
    them."""
    if any('"resource"' in (text_of(file) or "") for file in matching(module, "*.tf.json")):
        return None
    texts = (text_of(file) or "" for file in matching(module, "*.tf"))
    return {(match[1], match[2]) for text in texts for match in _DECLARED.finditer(text)}


def _nearest(address: str, known: list[str]) -> str:
    near = difflib.get_close_matches(address, known, n=3, cutoff=0.5) or sorted(known)[:3]
    return f"; there is {', '.join(near)}" if near else ""


def _addresses(state: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of all resources and modules in the state."""

    def of(module: Mapping[str, Any]) -> Iterator[str]:
        yield from (resource["address"] for resource in module.get("resources", ()))
        for child in module.get("child_modules", ()):
            yield child["address"]
            yield from of(child)

    yield from of(state.get("values", {}).get("root_module", {}))


def _within(there: str, address: str) -> bool:
    return there == address or there.startswith((f"{address}[", f"{address}."))

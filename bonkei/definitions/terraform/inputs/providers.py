"""Providers that are not served, and what the definitions say of them: for stand-ins.

Terraform asks each provider for its schema before it reads a block. Nothing here has those of
others, so the texts of the definitions stand for it: a type has the arguments and blocks that some
block of that type has, and the attributes that something reads. A provider that is only declared
has a configuration and no types.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from bonkei.base.folders import text_of
from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.terraform.inputs.hcl import Body, body

Read: TypeAlias = dict[str, Any]
"""The names that are read of a value, each with what is read of that. `[]` is an element."""

_REGISTRY = "registry.terraform.io"
_COMMENT = re.compile(r"^\s*(?:#|//).*$", re.MULTILINE)
_REQUIRED = re.compile(r"\brequired_providers\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_ENTRY = re.compile(r"([\w-]+)\s*=\s*\{[^{}]*\bsource\s*=\s*\"([^\"]+)\"[^{}]*\}")
_HEADER = re.compile(
    r'^\s*(?:provider\s+"([\w-]+)"|(resource|data)\s+"([\w-]+)"\s+"[^"\n]+")\s*\{', re.MULTILINE
)
_NAMED = re.compile(r"^\s*provider\s*=\s*\"?([\w-]+)", re.MULTILINE)
_IGNORED = re.compile(r"\bignore_changes\s*=\s*\[([^\]]*)\]")
_WORD = re.compile(r"[A-Za-z_]\w*")
_PATH = r"((?:\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]|\s*\.[\w*-]+)*)"
_SELF = re.compile(r"(?<![\w.-])self" + _PATH)
_LOOP = re.compile(r"\bfor\s+(?:[\w-]+\s*,\s*)?([\w-]+)\s+in\s+([^:\n]*)")
_STEP = re.compile(r'\[\s*"([^"$%]*)"\s*\]|(\[)|\.([\w*-]+)')
_IN_STATE = re.compile(r'provider\[\\"([^"\\]+)\\"\]')
_OF_PROVIDERS = {"alias", "version"}
_OF_RESOURCES = {"count", "for_each", "provider", "depends_on"}
_OF_TERRAFORM = {"lifecycle", "provisioner", "connection"}
_OWN = {"terraform", *(address.rpartition("/")[2] for address in VERSIONS)}
_COMPUTING = {f"{_REGISTRY}/hashicorp/cloudinit"}
"""What they are for is a result, and an invented one would be wrong."""


@dataclass(slots=True)
class _Type:
    body: Body = field(default_factory=Body)
    read: Read = field(default_factory=lambda: {"id": {}})


@dataclass(slots=True)
class _Said:
    """What texts say of the providers of one local name. Types by "resource" or "data" and name."""

    configuration: Body = field(default_factory=Body)
    types: dict[tuple[str, str], _Type] = field(default_factory=dict)


def not_served(texts: Iterable[str], state_file: Path | None = None) -> Mapping[str, Any]:
    """The addresses of providers that stand-ins serve, each with what definitions say of it
    (`bonkei.definitions.provider.stand_in`). The state may have more of their resources."""
    names: dict[str, set[str]] = defaultdict(set)
    said: dict[str, _Said] = defaultdict(_Said)
    every = [_COMMENT.sub("", text) for text in texts]
    for text in every:
        for name, address in _declared(text):
            names[name].add(address)
            names[address.rpartition("/")[2]].add(address)
        with suppress(RecursionError):  # nested too deeply for Terraform, too
            _collect(text, said)
    _read_uses(every, said)
    found: dict[str, _Said] = defaultdict(_Said)
    for name in {*names, *said}:
        for address in names.get(name, {f"{_REGISTRY}/hashicorp/{name}"}):
            if address not in VERSIONS and address not in _COMPUTING:
                found[address].configuration |= said[name].configuration
                found[address].types |= said[name].types
    _add_state(found, state_file)
    return {address: _plain(each) for address, each in sorted(found.items())}


def _declared(text: str) -> Iterator[tuple[str, str]]:
    """The local name and the address of each declared provider."""
    for block in _REQUIRED.findall(text):
        for name, source in _ENTRY.findall(block):
            parts = source.lower().split("/")
            yield name, "/".join([_REGISTRY, *parts] if len(parts) == 2 else parts)


def _collect(text: str, said: dict[str, _Said]) -> None:
    for header in _HEADER.finditer(text):
        configured, kind, type_name = header.groups()
        of_type = (configured or type_name).partition("_")[0]
        if of_type in _OWN:
            continue
        found, end = body(text, header.end())
        if configured:
            own = said[configured]
            own.configuration |= Body(found.arguments - _OF_PROVIDERS, found.blocks)
            continue
        block = text[header.end() : end]
        named = _NAMED.search(block) if "provider" in found.arguments else None
        own_type = said[named[1] if named else of_type].types.setdefault((kind, type_name), _Type())
        ignored = {word for each in _IGNORED.findall(block) for word in _WORD.findall(each)}
        blocks = {name: b for name, b in found.blocks.items() if name not in _OF_TERRAFORM}
        arguments = (found.arguments | ignored - {"all"} - {*blocks}) - _OF_RESOURCES
        own_type.body |= Body(arguments, blocks)
        for path in _SELF.findall(block):
            _note(own_type.read, _steps(path))


def _read_uses(texts: Iterable[str], said: Mapping[str, _Said]) -> None:
    """Note each attribute that is read: of a resource, of one in a loop, or by `values(…)`."""
    types = [item for one in said.values() for item in one.types.items()]
    if not types:
        return
    words = "|".join({re.escape(name) for (_, name), _ in types})
    resource = rf"(?<![\w.-])(data\.)?({words})\.[A-Za-z_][\w-]*" + _PATH
    use = re.compile(rf"\bvalues\(\s*{resource}\s*\){_PATH}|{resource}")

    def note(found: re.Match[str], path: str) -> None:
        data, type_name = found[1] or found[5], found[2] or found[6]
        for (kind, name), each in types:
            if name == type_name and (kind == "data") == bool(data):
                _note(each.read, _steps(path))

    for text in texts:
        for found in use.finditer(text):
            note(found, found[4] if found[2] else found[7])
        for loop in _LOOP.finditer(text):
            if source := use.search(loop[2]):
                each = rf"(?<![\w.-]){re.escape(loop[1])}{_PATH}"
                for path in re.findall(each, text[loop.end() :]):
                    note(source, path)


def _steps(path: str) -> list[str]:
    """The steps of a path behind a resource, without the key of its instance."""
    steps = [name or ("[]" if index else f"[{key}]")
             for key, index, name in _STEP.findall(path)]  # fmt: skip
    steps = ["[]" if step == "*" or step.isdigit() else step for step in steps]
    while steps and steps[0].startswith("["):
        del steps[0]
    return steps


def _note(read: Read, steps: list[str]) -> None:
    for step in steps:
        read = read.setdefault(step, {})


def _plain(said: _Said) -> dict[str, Any]:
    document: dict[str, Any] = {"configuration": _body(said.configuration)}
    for (kind, name), each in sorted(said.types.items()):
        document.setdefault(kind, {})[name] = {**_body(each.body), "read": each.read}
    return document


def _body(found: Body) -> dict[str, Any]:
    blocks = {name: _body(inner) for name, inner in sorted(found.blocks.items())}
    return {"arguments": sorted(found.arguments - found.blocks.keys()), "blocks": blocks}


def _add_state(found: dict[str, _Said], state_file: Path | None) -> None:
    """Add the types that only the state has: their resources have to be removed."""
    text = text_of(state_file) or "" if state_file is not None else ""
    if {*_IN_STATE.findall(text)} <= VERSIONS.keys():
        return
    with suppress(ValueError, KeyError, TypeError):  # a damaged state has its own error
        for resource in json.loads(text)["resources"]:
            address = resource["provider"].partition('provider["')[2].partition('"')[0]
            kind = ("resource", resource["type"])
            is_served = address in VERSIONS or not address.startswith(_REGISTRY)
            if not is_served and resource["mode"] == "managed" and kind not in found[address].types:
                given = {name for each in resource["instances"] for name in each["attributes"]}
                found[address].types[kind] = _Type(Body(frozenset(given)))

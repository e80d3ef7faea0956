"""Providers that definitions declare, perhaps configure, and use for nothing: a template's, or
those of parts that were left out.

Terraform asks each declared provider for its schema. For these a configuration will do that takes
what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from bonkei.definitions.provider.addresses import VERSIONS

_COMMENT = re.compile(r"^\s*(?:#|//).*$", re.MULTILINE)
_BODY = r"\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
_REQUIRED = re.compile(r"\brequired_providers" + _BODY)
_ENTRY = re.compile(r"([\w-]+)\s*=\s*\{[^{}]*\bsource\s*=\s*\"([^\"]+)\"[^{}]*\}")
_CONFIGURED = re.compile(r'^\s*provider\s+"([\w-]+)"' + _BODY, re.MULTILINE)
_ARGUMENT = re.compile(r"^\s*([a-z]\w*)\s*=", re.MULTILINE)
_BLOCK = re.compile(r"^\s*[a-z]\w*\s*\{", re.MULTILINE)
_USE = re.compile(
    r'^\s*(?:resource|data|ephemeral|action|list)\s+"([\w-]+)"|\bprovider\s*=\s*([\w-]+)',
    re.MULTILINE,
)
_TERRAFORMS = {"alias", "version"}


def unused(texts: Iterable[str]) -> Mapping[str, list[str]]:
    """The addresses of declared providers that are not served, and not used under any name. Each
    with the arguments of its configuration, sorted."""
    declared: dict[str, set[str]] = {}
    given: dict[str, set[str]] = {}
    used: set[str] = set()
    for text in (_COMMENT.sub("", each) for each in texts):
        for name, address in _declared(text):
            declared.setdefault(address, {address.rpartition("/")[2]}).add(name)
        for name, body in _CONFIGURED.findall(text):
            given.setdefault(name, set()).update(_ARGUMENT.findall(body))
            if _BLOCK.search(body):  # what it may hold is not known
                used.add(name)
        used |= {a or b for a, b in _USE.findall(text)}
    words = {word for name in used for word in (name, name.partition("_")[0])}
    return {
        address: sorted({a for name in names for a in given.get(name, ())} - _TERRAFORMS)
        for address, names in sorted(declared.items())
        if address not in VERSIONS and not words & names
    }


def _declared(text: str) -> Iterator[tuple[str, str]]:
    """The local name and the address of each declared provider."""
    for block in _REQUIRED.findall(text):
        for name, source in _ENTRY.findall(block):
            parts = source.lower().split("/")
            yield name, "/".join(["registry.terraform.io", *parts] if len(parts) == 2 else parts)

"""Version constraints: there is one version of Terraform and of each provider here.

Terraform does not check those of providers that are already running. Its own it does, so the mirror
lifts them (`bonkei.definitions.terraform.inputs.mirror`). Source: "Version Constraints"
(developer.hashicorp.com/terraform/language/expressions/version-constraints).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from bonkei.base.folders import below, text_of
from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.terraform.errors import Diagnostic
from bonkei.definitions.terraform.explanations.mentions import Mention

TERRAFORM = "1.15.5"
"""The version that the library has."""

_Version: TypeAlias = tuple[int, ...]
_REGISTRY = "registry.terraform.io/"
_ENTRY = re.compile(r"^[ \t]*[\w-]+\s*=\s*\{([^{}]*)\}", re.MULTILINE)  # of required_providers
_SOURCE = re.compile(r'\bsource\s*=\s*"([^"]+)"')
_VERSION = re.compile(r'\bversion\s*=\s*"([^"]+)"')
_REQUIRED = re.compile(r'^[ \t]*required_version\s*=\s*"([^"]+)"', re.MULTILINE)
_CONDITION = re.compile(r"(=|!=|>|>=|<|<=|~>)?\s*v?(\d+(?:\.\d+)*)")


def excluded(definitions: Path) -> Iterator[Diagnostic]:
    """A warning for each constraint that excludes the served version of the provider."""
    for file in below(definitions, ".tf"):
        text = text_of(file) or ""
        for entry in _ENTRY.finditer(text):
            source, asked = _SOURCE.search(entry[1]), _VERSION.search(entry[1])
            address = _REGISTRY + source[1].removeprefix(_REGISTRY) if source else ""
            version = VERSIONS.get(address)
            if source and asked and version and not allows(asked[1], version):
                line = text.count("\n", 0, entry.start(1) + asked.start()) + 1
                code = text.splitlines()[line - 1]
                yield _warning(source[1], asked[1], version, Mention(file, line, code))


def core_excluded(definitions: Path) -> Iterator[Diagnostic]:
    """A warning for each `required_version` that excludes the Terraform of the library."""
    for file in below(definitions, ".tf"):
        text = text_of(file) or ""
        for asked in _REQUIRED.finditer(text):
            if not allows(asked[1], TERRAFORM):
                line = text.count("\n", 0, asked.start(1)) + 1
                place = Mention(file, line, text.splitlines()[line - 1])
                yield _warning("Terraform", asked[1], TERRAFORM, place)


def allows(constraint: str, version: str) -> bool:
    """Whether the version meets every condition. One in an unknown form counts as met."""
    found = _numbers(version)
    conditions = (_CONDITION.fullmatch(part.strip()) for part in constraint.split(","))
    return all(_keeps(found, c[1] or "=", _numbers(c[2])) for c in conditions if c)


def _numbers(version: str) -> _Version:
    return tuple(int(part) for part in version.split("."))


def _keeps(version: _Version, operator: str, bound: _Version) -> bool:
    if operator == "~>":  # only the last number of the bound may be higher
        return version >= bound and version[: len(bound) - 1] == bound[:-1]
    return _COMPARISONS[operator](_difference(version, bound))


def _difference(one: _Version, other: _Version) -> int:
    pairs = zip_longest(one, other, fillvalue=0)
    return next((left - right for left, right in pairs if left != right), 0)


_COMPARISONS: Mapping[str, Callable[[int], bool]] = {
    "=": lambda difference: difference == 0,
    "!=": lambda difference: difference != 0,
    ">": lambda difference: difference > 0,
    ">=": lambda difference: difference >= 0,
    "<": lambda difference: difference < 0,
    "<=": lambda difference: difference <= 0,
}


def _warning(source: str, constraint: str, version: str, place: Mention) -> Diagnostic:
    is_core = source == "Terraform"
    other = " BONKEI_TERRAFORM can name another executable." if is_core else ""
    return Diagnostic(
        "warning",
        f"Another version of {'Terraform' if is_core else 'a provider'}",
        f"The definitions require {source} {constraint}, but the miniature serves {version}. The"
        f" two may differ. Allow this version, or check the changes between them.{other}",
        place.file,
        place.line,
        code=place.code,
    )

"""The types of AWS's provider that a run can meet: all that its definitions or its state name.

Terraform asks a provider for the schema of every type, a thousand, and decodes each. A stack uses a
few dozen. Texts are read generously: every word that begins like a type counts as one. Where a
quoted word is not a type, the provider shows all of them: Terraform then finds the nearest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_WORD = re.compile(rb"(\"?)\b(aws_[a-z0-9_]+)\b(\"?)")
_ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json", ".hcl", ".hcl.json")
_MANIFEST = Path("modules", "modules.json")
_TESTS = ("tests",)


@dataclass(frozen=True, slots=True)
class NamedTypes:
    """The words that may be types, and those of them that stand in quotes."""

    words: frozenset[str]
    quoted: frozenset[str]

    def write(self, file: Path) -> None:
        """For the provider (`bonkei.provider.plugin.selection`)."""
        document = {"words": sorted(self.words), "quoted": sorted(self.quoted)}
        file.write_text(json.dumps(document), encoding="utf-8")


def named_types(root: Path, data: Path, state_file: Path | None) -> NamedTypes | None:
    """None where some types are unknown: then every type is needed.

    `root`: where Terraform runs; `data`: its data folder, whose manifest of modules an init wrote.
    """
    try:
        found: set[tuple[bytes, bytes, bytes]] = set()
        for file in _texts(_folders(root, data / _MANIFEST)):
            found.update(_WORD.findall(file.read_bytes()))
        if state_file is not None and state_file.is_file():
            found.update(_WORD.findall(state_file.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return NamedTypes(
        frozenset(word.decode("ascii") for _, word, _ in found),
        frozenset(word.decode("ascii") for before, word, after in found if before and after),
    )


def _folders(root: Path, manifest: Path) -> set[Path]:
    if not manifest.exists():
        return {root}  # no module is called
    modules = json.loads(manifest.read_text(encoding="utf-8"))["Modules"]
    return {root, *(root / module["Dir"] for module in modules)}


def _texts(folders: set[Path]) -> Iterator[Path]:
    """Also test files, which may mock types that nothing else names."""
    for folder in folders:
        for place in (folder, *(folder / name for name in _TESTS)):
            if place.is_dir():
                yield from (each for each in place.iterdir() if each.name.endswith(_ENDINGS))

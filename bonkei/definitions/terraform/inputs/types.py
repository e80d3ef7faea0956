"""What a run can meet of AWS's provider: the types and blocks that definitions or state name.

Terraform asks a provider for the schema of every type, a thousand, and decodes each. A stack uses a
few dozen, and of their nested blocks a few. Texts are read generously: every word that begins like
a type counts as one, and every word may be a block. Where a quoted word is not a type, the provider
shows all of them: Terraform then finds the nearest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.folders import entries

_WORD = re.compile(rb"aws_[a-z0-9_]+")
_QUOTED = re.compile(rb'"(aws_[a-z0-9_]+)"')
_NAME = re.compile(rb"[a-z][a-z0-9_]*")
_DEPENDENCIES = re.compile(
    rb"^[ \t]*(?:depends_on|replace_triggered_by|expect_failures)\s*=\s*\[[^\]]*\]", re.MULTILINE
)
_PATH = rb"((?:\[[^\]\n]*\]|\s*\.[\w*-]+)*+)"
_RESOURCE = rb"\b(aws_[a-z0-9_]+)\.[A-Za-z_][\w-]*+" + _PATH
_USE = re.compile(_RESOURCE)
_LOOP = re.compile(
    rb"\bfor\s+([A-Za-z_][\w-]*)\s+in\s+(?:data\.)?" + _RESOURCE + rb"(?<=[\w-])(?=\s*:)"
)
_VARIABLE = rb"(?<![\w.-])%s(?![\w-])(?!\s+in\b)(?!\s*=[^=>])"
_SENTENCE = re.compile(rb'^\s*error_message\s*=\s*"[^"$%\n]*"', re.MULTILINE)
_DOUBLE = re.compile(rb"\b(?:mock_provider|override_(?:resource|data|module))\b")
"""In a test: Terraform may make up a value for each block."""
_STEP = re.compile(rb"\[[^\]\n]*\]|\.([A-Za-z_][\w-]*)")
_SELF = re.compile(rb"self(?<![\w.-]self)(?![\w-])(?!\s*\.[A-Za-z_])(?!\s*=[^=])")
_FULL = re.compile(rb'"([a-z][a-z0-9_]*)":\s*(?:\[(?=\s*[^\]\s])|\{(?=\s*[^}\s]))')
"""A name in a state whose value is not empty."""
_ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json", ".hcl", ".hcl.json")
_MANIFEST = Path("modules", "modules.json")
_TESTS = ("tests",)
_TEST = ".tftest."


@dataclass(frozen=True, slots=True)
class Named:
    """The words that may be types, those of them in quotes, and the words that may be blocks."""

    words: frozenset[str]
    quoted: frozenset[str]
    names: frozenset[str] | None
    """None: every block may be there."""
    whole: frozenset[str]
    """What is used as a value, which has all blocks if it is a resource or a block: a type, as in
    `keys(aws_lb.this)`, or a type and the names after it, as in `aws_lb.this.access_logs`."""

    def write(self, file: Path) -> None:
        """Write them for the provider (`bonkei.definitions.provider.plugin.selection`)."""
        document = {
            "words": sorted(self.words),
            "quoted": sorted(self.quoted),
            "names": None if self.names is None else sorted(self.names),
            "whole": sorted(self.whole),
        }
        file.write_text(json.dumps(document), encoding="utf-8")


def named(
    root: Path,
    data: Path,
    state_file: Path | None,
    *,
    all_blocks: bool,
    tests: bool = False,
    plans: bytes = b"",
) -> Named | None:
    """Collect the names. The result is None if some types are unknown, because then every type is
    needed.

    `root`: where Terraform runs; `data`: its data folder, whose manifest of modules an init wrote;
    `tests`: whether it evaluates tests; `plans`: the content of plans that it is given. They name
    types, and are read with all blocks.
    """
    try:
        found = {file: file.read_bytes() for file in texts(root, data)}
        has_state = state_file is not None and state_file.is_file()
        state = state_file.read_bytes() if state_file is not None and has_state else b""
    except (OSError, ValueError, KeyError, TypeError):
        return None
    text = b"\n".join(found.values())
    names = {*_NAME.findall(text), *_FULL.findall(state)}
    evaluated = [each for file, each in found.items() if tests or _TEST not in file.name]
    used = [_SENTENCE.sub(b"", _DEPENDENCIES.sub(b"", each)) for each in evaluated]
    doubled = tests and any(_DOUBLE.search(each) for f, each in found.items() if _TEST in f.name)
    every = all_blocks or doubled or any(_SELF.search(each) for each in used)
    return Named(
        words=_decoded({*(word for each in (text, state, plans) for word in _WORD.findall(each))}),
        quoted=_decoded({*_QUOTED.findall(text)}),
        names=None if every else _decoded(names),
        whole=_decoded({use for each in used for use in _whole(each)}),
    )


def _whole(text: bytes) -> Iterator[bytes]:
    """Collect what the text of one file uses as a value. In `[for each in aws_lb.this.x : each.y]`
    it is `aws_lb.x.y`; other uses of that name count, too."""
    loops = [found for found in _LOOP.finditer(text) if _names(found[3])]
    starts = {found.start(2) for found in loops}
    for found in _USE.finditer(text):
        if found.start() not in starts and not _is_counted(found, text):
            yield b".".join((found[1], *_names(found[2])))
    for loop in loops:
        for found in re.finditer(_VARIABLE % re.escape(loop[1]) + _PATH, text):
            if not _is_counted(found, text):
                yield b".".join((loop[2], *_names(loop[3]), *_names(found[1])))


def _names(path: bytes) -> list[bytes]:
    return [name for name in _STEP.findall(path) if name]


def _is_counted(use: re.Match[bytes], text: bytes) -> bool:
    """Whether it is `length(aws_lb.this.x)`, which only needs the number of blocks."""
    within = text.endswith(b"length(", 0, use.start()) and text.startswith(b")", use.end())
    return within and bool(_names(use[use.re.groups])) and not use[0].endswith((b"]", b"*"))


def _decoded(words: set[bytes]) -> frozenset[str]:
    return frozenset(word.decode("ascii") for word in words)


def _folders(root: Path, manifest: Path) -> set[Path]:
    if not manifest.exists():
        return {root}  # no module is called
    modules = json.loads(manifest.read_text(encoding="utf-8"))["Modules"]
    return {root, *(root / module["Dir"] for module in modules)}


def texts(root: Path, data: Path) -> Iterator[Path]:
    """Return the texts of all modules, including test files, which may mock types that nothing else
    names. Terraform ignores hidden files: editors make them."""
    for folder in _folders(root, data / _MANIFEST):
        for place in (folder, *(folder / name for name in _TESTS)):
            for each in entries(place):
                if each.name.endswith(_ENDINGS) and not each.name.startswith("."):
                    yield each

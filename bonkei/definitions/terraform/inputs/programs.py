"""The programs that definitions run on this machine, and the user's consent to them.

These are provisioners and the data source `external`, also in modules. They are read generously: a
comment may count as a program, and a program is never missed for how it is written. Terraform runs
none of them before the user has agreed.
https://developer.hashicorp.com/terraform/language/provisioners
"""

from __future__ import annotations

import hashlib
import json
import re
import select
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.folders import bytes_of
from bonkei.definitions.terraform.errors import TerraformError, relative
from bonkei.definitions.terraform.inputs.hcl import block_end

_BEGIN = r"^\ufeff?(?:.*\*/)?[ \t]*"  # a comment may end on the line where a block begins
_GAP = r"(?:\s|/\*.*?\*/)*"
_LABEL = r'(?:"(?:[^"\\\n]|\\.)*"|[\w-]+)'
_HEADER = re.compile(
    rf"{_BEGIN}(?P<head>provisioner\b{_GAP}(?P<kind>{_LABEL})"
    rf'|data\b{_GAP}(?:"?external\b|"[^"\n]*\\){_GAP}.*)',
    re.MULTILINE,
)
_FILE = re.compile(r"\$\{path\.(?:module|root|cwd)\}/([\w./-]+)")
_SHOWN = 6  # lines of a program
_ASKED_EVERY = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class Program:
    """A block that runs a program. `content` has the files that it names, too."""

    file: Path
    line: int
    text: str
    content: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content.encode("utf-8", "surrogateescape")).hexdigest()

    def render(self) -> str:
        first, *more = ("".join(c if c.isprintable() else "?" for c in line)
                        for line in self.text.expandtabs().splitlines())  # fmt: skip
        cut = ["…"] if len(more) > _SHOWN else []
        lines = [f"{relative(self.file)} line {self.line}: {first}", *more[:_SHOWN], *cut]
        return "\n    ".join(lines)


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user has agreed to. `file` remembers it. `variables`: those of the user's that the
    programs get."""

    file: Path | None = None
    allowed: bool = False
    variables: tuple[str, ...] = ()

    def require(self, programs: Sequence[Program], has_ended: Callable[[], bool]) -> None:
        """Return if the user agrees, or has agreed, to these programs. Raises TerraformError, and
        DamagedError. `has_ended` tells that no caller waits for the answer any more."""
        known = self._known()
        new = [each for each in programs if each.digest not in known]
        if self.allowed or not new:
            return
        shown = "\n  ".join(each.render() for each in new)
        told = f"These definitions run programs on this machine, with your rights:\n  {shown}"
        if not (self.file and _has_terminal() and _agrees(told, has_ended)):
            raise TerraformError(
                told,
                remedy="look at them, and agree once in a terminal: `bonkei plan` asks\n"
                "or allow what these definitions run: --allow-programs, or "
                "BONKEI_ALLOW_PROGRAMS=1",
            )
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        agreed = sorted({*known, *(one.digest for one in new)})
        kept.write_json(self.file, {"agreed": agreed})

    def _known(self) -> set[str]:
        without = "or remove it: you are asked again"
        read = None
        if self.file is not None:
            read = kept.read_json(self.file, lambda document: set(document["agreed"]), without)
        return read or set()


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _agrees(told: str, has_ended: Callable[[], bool]) -> bool:
    print(f"{told}\nMay they run? It is asked once. [y/N] ", end="", file=sys.stderr, flush=True)
    while not has_ended():
        if select.select([sys.stdin], [], [], _ASKED_EVERY)[0]:
            return sys.stdin.readline().strip().lower() in ("y", "yes")
    return False


def found(locate: Callable[[str], Path], files: Iterable[Path], written: Path) -> list[Program]:
    """The programs in these files. `locate` maps a name to the real file. What is in `written`, and
    not a link, is what programs have made."""
    return [
        Program(
            locate(str(file)), line, text, "\0".join([text, *_named_in(text, file.parent, written)])
        )
        for file in files
        for line, text in _blocks(file.name, _text(bytes_of(file) or b""))
    ]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _blocks(name: str, content: str) -> list[tuple[int, str]]:
    """What is nested too deeply to be read counts as a program, as a whole."""
    try:
        return list(_read_blocks(name, content))
    except RecursionError:
        return [(1, content)]


def _read_blocks(name: str, content: str) -> Iterator[tuple[int, str]]:
    if name.endswith(".json"):
        yield from ((1, text) for text in _json_blocks(content))
        return
    for header in _HEADER.finditer(content):
        start = header.start("head")
        opened = content.find("{", header.end("kind") if header["kind"] else start)
        end = block_end(content, opened + 1) if opened >= 0 else len(content)
        yield content.count("\n", 0, start) + 1, content[start:end]


def _json_blocks(content: str) -> Iterator[str]:
    """A name may be there twice, and Terraform takes both."""
    try:
        document = json.loads(content, object_pairs_hook=list)
    except ValueError:
        return  # Terraform refuses it
    for path, value in _pairs(document, ()):
        if path[-1] == "provisioner" or path[-2:] == ("data", "external"):
            yield f"{'.'.join(path[-2:])} {json.dumps(value)}"


def _pairs(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every name of an object, with the names around it. Lists around blocks are transparent."""
    for each in value if isinstance(value, list) else ():
        if isinstance(each, tuple):
            yield (*path, each[0]), each[1]
            yield from _pairs(each[1], (*path, each[0]))
        else:
            yield from _pairs(each, path)


def _named_in(text: str, folder: Path, written: Path) -> Iterator[str]:
    """The content of each file that the block names."""
    for name in _FILE.findall(text):
        real = (folder / name).resolve()
        if real.is_file() and not real.is_relative_to(written):
            yield _text(bytes_of(real) or b"")

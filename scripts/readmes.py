"""Write the README of each Terraform module: its purpose, inputs and outputs.

`python -m scripts.readmes` writes them anew from the .tf files, as `make format` does. With
`--check` it names those that are out of date. It reads what `terraform fmt` leaves, and no other
HCL: terraform-docs, the usual tool, comes as a binary that no package index has.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INFRASTRUCTURE = ROOT / "infrastructure"

_HEAD = re.compile(r"\A((?:#.*\n)+)\n")
_BLOCK = re.compile(r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"^  (\w+) += (.*?)(?=^  \w|\Z)", re.MULTILINE | re.DOTALL)
_RESOURCE = re.compile(r'^resource "(\w+)"', re.MULTILINE)
_CALL = re.compile(r'^  source += "([./\w]+)"', re.MULTILINE)


def modules() -> list[Path]:
    """The folders that have a README."""
    return [*sorted((INFRASTRUCTURE / "modules").iterdir()), INFRASTRUCTURE / "terraform_backend"]


def readme(module: Path) -> str:
    """The README that a module should have."""
    files = [file.read_text(encoding="utf-8") for file in sorted(module.glob("*.tf"))]
    head = _HEAD.match((module / "main.tf").read_text(encoding="utf-8"))
    if head is None:
        raise SystemExit(f"error: {module / 'main.tf'} does not begin with a comment of what it is")
    kinds = sorted({kind for text in files for kind in _RESOURCE.findall(text)})
    calls = sorted({call for text in files for call in _CALL.findall(text)})
    parts = [
        f"# {module.name}",
        re.sub(r"^# ?", "", head[1], flags=re.MULTILINE).strip(),
        *([f"Makes {_listed(f'`{kind}`' for kind in kinds)}."] if kinds else []),
        *(
            [f"Calls {_listed(f'[{Path(c).name}]({c}/README.md)' for c in calls)}."]
            if calls
            else []
        ),
        "## Inputs",
        _table(("name", "type", "default", "what it is"), _inputs(module)),
        "## Outputs",
        _table(("name", "what it is"), _outputs(module)),
        "<!-- Written by scripts/readmes.py from the .tf files. -->",
    ]
    return "\n\n".join(parts) + "\n"


def _inputs(module: Path) -> Iterator[tuple[str, ...]]:
    for name, arguments in _blocks(module / "variables.tf"):
        default = arguments.get("default")
        yield (
            f"`{name}`",
            _code(arguments["type"]),
            "required" if default is None else _code(default),
            arguments["description"],
        )


def _outputs(module: Path) -> Iterator[tuple[str, ...]]:
    for name, arguments in _blocks(module / "outputs.tf"):
        yield f"`{name}`", arguments["description"]


def _blocks(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for name, body in _BLOCK.findall(file.read_text(encoding="utf-8")):
        arguments = {key: value.strip() for key, value in _ARGUMENT.findall(body)}
        arguments["description"] = (
            arguments["description"].strip('"').replace('\\"', '"').replace("<", "&lt;")
        )
        yield name, arguments


def _code(value: str) -> str:
    """HCL in one line, without comments."""
    text = ""
    for line in value.splitlines():
        word = re.sub(r" +", " ", re.sub(r"^\s*#.*", "", line).strip())
        if text and not text.endswith(("(", "{", "[")) and word[:1] not in (")", "}", "]", ""):
            text += ", "
        text += word.removesuffix(",")
    return f"`{text}`"


def _listed(words: Iterator[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    cells = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in cells)


def main() -> None:
    """Write them, or say which are out of date."""
    stale = []
    for module in modules():
        file, wanted = module / "README.md", readme(module)
        if not file.is_file() or file.read_text(encoding="utf-8") != wanted:
            stale.append(str(file.relative_to(ROOT)))
            if "--check" not in sys.argv:
                file.write_text(wanted, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"error: out of date: {', '.join(stale)}\n  Write them anew: make format")


if __name__ == "__main__":
    main()

"""Faults for a copy of the project, and the tools that find them (faults.toml)."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "infrastructure" / "faults.toml"


@dataclass(frozen=True, slots=True)
class Fault:
    """`edits` are (file below infrastructure/, old, new); an empty `old` adds to the file's end.
    `at` is a part of the address in the finding, and `finding` a part of the tool's message. `why`
    is the reason why nothing finds it.
    """

    what: str
    kind: str
    caught: str
    edits: tuple[tuple[str, str, str], ...]
    batch: int = 1
    at: str = ""
    finding: str = ""
    also: tuple[str, ...] = ()
    why: str = ""


def faults() -> tuple[Fault, ...]:
    """All faults, in the table's order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(
        Fault(
            **(
                entry
                | {"edits": tuple((f, o, n) for f, o, n in entry["edits"])}
                | {"also": tuple(entry.get("also", ()))}
            )
        )
        for entry in table["fault"]
    )


def caught_by(tool: str) -> list[Fault]:
    """The faults that this tool finds."""
    return [fault for fault in faults() if fault.caught == tool]


def seed(found: Iterable[Fault], root: Path) -> Path:
    """A copy of the definitions' files below `root`, with these faults."""
    for name in ("infrastructure", "program"):
        ignored = shutil.ignore_patterns(".terraform*", "__pycache__", "*.zip")
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    put_in(found, root)
    return root


def put_in(found: Iterable[Fault], root: Path) -> None:
    """Put these faults into the definitions below `root`."""
    for fault in found:
        for name, old, new in fault.edits:
            file = root / "infrastructure" / name
            file.write_text(_edited(fault, file.read_text(encoding="utf-8"), old, new))


def _edited(fault: Fault, text: str, old: str, new: str) -> str:
    if not old:
        return text + new
    pattern = r"\s+".join(re.escape(word) for word in old.split())
    edited, count = re.subn(pattern, lambda _: new, text)
    assert count == 1, f"{fault.what}: {old!r} is there {count} times: write the edit anew"
    return edited


# ------------------------------------------------------------------------------------------------
# The number in docs/checks.md
# ------------------------------------------------------------------------------------------------

PAGE = ROOT / "docs" / "checks.md"
BY_TOOLS = {
    "validate": "`validate`",
    "plan": "`plan`",
    "apply": "`apply`",
    "scanners": "scanners",
    "nothing": "nothing",
}


def with_number(page: str) -> str:
    """The page with the number of the current faults."""
    found = faults()
    by_rules = sum(fault.caught not in BY_TOOLS for fault in found)
    counts = [f"{by_rules} are found by `bonkei check`"]
    counts += [
        f"{number} by {words}"
        for name, words in BY_TOOLS.items()
        if (number := sum(fault.caught == name for fault in found))
    ]
    line = f"Of {len(found)} faults: {', '.join(counts)}."
    begin, end = "<!-- faults -->\n", "<!-- /faults -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return before + begin + line + "\n" + end + after


if __name__ == "__main__":
    PAGE.write_text(with_number(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

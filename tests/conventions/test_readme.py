"""README.md and README.ja.md have the same headings, in order, and the same commands."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
JAPANESE = (ROOT / "README.ja.md").read_text(encoding="utf-8")


def heading_levels(text: str) -> list[int]:
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", outside, flags=re.MULTILINE)]


def commands(text: str) -> list[str]:
    """The commands of the blocks, without comments, which are translated."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
    lines = [re.sub(r"\s+# .*", "", line) for block in blocks for line in block.splitlines()]
    return [
        line for line in lines if re.match(r"(make|curl|git|cd|aws|\.venv/bin/\w+|[A-Z]+=)", line)
    ]


def links(text: str) -> list[str]:
    """The targets of links, without their language."""
    found = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("README")]
    return [link.replace(".ja.md", ".md") for link in found]


def test_both_have_the_same_headings() -> None:
    assert heading_levels(ENGLISH) == heading_levels(JAPANESE)


def test_both_have_the_same_commands() -> None:
    assert len(commands(ENGLISH)) > 5
    assert commands(ENGLISH) == commands(JAPANESE)


def test_both_link_to_the_same_places() -> None:
    assert links(ENGLISH) == links(JAPANESE)


def test_every_linked_file_exists() -> None:
    local = [link.partition("#")[0] for link in links(ENGLISH) if "://" not in link]
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_the_two_commands_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {line.split()[1] for line in commands(ENGLISH) if line.startswith("make ")}
    assert {"up", "test"} <= targets
    assert [name for name in sorted(targets) if f"\n{name}:" not in makefile] == []

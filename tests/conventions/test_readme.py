"""README.md and README.ja.md say the same: the same headings, in order, and the same commands."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
JAPANESE = (ROOT / "README.ja.md").read_text(encoding="utf-8")


def heading_levels(text: str) -> list[int]:
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", outside, flags=re.MULTILINE)]


def code_blocks(text: str) -> list[str]:
    """The blocks without their comments, which are in the reader's language."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
    return [re.sub(r"\s*#.*", "", block) for block in blocks]


def links(text: str) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("README")]


def test_both_have_the_same_headings() -> None:
    assert heading_levels(ENGLISH) == heading_levels(JAPANESE)


def test_both_have_the_same_commands() -> None:
    assert code_blocks(ENGLISH) == code_blocks(JAPANESE)


def test_both_link_to_the_same_places() -> None:
    assert links(ENGLISH) == links(JAPANESE)


def test_every_linked_file_exists() -> None:
    local = [link.partition("#")[0] for link in links(ENGLISH) if "://" not in link]
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_the_two_commands_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"^make (\w+)", "\n".join(code_blocks(ENGLISH)), flags=re.MULTILINE))
    assert {"up", "test"} <= commands
    assert [name for name in sorted(commands) if f"\n{name}:" not in makefile] == []

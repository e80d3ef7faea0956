"""The style sheet: what the tests in a browser rely on."""

from __future__ import annotations

import re
from pathlib import Path

import frontend

ROOM = Path(frontend.__file__).parent


def test_the_dark_changes_colours_alone() -> None:
    """So a page does the same in both, and axe's other rules look at it once."""
    text = (ROOM / "static" / "style.css").read_text(encoding="utf-8")
    [dark] = re.findall(
        r"@media \(prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}\s*\}", text, re.DOTALL
    )
    lines = [line.strip() for line in dark.split(";") if line.strip()]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"--[\w-]+: #[0-9a-f]{6}", line)] == []
    assert text.count("prefers-color-scheme") == 1
    assert "light-dark(" not in text
    others = [
        file.read_text("utf-8") for file in ROOM.rglob("*") if file.suffix in (".js", ".html")
    ]
    assert others
    assert not any("prefers-color-scheme" in one for one in others)

"""The page's own files: what is vendored is what was vendored, and nothing comes from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[4] / "bonkei" / "services" / "console" / "static"
VENDOR = STATIC / "vendor"
OWN = [
    file
    for file in sorted(STATIC.rglob("*"))
    if file.suffix in (".js", ".css", ".html") and VENDOR not in file.parents
]


def named(file: Path) -> str:
    return file.relative_to(STATIC).as_posix()


def test_each_vendored_file_is_the_one_of_its_version() -> None:
    rows = re.findall(
        r"^\| `(.+?)` \|.+\| `([0-9a-f]{64})` \|$",
        (VENDOR / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    written = dict(rows)
    found = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.iterdir()
        if file.suffix in (".js", ".css")
    }
    assert written == found
    assert all((VENDOR / f"LICENSE.{name}").exists() for name in ("preact", "uplot"))


@pytest.mark.parametrize("file", [*OWN, *VENDOR.glob("*.js"), *VENDOR.glob("*.css")], ids=named)
def test_nothing_is_loaded_from_elsewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    addresses = re.findall(r"https?://[^\s\"'`)]+", text)
    known = ("http://www.w3.org/", "https://github.com/leeoniya/uPlot")
    assert [one for one in addresses if not one.startswith(known)] == []
    assert "sourceMappingURL" not in text


@pytest.mark.parametrize("file", OWN, ids=named)
def test_text_stays_text(file: Path) -> None:
    """No page puts text in as markup, and none needs what the CSP refuses."""
    text = file.read_text(encoding="utf-8")
    for refused in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert refused not in text
    assert not re.search(r"<\w+[^>]*\sstyle=\"", text)


@pytest.mark.parametrize("file", [f for f in OWN if f.suffix == ".css"], ids=named)
def test_the_dark_changes_colours_alone(file: Path) -> None:
    """So a page does the same in both, and axe's other rules look at it once."""
    text = file.read_text(encoding="utf-8")
    colour = r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})"
    pairs = re.findall(rf"light-dark\({colour}, {colour}\)", text)
    assert len(pairs) == text.count("light-dark(")
    assert "prefers-color-scheme" not in text
    chosen = re.findall(r"\[data-colour[^{]*\{(.*?)\}", text, re.DOTALL)
    assert all(re.fullmatch(r"\s*color-scheme: \w+;\s*", rule) for rule in chosen)


@pytest.mark.parametrize("file", [f for f in OWN if f.suffix == ".js"], ids=named)
def test_only_what_a_canvas_draws_asks_for_the_dark(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    if named(file) != "lib/colour.js":
        assert "color-scheme" not in text
        assert "dataset.colour" not in text
    assert "isDark" not in text or named(file) in ("lib/colour.js", "lib/graph.js")


@pytest.mark.parametrize("file", [f for f in OWN if f.suffix == ".js"], ids=named)
def test_files_are_short_and_their_imports_are_there(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    for path in re.findall(r"(?:from|import\()\s*\"(\.[^\"]+)\"", text):
        assert (file.parent / path).resolve().is_file(), path


@pytest.mark.parametrize(
    "file",
    [f for f in OWN if f.suffix == ".js" and re.search(r"\ben: \{", f.read_text())],
    ids=named,
)
def test_both_languages_have_the_same_words(file: Path) -> None:
    """In each `text = { en: {…}, ja: {…} }`: the same keys, with the same values to fill in."""
    text = file.read_text(encoding="utf-8")
    blocks = re.findall(
        r"\ben: (\{.*?\n?\s*\}),\s*\n?\s*ja: (\{.*?\n?\s*\}),?\s*\n?\}", text, re.DOTALL
    )
    for english, japanese in blocks:
        one, other = words(english), words(japanese)
        assert one.keys() == other.keys()
        for key, value in one.items():
            fills = [sorted(re.findall(r"\{\w+\}", each)) for each in (value, other[key])]
            assert fills[0] == fills[1], key


def words(block: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+): \"((?:[^\"\\]|\\.)*)\"", block))

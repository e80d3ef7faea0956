"""Makes the documentation's site of the Markdown that GitHub shows: `make site`.

The pages are laid out as in the repository, with the files that they link to, so each link works in
both places. docs/zensical.toml has the order of the pages. A link that leads nowhere, and a page
without a place in that order, is an error.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scripts import apart

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "site.txt"
DIRECTORY = Path(sys.prefix) / "documentation"
PAGES = ("*.md", "docs/**/*.md", "program/*/README.md")
_LINK = re.compile(r"\]\(([^)\s#]+)")


def lay_out(root: Path, folder: Path) -> None:
    """Copy the pages, the files that they link to, and the settings to an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(root / "docs" / "zensical.toml", folder / "zensical.toml")
    pages = [page for pattern in PAGES for page in root.glob(pattern)]
    for page in pages:
        links = _LINK.findall(page.read_text(encoding="utf-8"))
        linked = {(page.parent / link).resolve() for link in links if "://" not in link}
        for file in {page, *filter(Path.is_file, linked)}:
            target = folder / "pages" / file.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def build(folder: Path) -> list[str]:
    """Build the site of what is laid out in `folder`; give what is wrong with it."""
    if left_out := list(_left_out(folder)):
        return left_out
    done = subprocess.run(
        [str(DIRECTORY / "bin" / "zensical"), "build", "--clean"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return [done.stdout]
    site = folder / "site"
    for page in site.rglob("*.ja/index.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace('<html lang="en"', '<html lang="ja"', 1), encoding="utf-8")
    return list(_lost(site))


def _left_out(folder: Path) -> Iterator[str]:
    """What the pages and the order of them do not have in common."""
    settings = tomllib.loads((folder / "zensical.toml").read_text(encoding="utf-8"))
    pages = folder / "pages"
    there = {str(page.relative_to(pages)) for page in pages.rglob("*.md")}
    listed = set(_listed(settings["project"]["nav"]))
    for page in sorted(there ^ listed):
        reason = "has no such page" if page in listed else "has no place for this page"
        yield f"{page}: docs/zensical.toml {reason}"


def _listed(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
        return
    for each in entry.values() if isinstance(entry, dict) else entry:
        yield from _listed(each)


class _Page(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element, of whatever name."""
        del tag
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.anchors.add(value)


def _lost(site: Path) -> Iterator[str]:
    """The links of all pages that lead nowhere within the site."""
    pages = {file: _Page(file) for file in site.rglob("*.html") if file.name != "404.html"}
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            known = pages[target].anchors if target in pages else set()
            if not target.is_file() or (anchor and anchor not in known):
                yield f"{file.parent.relative_to(site)}: the link {link} leads nowhere"


def main() -> None:
    """`make site`: build it, and say where it is."""
    try:
        apart.install(DIRECTORY, LOCK)
    except apart.InstallError as error:
        sys.exit(f"error: {error}")
    folder = DIRECTORY / "built"
    lay_out(ROOT, folder)
    if problems := build(folder):
        sys.exit("\n".join(["error: the site has faults:", *problems]))
    print(f"To read it: python3 -m http.server --bind 127.0.0.1 -d {folder / 'site'}")


if __name__ == "__main__":
    main()

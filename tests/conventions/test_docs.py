"""Every page of docs/ in two languages has the same content in both, and every link leads
somewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import Document

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAIRS = [
    (file, file.with_name(file.name.replace(".ja.md", ".md")))
    for file in sorted(DOCS.rglob("*.ja.md"))
]
PAGES = sorted(DOCS.rglob("*.md"))
GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"]
OPERATIONS = DOCS / "operations"


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> tuple[Document, Document]:
    japanese, english = request.param
    return Document.read(japanese), Document.read(english)


in_both = pytest.mark.parametrize(
    "pair", PAIRS, indirect=True, ids=[named(english) for _, english in PAIRS]
)


def test_operations_exist_in_both_languages() -> None:
    names = {file.name.removesuffix(".md").removesuffix(".ja") for file in OPERATIONS.iterdir()}
    assert {english.stem for _, english in PAIRS if english.parent == OPERATIONS} == names


@in_both
def test_the_headings_are_the_same(pair: tuple[Document, Document]) -> None:
    levels = [[level for level, _ in document.headings()] for document in pair]
    assert levels[0] == levels[1]


@in_both
def test_the_commands_are_the_same(pair: tuple[Document, Document]) -> None:
    japanese, english = pair
    assert japanese.commands() == english.commands()


@in_both
def test_the_same_code_is_mentioned(pair: tuple[Document, Document]) -> None:
    japanese, english = pair
    assert set(japanese.code()) == set(english.code())


@in_both
def test_the_figures_in_tables_are_the_same(pair: tuple[Document, Document]) -> None:
    japanese, english = pair
    assert japanese.figures() == english.figures()


@in_both
def test_the_links_lead_to_the_same_places(pair: tuple[Document, Document]) -> None:
    places = [
        [link.partition("#")[0].replace(".ja.md", ".md") for link in document.links()]
        for document in pair
    ]
    assert places[0] == places[1]


@pytest.mark.parametrize("file", [*GUIDES, *PAGES], ids=named)
def test_every_link_leads_somewhere(file: Path) -> None:
    lost = []
    for link in Document.read(file).links():
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        if not target.exists() or (anchor and anchor not in Document.read(target).anchors()):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("file", [GUIDES[0], DOCS / "tour.md"], ids=named)
def test_every_place_in_the_code_that_a_guide_names_exists(file: Path) -> None:
    rigs = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"docs"}
    places = [code for code in Document.read(file).code() if code.partition("/")[0] in rigs]
    assert len(places) > 10
    assert [place for place in places if "*" not in place and not (ROOT / place).exists()] == []


@pytest.mark.parametrize(("index", "language"), [("README.md", "en"), ("README.ja.md", "ja")])
def test_the_index_leads_to_every_page(index: str, language: str) -> None:
    links = [link for link in Document.read(DOCS / index).links() if "://" not in link]
    reached = {(DOCS / link.partition("#")[0]).resolve() for link in links}
    # A folder's own page leads to the others.
    reached |= {page.parent for page in reached if page.name == "README.md"} - {DOCS}
    other = {english if language == "ja" else japanese for japanese, english in PAIRS}
    missing = [
        named(page)
        for page in PAGES
        if page not in reached | other and page.parent not in reached and page.name != index
    ]
    assert missing == []

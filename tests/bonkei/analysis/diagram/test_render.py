from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bonkei.analysis.diagram import Diagram, draw, render_mermaid, render_svg, update_page
from bonkei.analysis.diagram.icons import COLOURS, PATHS
from bonkei.analysis.diagram.model import Arrow, Group, Node
from bonkei.analysis.diagram.page import PageError
from bonkei.blueprint import Blueprint

SVG = "{http://www.w3.org/2000/svg}"

TRICKY = Diagram(
    name="tricky",
    title='A <"title"> & more',
    description="One; two #3",
    nodes=(
        Node("end", "database", "end", 0, 0, ("a < b", "#5; x")),
        Node('module.a["x"].b', "bucket", 'quo"ted', 1, 0),
    ),
    groups=(Group("graph", "lane", "group & co", ("end",), "note"),),
    arrows=(Arrow("end", 'module.a["x"].b', "GET /<id>", "data"),),
)


@pytest.fixture
def diagrams(blueprint: Blueprint) -> tuple[Diagram, ...]:
    return (*draw(blueprint), TRICKY)


def test_svg_is_well_formed_and_has_a_description(diagrams) -> None:
    for diagram in diagrams:
        root = ET.fromstring(render_svg(diagram))  # noqa: S314  # our own text
        assert root.get("role") == "img"
        labelled = (root.get("aria-labelledby") or "").split()
        named = {element.get("id"): element.text for element in root}
        assert [named[name] for name in labelled] == [diagram.title, diagram.description]
        texts = " ".join(t.text or "" for t in root.iter(f"{SVG}title"))
        for node in diagram.nodes:
            assert node.title in texts
            assert all(line in texts for line in node.lines)


def test_svg_loads_nothing_and_runs_nothing(diagrams) -> None:
    for diagram in diagrams:
        text = render_svg(diagram).replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|<script|<image|@import|\bon\w+=|url\((?!#)", text)


def test_svg_is_light_and_dark(diagrams) -> None:
    assert "prefers-color-scheme:dark" in render_svg(diagrams[0])


def test_rendering_is_deterministic(blueprint: Blueprint) -> None:
    first = [(render_svg(d), render_mermaid(d)) for d in draw(blueprint)]
    assert first == [(render_svg(d), render_mermaid(d)) for d in draw(blueprint)]


def test_every_kind_has_a_picture_and_a_colour() -> None:
    assert PATHS.keys() == COLOURS.keys()


def test_mermaid_has_every_node_once_and_closes_its_groups(diagrams) -> None:
    for diagram in diagrams:
        text = render_mermaid(diagram)
        assert text.startswith("flowchart LR\n")
        assert text.count("subgraph ") == len(diagram.groups)
        assert len(re.findall(r"^ +end$", text, re.MULTILINE)) == len(diagram.groups)
        assert len(re.findall(r"<b>", text)) == len(diagram.nodes)
        assert len(re.findall(r"--?>|-\.->", text)) == len(diagram.arrows)


def test_mermaid_escapes_its_own_characters() -> None:
    text = render_mermaid(TRICKY)
    assert 'n_end[("<b>end</b><br/>a #lt; b<br/>#35;5; x")]' in text
    assert 'n_end -.->|"GET /#lt;id#gt;"| n_module_a__x___b' in text
    assert "accDescr: One, two no. 3" in text


def test_a_page_gets_its_diagrams(tmp_path: Path) -> None:
    text = "# T\n\n<!-- diagram: tricky -->\nold\n<!-- /diagram -->\n\nrest\n"
    page = tmp_path / "docs" / "page.md"
    updated = update_page(page, text, [TRICKY], tmp_path / "docs" / "pictures")
    assert updated.startswith("# T\n\n<!-- diagram: tricky -->\n")
    assert "](pictures/tricky.svg)" in updated
    assert "](pictures/tricky.mmd)" in updated
    assert "old" not in updated
    assert updated.endswith("<!-- /diagram -->\n\nrest\n")
    assert update_page(page, updated, [TRICKY], tmp_path / "docs" / "pictures") == updated


def test_a_page_that_asks_for_an_unknown_diagram_is_reported(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="nothing"):
        update_page(
            tmp_path / "a.md", "<!-- diagram: nothing -->\n<!-- /diagram -->", [TRICKY], tmp_path
        )

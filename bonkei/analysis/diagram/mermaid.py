"""A diagram as Mermaid, for pages that draw it themselves.

"Flowcharts Syntax", https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bonkei.analysis.diagram.model import Arrow, Diagram, Group, Kind, Node

_SHAPES: dict[Kind, tuple[str, str]] = {
    "database": ("[(", ")]"),
    "bucket": ("[(", ")]"),
    "people": ("([", "])"),
    "internet": ("([", "])"),
    "approval": ("{{", "}}"),
    "topic": ("([", "])"),
}
_ARROWS = {"request": "-->", "data": "-.->", "control": "-.->"}
_UNSAFE = re.compile(r"[^A-Za-z0-9_]")


def render_mermaid(diagram: Diagram) -> str:
    """A flowchart from left to right, with the groups as subgraphs."""
    lines = [
        "flowchart LR",
        f"  accTitle: {_plain(diagram.title)}",
        f"  accDescr: {_plain(diagram.description)}",
    ]
    inner = {member for group in diagram.groups for member in group.members}
    lines += [line for g in diagram.groups if g.id not in inner for line in _group(diagram, g, 1)]
    lines += [f"  {_node(node)}" for node in diagram.nodes if node.id not in inner]
    lines += [f"  {_arrow(arrow)}" for arrow in diagram.arrows]
    return "\n".join(lines) + "\n"


def _group(diagram: Diagram, group: Group, depth: int) -> Iterator[str]:
    indent = "  " * depth
    note = f" · {group.note}" if group.note else ""
    yield f'{indent}subgraph {_id(group.id)}["{_text(group.title + note)}"]'
    groups = {found.id: found for found in diagram.groups}
    for member in group.members:
        if member in groups:
            yield from _group(diagram, groups[member], depth + 1)
        else:
            yield f"{indent}  {_node(diagram.node(member))}"
    yield f"{indent}end"


def _node(node: Node) -> str:
    opening, closing = _SHAPES.get(node.kind, ("[", "]"))
    label = "<br/>".join((f"<b>{_text(node.title)}</b>", *map(_text, node.lines)))
    return f'{_id(node.id)}{opening}"{label}"{closing}'


def _arrow(arrow: Arrow) -> str:
    label = f'|"{_text(arrow.label)}"|' if arrow.label else ""
    return f"{_id(arrow.source)} {_ARROWS[arrow.style]}{label} {_id(arrow.target)}"


def _id(value: str) -> str:
    """Letters, digits and underscores. A prefix avoids Mermaid's own words."""
    return "n_" + _UNSAFE.sub("_", value)


def _text(value: str) -> str:
    """Mermaid's entities are like HTML's, with # in place of &."""
    for character, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        value = value.replace(character, entity)
    return value


def _plain(value: str) -> str:
    return " ".join(value.replace("#", "no. ").replace(";", ",").split())

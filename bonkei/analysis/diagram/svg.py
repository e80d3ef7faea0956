"""A diagram as SVG: one file that loads nothing, and is light or dark as the reader prefers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from xml.sax.saxutils import escape

from bonkei.analysis.diagram.geometry import Box, Path, rounded
from bonkei.analysis.diagram.geometry import number as _n
from bonkei.analysis.diagram.icons import COLOURS, PATHS
from bonkei.analysis.diagram.layout import (
    BOLD,
    ICON,
    LINE_HEIGHT,
    LINE_SIZE,
    MARGIN,
    TITLE_SIZE,
    Layout,
    lay_out,
)
from bonkei.analysis.diagram.model import Diagram, Group, Node
from bonkei.analysis.diagram.text import fit, width

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def render_svg(diagram: Diagram) -> str:
    """The whole document; the same diagram gives the same text."""
    layout = lay_out(diagram)
    wide = max(layout.width, MARGIN * 2 + width(diagram.title, 18))
    high = layout.height
    size = f'viewBox="0 0 {_n(wide)} {_n(high)}" width="{_n(wide)}" height="{_n(high)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(diagram.title)}</title>',
        f'<desc id="d">{escape(diagram.description)}</desc>',
        f"<style>{_style()}</style>",
        _MARKER,
        f'<rect class="paper" width="{_n(wide)}" height="{_n(layout.height)}" rx="12"/>',
        _heading(diagram.title),
        *_legend(diagram, wide),
        *_frames(layout),
        *(_arrow(path) for path in layout.paths),
        *(_card(node, layout.boxes[node.id]) for node in diagram.nodes),
        # Labels are last, so that no line crosses one.
        *(_label(path) for path in layout.paths if path.arrow.label),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _heading(title: str) -> str:
    return f'<text class="heading" x="{_n(MARGIN)}" y="{_n(MARGIN + 16)}">{escape(title)}</text>'


_LEGEND = (("request", "request"), ("data", "data"), ("control", "trigger"))


def _legend(diagram: Diagram, right: float) -> Iterator[str]:
    """The meaning of the lines, if there is more than one kind."""
    used = {arrow.style for arrow in diagram.arrows}
    if len(used) < 2:
        return
    x = right - MARGIN
    for style, word in reversed(_LEGEND):
        if style not in used:
            continue
        x -= width(word, LINE_SIZE)
        yield f'<text class="line" x="{_n(x)}" y="{_n(MARGIN + 14)}">{word}</text>'
        kind = "" if style == "request" else f" {style}"
        line = f"M{_n(x - 40)} {_n(MARGIN + 10)}h34"
        yield f'<path class="arrow{kind}" d="{line}" marker-end="url(#tip)"/>'
        x -= 58


_MARKER = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
    ' orient="auto-start-reverse"><path class="tip" d="M0 .5L7.5 4L0 7.5z"/></marker></defs>'
)


def _frames(layout: Layout) -> Iterator[str]:
    for group, box in layout.frames:
        yield (f'<rect class="frame" {_rectangle(box)} rx="12" style="fill:var(--{group.kind})"/>')
        yield _frame_title(group, box)


def _frame_title(group: Group, box: Box) -> str:
    space = box.width - 24
    title = fit(group.title, 12.5, space)
    note = ""
    left = space - width(title, 12.5) - 8
    if group.note and left > 40:
        note = f'<tspan class="frame-note" dx="8">{escape(fit(group.note, 12, left))}</tspan>'
    return (
        f'<text class="frame-title" x="{_n(box.x + 12)}" y="{_n(box.y + 20)}">'
        f"{escape(title)}{note}</text>"
    )


def _card(node: Node, box: Box) -> str:
    colour = COLOURS[node.kind]
    space = box.width - ICON - 22
    text_x = box.x + ICON + 12
    first = box.y + (box.height - len(node.lines) * LINE_HEIGHT) / 2 + 4.5
    lines = "".join(
        f'<text class="line" x="{_n(text_x)}" y="{_n(first + 1 + (index + 1) * LINE_HEIGHT)}">'
        f"{escape(fit(line, LINE_SIZE, space))}</text>"
        for index, line in enumerate(node.lines)
    )
    scale = 22 / 24
    icon_x, icon_y = box.x + 12, box.middle - 11
    stripe = Box(box.x, box.y + 8, 3, box.height - 16)
    full = " ".join((node.title, *node.lines))
    return (
        f"<g><title>{escape(full)}</title>"
        f'<rect class="card" {_rectangle(box)} rx="9"/>'
        f'<rect {_rectangle(stripe)} rx="1.5" style="fill:var(--{colour})"/>'
        f'<path class="icon" transform="translate({_n(icon_x)} {_n(icon_y)}) scale({scale:.3f})"'
        f' d="{PATHS[node.kind]}" style="stroke:var(--{colour})"/>'
        f'<text class="title" x="{_n(text_x)}" y="{_n(first)}">'
        f"{escape(fit(node.title, TITLE_SIZE * BOLD, space))}</text>{lines}</g>"
    )


def _arrow(path: Path) -> str:
    style = "" if path.arrow.style == "request" else f" {path.arrow.style}"
    return f'<path class="arrow{style}" d="{rounded(path.points)}" marker-end="url(#tip)"/>'


def _label(path: Path) -> str:
    x, y = path.label_at
    vertical = path.points[-2][0] == path.points[-1][0]
    anchor = "start" if vertical else "middle"
    return (
        f'<text class="label" x="{_n(x + 8 if vertical else x)}" y="{_n(y)}"'
        f' text-anchor="{anchor}">{escape(path.arrow.label)}</text>'
    )


def _rectangle(box: Box) -> str:
    return f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'


@cache
def _style() -> str:
    text = (files("bonkei.analysis.diagram") / "data" / "style.css").read_text(encoding="utf-8")
    return "".join(line.strip() for line in _COMMENT.sub("", text).splitlines())

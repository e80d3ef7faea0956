"""A message as a person reads it: Slack's blocks and colours, or a mail, as lines of text. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bonkei.services.slack.store import Entry

_LINK = re.compile(r"<(https?://[^|>]*)(?:\|([^>]*))?>")
_MENTION = re.compile(r"<(?:@|!(?:subteam\^)?)(\w+)>")
_WIDTH = 96
_COLOURS = {"danger": "red", "warning": "yellow", "good": "green"}


@dataclass(frozen=True, slots=True)
class Line:
    """`colour` of the bar at its left: red | green | yellow | bright_black; empty for no bar."""

    text: str
    colour: str = ""
    bold: bool = False


def render(entry: Entry) -> list[Line]:
    """The lines of a message: its time and channel, then its text."""
    at = datetime.fromtimestamp(entry.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if entry.kind == "email":
        head = Line(f"{at}  e-mail to {entry.to}", bold=True)
        text = str(entry.body.get("text", ""))
        return [head, Line(f"Subject: {entry.body.get('subject', '')}"), *map(Line, _wrap(text))]
    head = Line(f"{at}  Slack{f' ({entry.to})' if entry.to else ''}", bold=True)
    return [head, *_message(entry.body)]


def _message(body: Mapping[str, Any]) -> Iterator[Line]:
    attachments = [each for each in body.get("attachments") or () if isinstance(each, Mapping)]
    blocks = body.get("blocks") or []
    text = str(body.get("text") or "")
    # Slack shows it above attachments. Mostly it repeats the first one's header.
    repeats = attachments and not _MENTION.search(text)
    if not blocks and text and not repeats:
        yield from map(Line, _wrap(plain(text)))
    yield from _blocks(blocks, "")
    for attachment in attachments:
        colour = name_of_colour(str(attachment.get("color", "")))
        yield from _blocks(attachment.get("blocks") or [], colour)
        if not attachment.get("blocks"):
            said = str(attachment.get("text") or attachment.get("fallback") or "")
            yield from (Line(line, colour) for line in _wrap(plain(said)))


def _blocks(blocks: list[Mapping[str, Any]], colour: str) -> Iterator[Line]:
    for block in blocks:
        match block.get("type"):
            case "header":
                yield Line(plain(_text(block.get("text"))), colour, bold=True)
            case "section":
                if block.get("text"):
                    yield from _section(_text(block["text"]), colour)
                for field in block.get("fields") or ():
                    yield Line(plain(_text(field).replace("\n", "  ")), colour)
            case "context":
                parts = [plain(_text(each)) for each in block.get("elements") or ()]
                yield from (Line(line, colour) for line in _wrap(" ".join(parts)))
            case "divider":
                yield Line("─" * 20, colour)
            case other:
                yield Line(f"[{other}]", colour)


def _section(text: str, colour: str) -> Iterator[Line]:
    """A code block is indented, and not wrapped."""
    for number, part in enumerate(text.split("```")):
        if number % 2:
            yield from (Line(f"    {unescape(line)}", colour) for line in part.strip().split("\n"))
        elif part.strip():
            yield from (Line(line, colour) for line in _wrap(plain(part.strip())))


def _text(text: Any) -> str:
    return str(text.get("text", "")) if isinstance(text, Mapping) else ""


def plain(text: str) -> str:
    """The text without Slack's marks: a link becomes its words and its address, a mention `@here`,
    and a star is removed."""
    linked = _LINK.sub(lambda m: f"{m[2]}: {m[1]}" if m[2] else m[1], text)
    named = _MENTION.sub(r"@\1", linked)
    return unescape(re.sub(r"\*([^*\n]+)\*", r"\1", named))


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def name_of_colour(given: str) -> str:
    """The terminal's nearest colour to one of Slack's (a word, or #rrggbb)."""
    if given in _COLOURS:
        return _COLOURS[given]
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", given):
        return ""
    red, green, blue = (int(given.lstrip("#")[i : i + 2], 16) for i in (0, 2, 4))
    if max(red, green, blue) - min(red, green, blue) < 40:
        return "bright_black"
    if red > 180 and green > 140 and blue < 120:
        return "yellow"
    return "red" if red >= green else "green"


def _wrap(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        lines += textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    return lines

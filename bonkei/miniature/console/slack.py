"""The inbox in Slack's form: each message as parts with plain text, never markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from bonkei.services.console import Console, Json
from bonkei.services.slack.render import unescape
from bonkei.services.slack.store import Entry, Inbox

MOST_ROWS = 60
_MOST_PARTS = 60
_LONGEST = 3_000  # characters of a part
_COLOURS = {"good": "#2eb67d", "warning": "#daa038", "danger": "#a30200"}
_SPAN = re.compile(
    r"<(?P<href>https?://[^|>\s]+)(?:\|(?P<label>[^>]*))?>"
    r"|<(?P<special>[@#!][^>]*)>"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?P<bold>[^*\n]+)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^_\n]+)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^~\n]+)~(?![\w~])"
)


def offer_slack(console: Console, inbox: Callable[[], Inbox], where: Callable[[], str]) -> None:
    """The topic `slack`. `where`: where messages go."""
    reading = cache(lambda: Reading(inbox()))

    async def slack(query: Mapping[str, str]) -> Json:
        return shown(reading().entries(), query.get("filter", ""), where())

    console.topics({"slack": slack})


class Reading:
    """The inbox's entries. They are read again only if its file has changed."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._seen: tuple[int, int] | None = None
        self._entries: tuple[Entry, ...] = ()

    def entries(self) -> tuple[Entry, ...]:
        """The oldest first."""
        try:
            found = self._inbox.file.stat()
        except OSError:
            return ()
        seen = (found.st_size, found.st_mtime_ns)
        if seen != self._seen:
            self._entries, self._seen = tuple(self._inbox.entries()), seen
        return self._entries


def shown(entries: Sequence[Entry], text: str, where: str) -> Json:
    """For `slack`: the newest messages with each word of `text`, newest first."""
    words = text.lower().split()
    fits = [one for one in reversed(entries) if all(w in str(one.body).lower() for w in words)]
    return {
        "where": where,
        "total": len(entries),
        "more": max(0, len(fits) - MOST_ROWS),
        "messages": [message(one) for one in fits[:MOST_ROWS]],
    }


def message(entry: Entry) -> dict[str, Any]:
    """`parts` have no bar beside them; `attachments` have one. `reply`: in a thread."""
    body = entry.body
    if entry.kind == "email":
        text = {"kind": "text", "spans": [{"text": str(body.get("text", ""))[:_LONGEST]}]}
        title = {"kind": "header", "spans": [{"text": str(body.get("subject", ""))[:_LONGEST]}]}
        return _of(entry, [title, text], [])
    blocks, attachments = _list(body.get("blocks")), _list(body.get("attachments"))
    parts = list(_parts(blocks))
    if not blocks and body.get("text") and not attachments:
        parts = list(_section(str(body["text"])))
    return _of(entry, parts, [_attachment(one) for one in attachments[:20]])


def _of(entry: Entry, parts: list[Any], attachments: list[Any]) -> dict[str, Any]:
    name = str(entry.body.get("username", ""))[:80]
    return {
        "at": entry.at, "kind": entry.kind, "to": entry.to, "from": name, "parts": parts,
        "attachments": attachments, "reply": bool(entry.body.get("thread_ts")),
    }  # fmt: skip


def _attachment(given: Mapping[str, Any]) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    for name, kind in (("pretext", "text"), ("title", "header")):
        if given.get(name):
            parts.append({"kind": kind, "spans": spans(str(given[name])[:_LONGEST])})
    blocks = _list(given.get("blocks"))
    parts += _parts(blocks)
    if not blocks and (said := str(given.get("text") or given.get("fallback") or "")):
        parts += _section(said)
    if fields := _list(given.get("fields")):
        parts.append({"kind": "fields", "items": [
            spans(f"*{one.get('title', '')}* {one.get('value', '')}"[:_LONGEST])
            for one in fields[:10]
        ]})  # fmt: skip
    return {"colour": colour_of(str(given.get("color", ""))), "parts": parts[:_MOST_PARTS]}


def colour_of(given: str) -> str:
    """`#rrggbb`, or nothing."""
    if given in _COLOURS:
        return _COLOURS[given]
    found = re.fullmatch(r"#?([0-9a-fA-F]{6})", given)
    return f"#{found[1].lower()}" if found else ""


def _parts(blocks: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks[:_MOST_PARTS]:
        kind = str(block.get("type"))
        if kind == "section":
            yield from _section_block(block)
        elif kind == "markdown":
            yield from _section(str(block.get("text", "")))
        elif kind in _SINGLE:
            yield _SINGLE[kind](block)
        else:
            yield {"kind": "context", "items": [[{"text": f"[{kind}]"}]]}


def _section_block(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if block.get("text"):
        yield from _section(_text(block["text"]), _is_plain(block["text"]))
    if fields := _list(block.get("fields")):
        yield {"kind": "fields", "items": [spans(_text(one)) for one in fields[:10]]}
    if accessory := _button(block.get("accessory")):
        yield {"kind": "buttons", "items": [accessory]}


def _header(block: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "header", "spans": [{"text": unescape(_text(block.get("text")))}]}


def _context(block: Mapping[str, Any]) -> dict[str, Any]:
    elements = _list(block.get("elements"))[:10]
    return {"kind": "context", "items": [spans(_text(one)) for one in elements]}


def _actions(block: Mapping[str, Any]) -> dict[str, Any]:
    found = (_button(one) for one in _list(block.get("elements"))[:25])
    return {"kind": "buttons", "items": [one for one in found if one]}


def _image(block: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is loaded from elsewhere, so the picture is a link."""
    text = str(block.get("alt_text", "image"))[:300]
    return {"kind": "context", "items": [_linked(text, block.get("image_url"))]}


def _divider(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "divider"}


_SINGLE: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "divider": _divider,
}


def _button(element: Any) -> dict[str, Any] | None:
    """In a webhook's message, a button can only be a link."""
    if not isinstance(element, Mapping) or element.get("type") != "button":
        return None
    label, url = _text(element.get("text")), str(element.get("url", ""))
    found = {"text": label[:75], "style": str(element.get("style", ""))}
    return found | {"href": url} if url.startswith(("https://", "http://")) else found


def _linked(text: str, url: Any) -> list[dict[str, Any]]:
    found = str(url or "")
    has = found.startswith(("https://", "http://"))
    return [{"text": text, "href": found}] if has else [{"text": text}]


def _section(text: str, is_plain: bool = False) -> Iterator[dict[str, Any]]:
    """Code blocks are parts of their own."""
    if is_plain:
        yield {"kind": "text", "spans": [{"text": unescape(text[:_LONGEST])}]}
        return
    for number, part in enumerate(text[:_LONGEST].split("```")):
        if number % 2:
            yield {"kind": "code", "spans": [{"text": unescape(part.strip("\n"))}]}
        elif part.strip():
            yield {"kind": "text", "spans": spans(part.strip())}


def spans(text: str) -> list[dict[str, Any]]:
    """Slack's mrkdwn as pieces of plain text: `{"text", "bold" | "italic" | "strike" | "code":
    true, "href"}`. Only addresses of the web become links."""
    found: list[dict[str, Any]] = []
    at = 0
    for match in islice(_SPAN.finditer(text), 200):
        if match.start() > at:
            found.append({"text": unescape(text[at : match.start()])})
        at = match.end()
        kind = match.lastgroup or ""
        if match["href"]:
            address = unescape(match["href"])
            found.append({"text": unescape(match["label"] or address), "href": address})
        elif match["special"]:
            name = match["special"].partition("|")
            found.append({"text": unescape(name[2] or name[0]), "bold": True})
        else:
            found.append({"text": unescape(match[kind]), kind: True})
    if at < len(text):
        found.append({"text": unescape(text[at:])})
    return found


def _text(text: Any) -> str:
    return str(text.get("text", ""))[:_LONGEST] if isinstance(text, Mapping) else ""


def _is_plain(text: Any) -> bool:
    return isinstance(text, Mapping) and text.get("type") == "plain_text"


def _list(given: Any) -> list[Mapping[str, Any]]:
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []

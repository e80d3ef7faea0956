"""The topic `search`: what has a text in its name. It asks the topics of the pages once, so each
keeps its own bounds and hides its secrets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bonkei.services.console import Console, Json

_MOST = 6  # of each kind
_SHORTEST, _LONGEST = 2, 200  # characters of a text
_SHOWN = 200  # characters of a title or a note

Hit = dict[str, Any]


def offer_search(console: Console) -> None:
    """`text`: words that a hit has all of. A line and a path have the text as it is written."""

    async def data(topic: str, **query: str) -> Any:
        """None where the topic has nothing to show now, as before Terraform has run."""
        state = await console.state(f"{topic}?{urlencode(query)}")
        return json.loads(b"{" + state + b"}").get("data")

    async def search(query: Mapping[str, str]) -> Json:
        text = query.get("text", "").strip()[:_LONGEST]
        if len(text) < _SHORTEST and not text.isdigit():
            return {"hits": []}
        numbered, requests, tasks, resources, alarms, lines = await asyncio.gather(
            data("requests", upto=text, most="1") if text.isdigit() else _nothing(),
            data("requests", path=text, most=str(_MOST)),
            data("tasks"),
            data("resource.all"),
            data("alarms"),
            data("logs.search", request=text),
        )
        by_number = [one for one in _rows(numbered, "rows") if str(one["id"]) == text]
        kinds = (
            (_request(one) for one in by_number + _rows(requests, "rows")),
            _fitting(text, map(_task, _rows(tasks, "tasks") + _rows(tasks, "stopped"))),
            _fitting(text, map(_resource, resources or ())),
            _fitting(text, map(_alarm, _rows(alarms, "alarms"))),
            (_line(one, text) for one in reversed(_rows(lines, "records"))),
        )
        return {"hits": [hit for kind in kinds for hit, _ in zip(kind, range(_MOST), strict=False)]}

    console.topics({"search": search})


async def _nothing() -> None:
    return None


def _rows(data: Any, name: str) -> list[Any]:
    return list(data[name]) if data else []


def _fitting(text: str, hits: Iterator[Hit]) -> Iterator[Hit]:
    words = text.lower().split()
    return (
        hit for hit in hits
        if all(word in f"{hit['id']} {hit['title']} {hit['note']}".lower() for word in words)
    )  # fmt: skip


def _hit(
    page: str, shown: str, title: str, note: str, query: Mapping[str, str] | None = None
) -> Hit:
    """`shown`: the id of what `page` opens."""
    return {
        "page": page, "id": shown, "title": title[:_SHOWN], "note": note[:_SHOWN],
        "query": dict(query or {}),
    }  # fmt: skip


def _request(one: Any) -> Hit:
    title = f"{one['method']} {one['target']}"
    return _hit("requests", str(one["id"]), title, f"{one['status']} · {one['ms']} ms")


def _task(one: Any) -> Hit:
    group = one.get("group") or one.get("started_by") or ""
    note = f"{one['definition']} · {one.get('status', 'STOPPED')} · {one['reason']}"
    return _hit("tasks", one["id"], f"{one['id'][:8]} {group}", note.removesuffix(" · "))


def _resource(one: Any) -> Hit:
    return _hit("resource", one["address"], one["address"], one["type"])


def _alarm(one: Any) -> Hit:
    return _hit("alarms", one["name"], one["name"], f"{one['state']} · {one['condition']}")


def _line(one: Any, text: str) -> Hit:
    """It opens the page with the second of the line."""
    query = {"log": one["log"], "request": text}
    if one["time"]:
        second = datetime.fromisoformat(one["time"]).replace(microsecond=0)
        query["since"] = f"{second:%Y-%m-%dT%H:%M:%SZ}"
        query["until"] = f"{second + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    note = f"{one['time'][11:19]} {one['log']} {one['level']}".strip()
    return _hit("logs", "", one["message"], note, query)

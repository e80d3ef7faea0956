"""The output of `bonkei explain`: explains a request, and sends it if requested."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.edge import AccessRecord, Edge
from bonkei.miniature.requests import telling
from bonkei.miniature.requests.asked import Wish, ask
from bonkei.miniature.requests.places import Places
from bonkei.miniature.requests.sending import Hear, as_line, send
from bonkei.miniature.requests.traces import ids_of
from bonkei.traces import Span


@dataclass(frozen=True, slots=True)
class RequestWorld:
    """`hear` registers a listener of finished requests. `definitions`: Terraform's root module.
    Paths are shown relative to `root`. `logs`: the folder with this machine's logs."""

    edge: Edge
    blueprint: Callable[[], Blueprint]
    hear: Hear
    definitions: Path
    root: Path
    logs: Path
    spans: Callable[[Iterable[str]], Sequence[Span]] = lambda _: ()  # of trace ids


async def explain(world: RequestWorld, wish: Wish, *, sends: bool) -> dict[str, Any]:
    """`steps`, the `expected` result, and with `sends` the real one (`was`). Raises
    MiniatureError."""
    asked = ask(wish, world.edge.snapshot().listeners, world.blueprint())
    told = world.edge.explain(asked.listener.port, asked.head, asked.body)
    places = await asyncio.to_thread(Places, world.definitions, world.root)
    shown = await asyncio.to_thread(telling.explanation, told, places.line)
    line = asked.head.partition(b"\r\n")[0].decode("latin-1").rpartition(" ")[0]
    method, _, target = line.partition(" ")
    result: dict[str, Any] = {
        "request": f"{method} {telling.shown_target(target)}",
        "listener": asked.listener.address,
        "url": asked.listener.url,
        **shown,
        "was": None,
    }
    if sends:
        sent = await send(asked, world.hear, world.logs)
        result["was"] = {
            **telling.record(sent.record),
            "differences": telling.differences(told.expected, sent.record),
            "calls": [telling.record(each) for each in sent.calls],
            "spans": spans_of(sent.record, world),
            "lines": [as_line(each) for each in sent.lines],
        }
    return result


def spans_of(record: AccessRecord, world: RequestWorld, begun: float = 0.0) -> list[dict[str, Any]]:
    """The spans that programs report for a request. `begin`: milliseconds after `begun` (Unix
    seconds), or after the first span."""
    found = world.spans(ids_of(record.headers, record.trace_id))[:_MOST_SPANS]
    begun = begun or min((each.begin for each in found), default=0.0)
    return [
        {
            "service": each.service,
            "name": each.name,
            "kind": each.kind,
            "begin": round((each.begin - begun) * 1000, 3),
            "ms": round(each.seconds * 1000, 3),
            "error": each.is_error,
        }
        for each in found
    ]


_MOST_SPANS = 200

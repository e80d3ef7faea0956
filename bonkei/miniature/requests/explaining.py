"""The output of `bonkei explain`: explains a request, and sends it if requested."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.miniature.requests import telling
from bonkei.miniature.requests.asked import Wish, ask
from bonkei.miniature.requests.places import Places
from bonkei.miniature.requests.sending import Hear, as_line, send
from bonkei.services.edge import Edge

_FAILED = HTTPStatus.INTERNAL_SERVER_ERROR


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
        by_edge = sent.record.status >= _FAILED and not sent.record.task_id
        result["was"] = {
            **telling.record(sent.record),
            "cause": sent.cause or (told.steps[-1].text if by_edge and told.steps else ""),
            "differences": telling.differences(told.expected, sent.record),
            "calls": [telling.record(each) for each in sent.calls],
            "lines": [as_line(each) for each in sent.lines],
        }
    return result

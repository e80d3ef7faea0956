"""The call of `bonkei explain` to a running miniature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.miniature.control.answering import Call, Handler
from bonkei.miniature.requests.asked import Wish
from bonkei.miniature.requests.explaining import RequestWorld, explain


def handlers(world: RequestWorld) -> Mapping[str, Handler]:
    """By the names of the calls."""

    async def on_explain(call: Call) -> Any:
        return await explain(world, _wish(call.arguments), sends=bool(call.arguments.get("send")))

    return {"explain": on_explain}


def _wish(arguments: Mapping[str, Any]) -> Wish:
    body = arguments.get("body")
    return Wish(
        str(arguments.get("url", "/")),
        str(arguments.get("method", "GET")),
        tuple((str(name), str(value)) for name, value in arguments.get("headers", ())),
        None if body is None else str(body).encode(),
    )

"""The calls of `bonkei explain` and `bonkei load` to a running miniature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.miniature.control.answering import Call, Handler
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.requests.asked import Wish
from bonkei.miniature.requests.explaining import RequestWorld, explain


def handlers(world: RequestWorld) -> Mapping[str, Handler]:
    """By the names of the calls."""

    async def on_explain(call: Call) -> Any:
        return await explain(world, _wish(call.arguments), sends=bool(call.arguments.get("send")))

    async def on_addresses(call: Call) -> Any:
        from bonkei.miniature.requests.visits import addresses  # noqa: PLC0415 - with drills

        paths = [str(path) for path in call.arguments.get("paths", ())]
        found = addresses(world.blueprint(), world.edge.snapshot().listeners, paths)
        if not found:
            raise MiniatureError(
                "no visitor can come in: no distribution and no load balancer listens",
                remedy="see `bonkei status`",
            )
        return found

    return {"explain": on_explain, "addresses": on_addresses}


def _wish(arguments: Mapping[str, Any]) -> Wish:
    body = arguments.get("body")
    return Wish(
        str(arguments.get("url", "/")),
        str(arguments.get("method", "GET")),
        tuple((str(name), str(value)) for name, value in arguments.get("headers", ())),
        None if body is None else str(body).encode(),
    )

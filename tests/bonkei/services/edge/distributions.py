"""Shared by the tests of distributions: caching behaviors, and viewers."""

from __future__ import annotations

from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Behavior, CachePolicy
from bonkei.services.edge.cloudfront.cache import Cache
from tests.bonkei.services.edge.definitions import behavior, distribution, stack
from tests.bonkei.services.edge.support import Message, Reply, Running

CACHED = CachePolicy("cached", 0, 60, 3600)
MISS, HIT = "Miss from cloudfront", "Hit from cloudfront"


def cloudfront(*behaviors: Behavior, **changes: Any) -> Blueprint:
    return stack(distributions=(distribution(*behaviors, **changes),))


def cached(pattern: str = "*", policy: CachePolicy = CACHED, **changes: Any) -> Behavior:
    return behavior(pattern, cache=policy, origin_request=None, **changes)


def get(edge: Running, target: str = "/", *headers: tuple[str, str], **more: Any) -> Any:
    return edge.get(target, *headers, kind="distribution", **more)


def cache(edge: Running) -> Cache:
    """The only distribution's."""
    [found] = edge.edge._memory.caches.values()
    return found


class Changing:
    """A reply that a test can change while the origin runs."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply

    async def __call__(self, message: Message, reader: Any, writer: Any) -> None:
        await self.reply(message, reader, writer)

"""Requests to the load balancer, with or without the distribution's header."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import count, cycle, islice

from bonkei.blueprint import Blueprint
from bonkei.miniature.rehearsal.causes.base import Quiet
from bonkei.miniature.rehearsal.values import Request
from bonkei.services.edge import EdgeSnapshot

_EXTRA = 3


class Asking:
    """Sends a number of requests at once, as a distribution would. Each answer is read, or given up
    after `seconds`. A client requests a response that no cache has."""

    def __init__(
        self,
        edge: EdgeSnapshot,
        blueprint: Blueprint,
        paths: Sequence[str],
        amount: int,
        seconds: float,
    ) -> None:
        listeners = (one.url for one in edge.listeners if one.kind == "load_balancer")
        self._url = next(listeners, "")
        origins = [origin for one in blueprint.distributions for origin in one.origins]
        self._headers = {"Cache-Control": "no-cache"}
        for origin in origins:
            self._headers.update(origin.headers)
        self._paths = cycle(paths or ("/",))
        self._amount = amount
        self._seconds = seconds
        self._numbers = count()

    async def __call__(self) -> None:
        import aiohttp  # noqa: PLC0415 - it takes a while to load

        if not self._url:
            return
        timeout = aiohttp.ClientTimeout(total=self._seconds)
        async with aiohttp.ClientSession(
            trust_env=False, timeout=timeout, headers=self._headers
        ) as session:
            paths = list(islice(self._paths, self._amount))
            await asyncio.gather(*(self._one(session, path) for path in paths))

    async def _one(self, session: object, path: str) -> None:
        import aiohttp  # noqa: PLC0415 - as above

        assert isinstance(session, aiohttp.ClientSession)  # noqa: S101 - for the types
        joint = "&" if "?" in path else "?"
        url = f"{self._url}{path}{joint}rehearsal={next(self._numbers)}"
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with session.get(url, allow_redirects=False) as answer:
                await answer.read()


class Around(Quiet):
    """Requests that go around the distribution. The web ACL blocks them."""

    def __init__(self, firewall: Request, threshold: float) -> None:
        self._firewall = firewall
        self._count = int(threshold) + _EXTRA

    async def push(self) -> None:
        for _ in range(self._count):
            await self._firewall()

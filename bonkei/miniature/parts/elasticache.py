"""The caches of the blueprint, and their servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bonkei.blueprint.elasticache import Cache
from bonkei.miniature.lifecycle.together import close_all
from bonkei.miniature.loopback import Loopback
from bonkei.miniature.steps import Steps
from bonkei.services.elasticache import CacheError, CacheServer, CacheSnapshot


class Caches:
    """Starts the declared caches, and stops those that are no longer in the definitions."""

    name = "caches"

    def __init__(self, home: Path, loopback: Loopback) -> None:
        self._home = home
        self._loopback = loopback
        self._running: dict[str, CacheServer] = {}

    async def follow(
        self, caches: Sequence[Cache], addresses: Mapping[str, str], steps: Steps
    ) -> None:
        """`addresses`: by the cache's ARN. One that cannot run is named, and the rest starts: many
        programs work without their cache."""
        for arn in {*self._running} - {cache.arn for cache in caches}:
            await self._running.pop(arn).stop()
        for declared in caches:
            host, port = self._loopback.here(addresses[declared.arn], declared.port, keeps=True)
            cache = replace(declared, port=port)
            server = self._running.get(cache.arn)
            try:
                if server is not None:
                    await server.apply(cache)
                    continue
                server = CacheServer(cache, host, self._home)
                self._running[cache.arn] = server
                with steps.step("cache") as step:
                    await server.start()
                    step.detail = f"{cache.identifier}: {server.snapshot().server}"
            except CacheError as error:
                steps.note(f"{error.message}\n  {error.remedy}")

    def snapshot(self) -> list[CacheSnapshot]:
        return [server.snapshot() for server in self._running.values()]

    async def stop(self) -> None:
        """Stop all of them, even if one fails to stop properly."""
        await close_all(*(server.stop for server in self._running.values()))

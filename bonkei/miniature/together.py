"""Several things to begin side by side, or to end one after the other, where one may fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


async def do_all(*jobs: Awaitable[Any]) -> None:
    """All of them; when one fails the others are cancelled, and its own error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(_awaited(job))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _awaited(job: Awaitable[Any]) -> None:
    await job


async def close_all(*steps: Callable[[], Awaitable[None]]) -> None:
    """Each in turn, also after one that failed; the first failure is raised in the end."""
    failures: list[Exception] = []
    for step in steps:
        try:
            await step()
        except Exception as error:
            failures.append(error)
    if failures:
        raise failures[0]

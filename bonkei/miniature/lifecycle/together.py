"""Starts several things in parallel, or ends them in turn. Any of them may fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


async def do_all(*jobs: Awaitable[Any]) -> None:
    """Run all jobs. If one fails, the others are cancelled, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(_awaited(job))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _awaited(job: Awaitable[Any]) -> None:
    await job


async def close_all(*steps: Callable[[], Awaitable[None]]) -> None:
    """Run each step in turn, also after a failure. Raises the first failure at the end."""
    failures: list[Exception] = []
    for step in steps:
        try:
            await step()
        except Exception as error:
            failures.append(error)
    if failures:
        raise failures[0]

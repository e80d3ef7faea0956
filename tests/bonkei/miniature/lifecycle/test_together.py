"""Parallel jobs, and closing in turn."""

from __future__ import annotations

import asyncio

import pytest

from bonkei.miniature.home import MiniatureError
from bonkei.miniature.lifecycle.together import close_all, do_all


async def test_of_parallel_jobs_the_first_failure_is_reported_and_ends_the_others() -> None:
    cancelled = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async def fail() -> None:
        await asyncio.sleep(0)
        raise MiniatureError("it failed")

    with pytest.raises(MiniatureError, match="it failed"):
        await do_all(wait(), fail())
    assert cancelled.is_set()
    await do_all()


async def test_everything_is_closed_and_the_first_failure_is_reported() -> None:
    closed: list[int] = []

    async def close(number: int) -> None:
        closed.append(number)
        if number > 1:
            raise OSError(str(number))

    with pytest.raises(OSError, match="2"):
        await close_all(*(lambda n=n: close(n) for n in (1, 2, 3)))  # type: ignore[misc]
    assert closed == [1, 2, 3]

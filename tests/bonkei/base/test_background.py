"""Jobs in the background: they are kept, they end by themselves, or they are stopped."""

from __future__ import annotations

import asyncio
import gc

from bonkei.base.background import Background


async def test_a_job_goes_on_without_any_other_reference_to_it() -> None:
    ended, jobs = asyncio.Event(), Background()

    async def work() -> int:
        await asyncio.sleep(0)
        ended.set()
        return 3

    task = jobs.start(work())
    del task
    gc.collect()
    assert len(jobs) == 1
    await asyncio.wait_for(ended.wait(), 60)
    await asyncio.sleep(0)
    assert (len(jobs), list(jobs)) == (0, [])
    assert await jobs.start(work()) == 3


async def test_a_stop_cancels_and_waits_for_what_a_job_undoes() -> None:
    undone, jobs = [], Background()

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            undone.append(name)

    async def fails() -> None:
        raise OSError

    for name in ("one", "two"):
        jobs.start(work(name))
    jobs.start(fails())
    await asyncio.sleep(0)
    await jobs.stop()
    assert (sorted(undone), len(jobs)) == (["one", "two"], 0)
    await jobs.stop()


async def test_a_job_that_ends_in_time_is_not_cancelled() -> None:
    done, jobs = asyncio.Event(), Background()

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.set()

    jobs.start(work())
    await jobs.stop(grace=60)
    assert done.is_set()

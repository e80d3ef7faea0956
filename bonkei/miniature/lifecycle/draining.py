"""The orderly end of a miniature: requests in flight finish."""

from __future__ import annotations

import asyncio

from bonkei.services.edge import Edge


async def drain(edge: Edge, grace: float, hurry: asyncio.Event) -> None:
    """Make the edge accept no new requests, and let the requests in flight end: for `grace`
    seconds, or until `hurry`."""
    ends = [asyncio.ensure_future(edge.drain(grace)), asyncio.ensure_future(hurry.wait())]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in ends:
            each.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    if not ends[0].cancelled():
        ends[0].result()  # the error is raised further

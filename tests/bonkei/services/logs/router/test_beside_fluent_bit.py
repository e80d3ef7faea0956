"""The corpus through the real Fluent Bit and through the reader: the same objects and events.

The tests need a Fluent Bit: on the PATH, or named by BONKEI_FLUENT_BIT. docs/measurements.md has
the result with one that was built from source.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import log_corpus
import pytest

from bench.log_routers import Stand

BINARY = os.environ.get("BONKEI_FLUENT_BIT") or shutil.which("fluent-bit") or ""


async def deliver(binary: str, directory: Path, lines: Iterable[tuple[str, str]]) -> Any:
    """The objects' records, and the events of each stream."""
    directory.mkdir()
    stand = Stand(binary, directory)
    await stand.start()
    driver = stand.driver
    assert driver is not None
    try:
        for number, (stream, line) in enumerate(lines):
            driver.write(stream, 1795694400.5 + number, log_corpus.pieces(line))
            await asyncio.sleep(0)  # the driver connects
            await driver.writable()
        async with asyncio.timeout(60):
            while len(stand.aws.messages("ERROR")) < 15:
                await asyncio.sleep(0.05)
        await asyncio.sleep(2)  # for data that the real one sends after its last flush
        await stand.end()
        assert driver.lost == 0
    finally:
        await stand.aws.stop()
    kinds = ("access/", "application/")
    records = {
        kind: sorted(json.dumps(r, sort_keys=True) for r in stand.aws.lines(kind)) for kind in kinds
    }
    events = {
        stream: sorted((e["timestamp"], e["message"]) for e in found)
        for (_, stream), found in stand.aws.events.items()
    }
    return records, events


needs_binary = pytest.mark.skipif(
    not BINARY, reason="no fluent-bit on the PATH or in BONKEI_FLUENT_BIT"
)


@pytest.mark.parametrize("binary", ["", pytest.param(BINARY, marks=needs_binary)])
async def test_a_stop_with_a_refused_chunk_loses_nothing(binary: str, tmp_path: Path) -> None:
    """The permission is missing when the router is stopped, and returns within its `grace`. With
    `storage.backlog.flush_on_shutdown`, Fluent Bit 5.0.9 aborts here and loses all of it.
    """
    stand = Stand(binary, tmp_path)
    await stand.start()
    stand.aws.status = 403
    try:
        await stand.write(500)
        async with asyncio.timeout(60):
            while not stand.aws.calls:
                await asyncio.sleep(0.05)
        ending = asyncio.create_task(stand.end())
        await asyncio.sleep(1.5)
        stand.aws.status = 0
        await ending
        assert stand.process is not None
        assert stand.process.poll() == 0
        assert stand.counts() == (0, 0)
    finally:
        await stand.aws.stop()


@needs_binary
@pytest.mark.parametrize("seed", [0, 1, 2])
async def test_both_deliver_the_same(seed: int, tmp_path: Path) -> None:
    """The corpus, or 10,000 lines at random."""
    lines = [*(log_corpus.generated(10_000, seed) if seed else log_corpus.lines())]
    own = await deliver("", tmp_path / "reader", lines)
    assert own == await deliver(BINARY, tmp_path / "real", lines)

"""Events that wait for a function, without processes."""

from __future__ import annotations

import asyncio
import errno
import time
from pathlib import Path

import pytest

from bonkei.services.lambda_.asynchronous import Event
from bonkei.services.lambda_.concurrency import Concurrency
from bonkei.services.lambda_.errors import cannot_run
from bonkei.services.lambda_.outcome import Outcome
from bonkei.services.lambda_.waiting import Callee, WaitingEvents
from tests.bonkei.services.lambda_.running import arn, function


async def nowhere(*_: object) -> None:
    raise AssertionError("there is no destination")


@pytest.mark.parametrize(
    "refused", [OSError(errno.ENOSPC, "No space left on device"), cannot_run("f: no descriptor")]
)
async def test_a_refusal_of_the_machine_is_retried_and_does_not_count_as_an_attempt(
    tmp_path: Path, refused: Exception
) -> None:
    """For system errors, "Lambda returns the event to the queue and attempts to run the function
    again for up to 6 hours"."""
    declared, attempts, reports = function("f", "f.zip"), list[int](), list[str]()

    async def run(event: Event) -> Outcome:
        attempts.append(event.attempts)
        if len(attempts) <= 4:
            raise refused
        return Outcome("success", b"null")

    concurrency = Concurrency()
    waiting = WaitingEvents(
        tmp_path,
        concurrency,
        Callee(lambda _: declared, run, lambda *_: None),
        nowhere,
        reports.append,
        pace=1_000.0,
    )
    waiting.open()
    waiting.add(Event("id", arn("f"), "{}", time.time()))
    async with asyncio.timeout(60):
        while len(waiting):
            await asyncio.sleep(0.005)
    await waiting.stop()
    assert attempts == [1] * 5
    assert reports == [f"events of f wait: {refused}"]
    assert not concurrency.busy
    assert list(tmp_path.iterdir()) == []

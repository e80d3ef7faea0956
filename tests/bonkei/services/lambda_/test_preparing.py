"""Execution environments that begin before they are called, and who gets which.

"For functions using unreserved (on-demand) concurrency, Lambda occasionally pre-initializes
execution environments to reduce the number of cold start invocations. [...] If a pre-initialized
execution environment becomes available while Lambda is initializing a new execution environment to
process an invocation, Lambda can use the pre-initialized execution environment." ("Understanding
the Lambda execution environment lifecycle", AWS Lambda Developer Guide.)
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bonkei.base.aws_service import AwsServiceError
from tests.bonkei.services.lambda_.running import VISIT, arn, counting, function, package, running

COUNTED = """
import os
calls = 0
def handler(event, context):
    global calls
    calls += 1
    return [os.getpid(), calls]
"""
SLOW_AFTER_THE_FIRST = f"""{VISIT}
import time
if before():
    time.sleep(30)
def handler(event, context):
    time.sleep(event)
    return os.getpid()
"""
FAILS_ONCE = f"""{VISIT}
if not before():
    raise ValueError("not yet")
def handler(event, context):
    return "there"
"""


async def test_prepared_ones_are_used_and_report_their_beginning(tmp_path: Path) -> None:
    async with running(tmp_path, function("f", package(tmp_path, {"main.py": COUNTED}))) as made:
        await made.functions.prepare(arn("f"), 2)
        [before] = made.functions.snapshot()
        await made.functions.prepare(arn("f"), 2)  # they are there
        first, second, third = [await made.call("f", {}) for _ in range(3)]
        [after] = made.functions.snapshot()
    assert (before.processes, before.invocations, after.processes) == (2, 0, 2)
    # "Init Duration: For the first request served" (of the environment), and only of it.
    assert (first.init or 0) > 0
    assert (second.init, third.init) == (None, None)
    assert json.loads(third.payload)[1] == 3
    assert sum("Init Duration" in text for text in made.texts) == 1


async def test_no_more_are_prepared_than_may_run(tmp_path: Path) -> None:
    zipped = package(tmp_path, {"main.py": COUNTED})
    declared = function("f", zipped, reserved_concurrency=1)
    async with running(tmp_path, declared, function("g", zipped, runtime="cobol1.0")) as made:
        await made.functions.prepare(arn("f"), 3)
        await made.functions.prepare(arn("g"), 3)
        found = {each.name: each.processes for each in made.functions.snapshot()}
        with pytest.raises(AwsServiceError):
            await made.functions.prepare(arn("h"), 1)
    assert found == {"f": 1, "g": 0}


async def test_a_call_takes_what_another_gives_back_meanwhile(tmp_path: Path) -> None:
    """Its own environment takes thirty seconds to begin, the other call is over in half of one."""
    zipped = package(tmp_path, {"main.py": SLOW_AFTER_THE_FIRST})
    async with (
        counting() as told,
        running(tmp_path, function("f", zipped, environment=told)) as made,
    ):
        await made.functions.prepare(arn("f"), 1)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        one, other = await asyncio.gather(made.call("f", 0.5), made.call("f", 0))
        took = loop.time() - begun
        [after] = made.functions.snapshot()
    assert one.payload == other.payload
    assert 0.5 <= took < 25
    assert after.processes == 2  # the new one goes on, for later calls


async def test_one_that_fails_before_it_is_called_costs_no_call(tmp_path: Path) -> None:
    zipped = package(tmp_path, {"main.py": FAILS_ONCE})
    async with (
        counting() as told,
        running(tmp_path, function("f", zipped, environment=told)) as made,
    ):
        await made.functions.prepare(arn("f"), 1)
        [before] = made.functions.snapshot()
        outcome = await made.call("f", {})
    assert (before.processes, before.errors, outcome.payload) == (0, 0, b'"there"')
    assert any(text.startswith("INIT_REPORT") and "Phase: init" in text for text in made.texts)


async def test_who_is_cancelled_leaves_the_environment_to_the_next(tmp_path: Path) -> None:
    async with running(tmp_path, function("f", package(tmp_path, {"main.py": COUNTED}))) as made:
        calls = [asyncio.create_task(made.call("f", {})) for _ in range(2)]
        await asyncio.sleep(0)
        calls[0].cancel()
        outcome = await calls[1]
        again = await made.call("f", {})
    assert json.loads(outcome.payload)[1] == 1
    assert json.loads(again.payload)[1] in (1, 2)


async def test_nothing_is_left_of_one_that_begins_when_all_stops(tmp_path: Path) -> None:
    slow = package(tmp_path, {"main.py": "import time; time.sleep(60)"})
    async with running(tmp_path, function("f", slow)) as made:
        call = asyncio.create_task(made.call("f", {}))
        await asyncio.sleep(0.05)
    with pytest.raises(AwsServiceError):
        await asyncio.wait_for(call, 60)
    assert list((tmp_path / "functions" / "temporary").iterdir()) == []

"""A start without changes waits for nothing. Calls wait for the store."""

from __future__ import annotations

import asyncio
import errno
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.s3 import Bucket
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.backing.process import RUN
from bonkei.services.endpoint.cloud import Cloud
from bonkei.services.endpoint.provision import Provisioner
from bonkei.services.endpoint.settings import CloudSettings
from tests.bonkei.services.endpoint.rigs import (
    ACCOUNT,
    DECLARED,
    ENVIRONMENTS,
    Rig,
    give_certificate,
)

CHECK = 1.0
"""Seconds after a start without changes until what was declared is checked: fewer than usual."""


class Starts:
    """Start services in one folder, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = give_certificate(folder)
        self.gate = asyncio.Event()  # until it is open, the store does not start
        self.gate.set()
        self.reports: list[str] = []

    async def _environment(self, lock: Path) -> Path:
        await self.gate.wait()
        return await ensure_environment((lock,), ENVIRONMENTS, lambda _: None)

    async def start(self, blueprint: Blueprint = DECLARED, check_after: float = CHECK) -> Cloud:
        settings = CloudSettings(self.folder, ACCOUNT, 0, self.folder, check_after=check_after)
        cloud = Cloud(settings, MemoryVault({}), self._environment, {}, self.reports.append)
        await cloud.start()
        await cloud.apply(blueprint)
        return cloud


async def keys(cloud: Cloud) -> Any:
    client = Rig(cloud, asyncio.get_running_loop(), MemoryVault({}), []).client("s3")
    return await asyncio.to_thread(client.list_objects_v2, Bucket="shop")


@pytest.fixture
def starts(tmp_path: Path) -> Starts:
    return Starts(tmp_path)


async def test_a_start_without_changes_does_not_wait(starts: Starts) -> None:
    cloud = await starts.start()
    await cloud.stop()
    starts.gate.clear()
    cloud = await asyncio.wait_for(starts.start(), 60)
    try:
        assert cloud.snapshot().store == "starting"
        asyncio.get_running_loop().call_later(0.5, starts.gate.set)
        assert (await keys(cloud))["KeyCount"] == 0  # a call waits, and then gets its answer
        assert cloud.snapshot().store == "available"
        await cloud.apply(DECLARED)  # after the first one, not beside it
        assert cloud.snapshot().notes == ()
    finally:
        await cloud.stop()
    assert starts.reports == []


async def test_a_start_leaves_what_it_compiled_to_the_next_one(starts: Starts) -> None:
    kept = RUN.with_name("__pycache__")
    for file in kept.glob("ministack_changes.*"):
        file.unlink()
    cloud = await starts.start()
    await cloud.stop()
    assert list(kept.glob("ministack_changes.*.pyc"))


def test_nothing_is_searched_for_garbage_while_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "ministack_changes.py").write_text(
        "import gc\nwhile_loaded = gc.isenabled()\n"
        "def run(): print(while_loaded, gc.isenabled(), gc.get_freeze_count() > 0)\n"
    )
    program = shutil.copy(RUN, tmp_path)
    outcome = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert outcome.stdout.split() == ["False", "True", "True"]


async def test_new_resources_exist_before_the_first_task(starts: Starts) -> None:
    cloud = await starts.start(replace(DECLARED, buckets=()))
    await cloud.stop()
    starts.gate.clear()
    starting = asyncio.create_task(starts.start())
    done, _ = await asyncio.wait({starting}, timeout=0.5)
    assert not done
    starts.gate.set()
    cloud = await starting
    try:
        assert (await keys(cloud))["KeyCount"] == 0
    finally:
        await cloud.stop()


async def test_an_apply_without_changes_restores_what_was_deleted_by_hand_after_its_answer(
    starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, begun, reconcile = asyncio.Event(), asyncio.Event(), Provisioner.reconcile
    more = Bucket("aws_s3_bucket.more", "arn:aws:s3:::more", "more")

    async def slow(self: Provisioner, things: Any) -> tuple[str, ...]:
        assert not begun.is_set()  # never two at once
        begun.set()
        await held.wait()
        notes = await reconcile(self, things)
        begun.clear()
        return notes

    cloud = await starts.start(check_after=3600)
    try:
        ssm = Rig(cloud, asyncio.get_running_loop(), MemoryVault({}), []).client("ssm")
        await asyncio.to_thread(ssm.delete_parameter, Name="/shop/a")
        monkeypatch.setattr(Provisioner, "reconcile", slow)
        await asyncio.wait_for(cloud.apply(DECLARED, check_later=True), 60)
        assert not begun.is_set()
        cloud.check()  # the answer is given
        await asyncio.wait_for(begun.wait(), 60)
        changed = replace(DECLARED, buckets=(*DECLARED.buckets, more))
        following = asyncio.create_task(cloud.apply(changed, check_later=True))
        done, _ = await asyncio.wait({following}, timeout=0.2)
        assert not done  # it waits for the check
        held.set()
        await asyncio.wait_for(following, 60)
        assert await cloud.has_bucket("more")  # what has changed is there when an apply ends
        found = await asyncio.to_thread(ssm.get_parameter, Name="/shop/a")
        assert found["Parameter"]["Value"] == "one"
    finally:
        await cloud.stop()
    assert starts.reports == []


async def test_an_apply_without_changes_is_checked_at_once_after_a_difference(
    starts: Starts,
) -> None:
    """The answer names what is still different, and not what someone has mended."""
    wrong = Bucket("aws_s3_bucket.bad", "arn:aws:s3:::Bad_Name", "Bad_Name")
    cloud = await starts.start(replace(DECLARED, buckets=(*DECLARED.buckets, wrong)))
    try:
        [note] = cloud.snapshot().notes
        cloud._declared.notes = (*cloud._declared.notes, "another one is mended")
        await cloud.apply(replace(DECLARED, buckets=(*DECLARED.buckets, wrong)), check_later=True)
        assert cloud.snapshot().notes == (note,)
    finally:
        await cloud.stop()


async def test_a_difference_is_reported_later(starts: Starts) -> None:
    """The store refuses a name each time."""
    wrong = Bucket("aws_s3_bucket.bad", "arn:aws:s3:::Bad_Name", "Bad_Name")
    declared = replace(DECLARED, buckets=(*DECLARED.buckets, wrong))
    cloud = await starts.start(declared)
    notes = cloud.snapshot().notes
    await cloud.stop()
    assert len(notes) == 1
    cloud = await starts.start(declared)
    try:
        deadline = time.monotonic() + 60
        while not starts.reports and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        assert starts.reports == list(notes) == list(cloud.snapshot().notes)
    finally:
        await cloud.stop()


async def test_a_check_that_a_full_disk_ends_is_reported(
    starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = await starts.start()
    await cloud.stop()

    async def reconcile(*_: object) -> tuple[str, ...]:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Provisioner, "reconcile", reconcile)
        cloud = await starts.start()
        try:
            await keys(cloud)  # which the check does not disturb
            async with asyncio.timeout(60):
                while not starts.reports:
                    await asyncio.sleep(0.01)
            said = "the declared resources were not checked: [Errno 28] No space left on device"
            assert starts.reports == [said]
            assert cloud.snapshot().notes == (said,)
            patch.undo()
            await cloud.apply(DECLARED)  # which checks them again
            assert cloud.snapshot().notes == ()
        finally:
            await cloud.stop()


async def test_a_room_can_stop_before_it_has_started(starts: Starts) -> None:
    cloud = await starts.start()
    await cloud.stop()
    starts.gate.clear()
    cloud = await starts.start()
    await asyncio.wait_for(cloud.stop(), 60)

"""MiniStack does not run while no one calls it, and no one notices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.backing import resting
from bonkei.services.endpoint.backing.channel import Streams
from bonkei.services.endpoint.backing.resting import Quiet
from bonkei.services.endpoint.cloud import Cloud
from bonkei.services.endpoint.provision.step import S3Step
from bonkei.services.endpoint.provision.store import MiniStackStore
from bonkei.services.endpoint.settings import CloudSettings
from tests.bonkei.services.endpoint.rigs import (
    ACCOUNT,
    DECLARED,
    ENVIRONMENTS,
    Rig,
    give_certificate,
)

PATIENCE = 60.0  # seconds
REST = 0.5


class Resting:
    """A rig whose store rests half a second after the last call."""

    def __init__(self, folder: Path) -> None:
        self.folder = give_certificate(folder)
        self.reports: list[str] = []
        self.cloud = self._make()
        self._clients: dict[str, Any] = {}

    def _make(self) -> Cloud:
        settings = CloudSettings(
            self.folder, ACCOUNT, 0, self.folder, rest_after=REST, check_after=3600.0
        )
        return Cloud(
            settings,
            MemoryVault({}),
            lambda lock: ensure_environment((lock,), ENVIRONMENTS, lambda _: None),
            {},
            self.reports.append,
        )

    async def start(self, blueprint: Blueprint = DECLARED) -> None:
        await self.cloud.start()
        await self.cloud.apply(blueprint)

    async def start_again(self) -> None:
        await self.cloud.stop()
        self.cloud = self._make()
        self._clients.clear()
        await self.start()

    def client(self, service: str) -> Any:
        if service not in self._clients:
            rig = Rig(self.cloud, asyncio.get_running_loop(), MemoryVault({}), [])
            self._clients[service] = rig.client(service, retries={"max_attempts": 0})
        return self._clients[service]

    async def ask(self, service: str, operation: str, **given: Any) -> Any:
        return await asyncio.to_thread(getattr(self.client(service), operation), **given)

    @property
    def runs(self) -> bool:
        return self.cloud.store.pid is not None

    @property
    def has_run(self) -> bool:
        """Whether it has been started, although it may rest again by now."""
        return self.cloud.store._process is not None

    async def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Resting]:
    rig = Resting(tmp_path)
    try:
        yield rig
    finally:
        await rig.cloud.stop()


async def test_it_rests_and_the_next_call_gets_its_answer(rig: Resting) -> None:
    await rig.start()
    await rig.ask("s3", "put_object", Bucket="shop", Key="one", Body=b"1")
    await rig.ask("dynamodb", "put_item", TableName="carts", Item={"id": {"S": "kept"}})
    for _ in range(2):
        await rig.until(lambda: not rig.runs)
        assert rig.cloud.snapshot().store == "available"
        assert rig.cloud.store.rests
        item = await rig.ask("dynamodb", "get_item", TableName="carts", Key={"id": {"S": "kept"}})
        assert item["Item"] == {"id": {"S": "kept"}}
        body = (await rig.ask("s3", "get_object", Bucket="shop", Key="one"))["Body"]
        assert await asyncio.to_thread(body.read) == b"1"
    assert rig.reports == []


async def test_it_starts_before_a_call_that_is_expected(rig: Resting) -> None:
    await rig.start()
    await rig.until(lambda: not rig.runs)
    rig.cloud.store.wake()
    await rig.until(rig.cloud.store._ready.is_set)
    assert not rig.cloud.store.rests
    await rig.until(lambda: rig.cloud.store.rests)  # no one has called after all


async def test_a_start_without_changes_does_not_start_it(rig: Resting) -> None:
    await rig.start()
    assert rig.has_run
    await rig.start_again()
    await rig.until(lambda: rig.cloud.snapshot().store == "available")
    assert not rig.has_run
    assert not rig.cloud.store.rests  # it may have messages
    assert (await rig.ask("s3", "list_objects_v2", Bucket="shop"))["KeyCount"] == 0
    assert rig.has_run


async def test_many_calls_at_once_wake_it_once(rig: Resting) -> None:
    await rig.start()
    await rig.until(lambda: not rig.runs)
    client = rig.client("s3")
    answers = await asyncio.gather(
        *(asyncio.to_thread(client.list_objects_v2, Bucket="shop") for _ in range(8))
    )
    assert [answer["KeyCount"] for answer in answers] == [0] * 8
    assert rig.reports == []


async def test_calls_while_it_goes_to_rest_get_their_answers(rig: Resting) -> None:
    """Each begins about when the rest does, some before and some after."""
    await rig.start()
    for number in range(8):
        await rig.ask("s3", "put_object", Bucket="shop", Key=str(number), Body=b"")
        await asyncio.sleep(REST - 0.06 + number * 0.02)
        listed = await rig.ask("s3", "list_objects_v2", Bucket="shop")
        assert listed["KeyCount"] == number + 1


async def test_it_does_not_rest_during_a_call(rig: Resting) -> None:
    await rig.start()
    url = (await rig.ask("sqs", "get_queue_url", QueueName="orders"))["QueueUrl"]
    rested: list[bool] = []
    rig.cloud.hear(lambda _call: rested.append(rig.cloud.store.rests))
    asked = await rig.ask("sqs", "receive_message", QueueUrl=url, WaitTimeSeconds=3)
    assert "Messages" not in asked
    assert rested == [False]


async def test_a_step_of_provisioning_is_a_call_in_progress(tmp_path: Path) -> None:
    quiet, left = Quiet(0.0), list[bool]()

    class Backing:
        begin_call, end_call = quiet.begin_call, quiet.end_call

        async def connect(self) -> Streams:
            return await asyncio.open_connection(*server.sockets[0].getsockname())

        def look(self) -> None: ...

        async def wait_until_ready(self, seconds: float) -> bool:
            return True

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        left.append(quiet.is_called)
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, MiniStackStore(Backing(), ACCOUNT, tmp_path) as store:
        assert await store.take(S3Step("PUT", "/shop"), "eu-west-1") == ("", "")
    assert (left, quiet.is_called) == ([True], False)


@pytest.mark.parametrize("thing", ["a part of an upload", "a message"])
async def test_what_a_stop_would_lose_or_a_metric_reads_keeps_it_running(
    rig: Resting, thing: str
) -> None:
    await rig.start()
    end: Callable[[], Any]
    if thing == "a message":
        url = (await rig.ask("sqs", "get_queue_url", QueueName="orders"))["QueueUrl"]
        await rig.ask("sqs", "send_message", QueueUrl=url, MessageBody="hello")

        def end() -> Any:
            return rig.ask("sqs", "purge_queue", QueueUrl=url)
    else:
        given = {"Bucket": "shop", "Key": "large"}
        upload = (await rig.ask("s3", "create_multipart_upload", **given))["UploadId"]

        def end() -> Any:
            return rig.ask("s3", "abort_multipart_upload", UploadId=upload, **given)

    before = rig.cloud.store.pid
    await asyncio.sleep(4 * REST)
    assert rig.cloud.store.pid == before
    await end()
    await rig.until(lambda: not rig.runs)


async def test_a_store_that_dies_is_started_again_and_rests_later(rig: Resting) -> None:
    await rig.start()
    rig.cloud.store.wake()
    await rig.until(rig.cloud.store._ready.is_set)
    before = rig.cloud.store.pid
    rig.cloud.store._process.kill()  # type: ignore[union-attr]
    await rig.until(lambda: rig.cloud.store.pid not in (before, None))
    await rig.until(lambda: not rig.runs)
    assert [report for report in rig.reports if "is started again" in report]


def test_who_calls_soon_after_a_rest_keeps_it_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(resting.time, "monotonic", lambda: now[0])

    def later(seconds: float) -> None:
        now[0] += seconds

    quiet = Quiet(30.0)
    quiet.wake()
    assert quiet.left() == 30.0
    later(30.0)
    assert quiet.left() == 0.0
    for expected in (30.0, 60.0, 120.0, 240.0, 480.0, 480.0):
        assert not quiet.rests
        quiet.rest()
        assert quiet.rests
        later(20.0)
        quiet.wake()
        assert quiet.left() == expected
    quiet.rest()
    later(3600.0)
    quiet.wake()
    assert quiet.left() == 30.0

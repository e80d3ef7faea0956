"""The shipped configuration from the socket to the destinations, with failures in between."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import log_corpus as corpus
import log_routers as routers
import pytest

from bonkei.services.logs.router.aws import HttpAnswer
from bonkei.services.logs.router.configuration.load import load, load_text
from bonkei.services.logs.router.driver import FluentdDriver, Source
from bonkei.services.logs.router.engine.delivery import RetryPlan
from bonkei.services.logs.router.outputs.s3 import S3Output


async def test_the_corpus_arrives_at_the_configured_destinations(tmp_path: Path) -> None:
    async with routers.fake_aws() as aws:
        router = await routers.start(routers.shipped(tmp_path, aws))
        driver = routers.driver(tmp_path)
        wanted: dict[str, list[dict[str, Any]]] = {
            place: [] for place in ("FATAL", "ERROR", "access", "application")
        }
        for stream, line in corpus.lines():
            driver.write(stream, 1795694400.5, corpus.pieces(line))
            for place in corpus.destination(stream, line).split("+"):
                wanted[place].append(corpus.expected(stream, line))
        await driver.close()
        assert await router.stop()
        found = routers.arrived(aws)
    for place, records in wanted.items():
        assert sorted(map(_text, found[place])) == sorted(map(_text, records)), place
    [group] = {group for group, _ in aws.events}
    assert group == "/ecs/backend"
    times = [e["timestamp"] for e in aws.events["/ecs/backend", "ERROR"]]
    assert times == sorted(times)
    assert 1795694400_500 in times  # for records without a time: the driver's
    assert all("Credential=AKIA/" in headers["authorization"] for _, headers in aws.calls)
    assert all(headers["x-amz-security-token"] == "t" for _, headers in aws.calls)


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True)[:3000]


async def test_nothing_is_lost_while_the_endpoint_is_unreachable(tmp_path: Path) -> None:
    random.seed(1)
    async with routers.fake_aws() as aws:
        configuration = routers.shipped(tmp_path, aws)
        await aws.stop()
        router = await routers.start(configuration)
        driver = routers.driver(tmp_path)
        lines = [corpus.program("ERROR", str(n)) for n in range(50)]
        driver.write("stdout", 1795694400.0, [(line, False) for line in lines])
        await router.until(lambda: any("cloudwatch_logs" in text for text in router.said))
        assert list((tmp_path / "v/var/lib/fluent-bit/buffer").glob("*.chunk"))
        await aws.start()
        await driver.close()
        assert await router.stop()
        messages = [json.loads(text)["message"] for text in aws.messages("ERROR")]
    assert messages == [str(n) for n in range(50)]
    assert not list((tmp_path / "v/var/lib/fluent-bit/buffer").glob("*.chunk"))


async def test_a_container_that_ends_while_its_router_starts_loses_nothing(tmp_path: Path) -> None:
    async with routers.fake_aws() as aws:
        driver = routers.driver(tmp_path)
        driver.write("stdout", 1795694400.0, [(corpus.program("ERROR", "e"), False)])
        ending = asyncio.create_task(driver.close(60))
        await asyncio.sleep(0.5)  # two tries to reach the router
        router = await routers.start(routers.shipped(tmp_path, aws))
        await ending
        assert await router.stop()
        found = routers.arrived(aws)
    assert [record["message"] for record in found["ERROR"]] == ["e"]
    assert driver.lost == 0


async def test_a_router_that_has_gone_is_not_awaited(tmp_path: Path) -> None:
    async with routers.fake_aws() as aws:
        router = await routers.start(routers.shipped(tmp_path, aws))
        driver = routers.driver(tmp_path)
        driver.write("stdout", 1795694400.0, [(corpus.program("ERROR", "e"), False)])
        await router.until(lambda: aws.messages("ERROR"))
        assert await router.stop()
    lines = [(corpus.program("ERROR", "f"), False)]
    async with asyncio.timeout(60):
        while not driver.lost:  # at first a line may go into a connection that has just ended
            driver.write("stdout", 1795694400.0, lines)
            await driver.close(600)


async def _take_slowly(reader: asyncio.StreamReader, found: list[bytes], pause: float) -> None:
    while data := await reader.read(65536):
        found.append(data)
        await asyncio.sleep(pause)


async def test_a_router_without_a_processor_gets_all_that_it_takes(tmp_path: Path) -> None:
    found: list[bytes] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _take_slowly(reader, found, 0.05)
        writer.close()
        ended.set()

    async with await asyncio.start_unix_server(serve, tmp_path / "s", limit=1):
        driver = routers.driver(tmp_path)
        driver.write("stdout", 1795694400.0, [("x" * 10_000, False)] * 300)  # takes seconds
        await driver.close(0.5)
        await asyncio.wait_for(ended.wait(), 60)
    assert driver.lost == 0
    assert b"".join(found).count(b"x" * 10_000) == 300


async def test_what_a_hanging_router_does_not_take_is_counted(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(tmp_path / "s"))
        hanging.listen()
        driver = FluentdDriver(Source("t", "1", "app"), tmp_path / "s", report=said.append)
        driver.write("stdout", 1795694400.0, [("x" * 10_000, False)] * 300)
        await driver.close(0.2)
        connection, _ = hanging.accept()
        with connection, connection.makefile("rb") as stream:
            taken = stream.read()
    whole = taken.count(b"x" * 10_000)
    assert 0 < whole < 300
    assert driver.lost == 300 - whole
    assert said == [f"app: {driver.lost} log lines were lost"]


async def test_the_next_router_delivers_what_a_killed_one_had_on_disk(tmp_path: Path) -> None:
    async with routers.fake_aws() as aws:
        aws.status = 403  # the permission is removed
        router = await routers.start(routers.shipped(tmp_path, aws))
        driver = routers.driver(tmp_path)
        texts = (("ERROR", "e"), ("INFO", "i"))
        lines = [(corpus.program(level, text), False) for level, text in texts]
        driver.write("stdout", 1795694400.0, lines)
        await router.until(lambda: any("AccessDenied" in text for text in router.said))
        denied = next(text for text in router.said if "AccessDenied" in text)
        assert "] [error] [output:" in denied, "an alarm counts Fluent Bit's own words"
        router.job.cancel()  # like SIGKILL: nothing is finished or closed
        await asyncio.gather(router.job, return_exceptions=True)
        await driver.close(0.1)
        aws.status = 0
        again = await routers.start(routers.shipped(tmp_path, aws))
        assert await again.stop()
        found = routers.arrived(aws)
    assert [record["message"] for record in found["ERROR"]] == ["e"]
    assert {record["message"] for record in found["application"]} == {"i"}


async def _write(directory: Path, *lines: str) -> None:
    driver = routers.driver(directory)
    driver.write("stdout", 1795694400.5, [(line, False) for line in lines])
    await driver.close()


async def test_a_chunk_is_dropped_after_its_retries(tmp_path: Path) -> None:
    text = (
        "[SERVICE]\n    Flush 0.01\n    scheduler.base 0.01\n    scheduler.cap 0.02\n    Grace 1\n"
        "[INPUT]\n    Name forward\n    unix_path /var/run/fluent.sock\n"
        "[OUTPUT]\n    Name cloudwatch_logs\n    Match *\n    region r\n    log_group_name g\n"
        "    log_stream_name s\n    Retry_Limit 2\n"
    )
    async with routers.fake_aws() as aws:
        aws.status = 500
        router = await routers.start(routers.written(text, tmp_path, aws))
        await _write(tmp_path, "one")
        await router.until(lambda: router.engine.deliveries[0].counts.dropped == 1)
        assert router.engine.deliveries[0].counts.retries == 2
        await router.stop()
    assert any("given up after 2 retries" in said for said in router.said)


async def test_a_queue_over_its_limit_drops_its_oldest_chunk_and_reports_it(tmp_path: Path) -> None:
    text = (
        "[SERVICE]\n    Flush 0.01\n    Grace 0.1\n"
        "[INPUT]\n    Name forward\n    unix_path /var/run/fluent.sock\n"
        "[OUTPUT]\n    Name cloudwatch_logs\n    Match *\n    region r\n    log_group_name g\n"
        "    log_stream_name s\n    Retry_Limit no_limits\n    storage.total_limit_size 600\n"
    )
    async with routers.fake_aws() as aws:
        aws.status = 500
        router = await routers.start(routers.written(text, tmp_path, aws))
        for number in range(3):
            await _write(tmp_path, *(f"{number}" for _ in range(10)))
            await router.until(lambda at=10 * number + 10: router.engine.received == at)  # type: ignore[misc]
            await asyncio.sleep(0.1)  # more than a flush: a chunk of its own
        await router.until(lambda: router.engine.deliveries[0].counts.dropped > 0)
        await router.stop()
    assert any("total_limit_size" in said for said in router.said)


def test_delays_grow_up_to_the_cap() -> None:
    plan = RetryPlan(None, 5.0, 60.0)
    for attempt, top in ((1, 10.0), (2, 20.0), (5, 60.0), (300, 60.0)):
        assert 5.0 <= plan.wait(attempt) <= top


async def test_s3_caps_no_limits_at_five_tries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin caps the value and reports it. Then "chunks that have exceeded the retry_limit"
    move to quarantine (pipeline/outputs/s3, `retry_exhausted_action`). A number is used as it
    is.
    """
    for name in ("_RETRY_FROM", "_RETRY_TO"):
        monkeypatch.setattr(f"bonkei.services.logs.router.outputs.s3.{name}", 0.01)
    text = (
        "[SERVICE]\n    Flush 0.01\n    Grace 60\n"
        "[INPUT]\n    Name forward\n    unix_path /var/run/fluent.sock\n"
        "[OUTPUT]\n    Name s3\n    Match *\n    region r\n    bucket b\n    Total_file_size 1\n"
        "    S3_key_format /$UUID\n    Store_dir /store\n    Retry_Limit "
    )
    async with routers.fake_aws() as aws:
        aws.status = 500
        router = await routers.start(routers.written(f"{text}no_limits\n", tmp_path, aws))
        await _write(tmp_path, "one")
        await router.until(lambda: any("is not tried again" in said for said in router.said))
        await router.stop()
        assert any("retry_limit set to unlimited, capping to 5" in said for said in router.said)
        assert sum(": 500" in said for said in router.said) == 6
        assert list((tmp_path / "v/store/b").glob("*.quarantined"))
        tried = len(aws.calls)
        again = await routers.start(routers.written(f"{text}1000\n", tmp_path / "b", aws))
        await _write(tmp_path / "b", "one")
        await again.until(lambda: len(aws.calls) > tried + 10)
        aws.status = 0
        assert await again.stop()
        assert len(aws.objects) == 1


async def test_s3_sends_a_failed_object_again_at_the_end(tmp_path: Path) -> None:
    """With Preserve_data_ordering, Fluent Bit 5.0.9 would leave it in its queue."""
    text = (
        "[SERVICE]\n    Flush 0.01\n    Grace 60\n"
        "[INPUT]\n    Name forward\n    unix_path /var/run/fluent.sock\n"
        "[OUTPUT]\n    Name s3\n    Match *\n    region r\n    bucket b\n    Total_file_size 1\n"
        "    S3_key_format /$UUID\n    Store_dir /store\n"
    )
    async with routers.fake_aws() as aws:
        aws.status = 500
        router = await routers.start(routers.written(text, tmp_path, aws))
        await _write(tmp_path, "one")
        await router.until(lambda: any(": 500" in said for said in router.said))
        aws.status = 0
        assert await router.stop()
        assert len(aws.objects) == 1
    assert not list((tmp_path / "v/store/b").glob("*.lines"))


def test_the_shipped_router_retries_s3_while_it_has_room() -> None:
    environment = dict.fromkeys(
        ("AWS_REGION", "LOG_GROUP", "LOG_BUCKET", "LOG_PREFIX", "PORT"), "1"
    )
    outputs = [each for each in load(routers.SHIPPED, environment).outputs if each.name == "s3"]
    assert len(outputs) == 2
    for each in outputs:
        assert int(each.text("retry_limit")) > 100_000
        assert each.text("store_dir_limit_size") == "2G"


async def test_s3_uploads_a_file_also_when_the_clock_is_set_back(tmp_path: Path) -> None:
    text = (
        "[OUTPUT]\n    Name s3\n    Match *\n    region r\n    bucket b\n"
        f"    S3_key_format /$UUID\n    Store_dir {tmp_path}\n    Upload_timeout 1s\n"
    )
    [section] = load_text(text, tmp_path / "f.conf", {}).outputs
    sent: list[bytes] = []

    class Client:
        async def request(self, _m: str, _p: str, _h: object, data: bytes) -> HttpAnswer:
            sent.append(data)
            return HttpAnswer(200, b"")

    output = S3Output.make(section, Client(), lambda *_: None)  # type: ignore[arg-type]
    now = [1e9]
    output.clock = lambda: now[0]
    await output.deliver("t", [(0, {"a": 1})])
    now[0] -= 86_400
    output._time_out()
    await output.deliver("t", [(0, {"a": 2})])
    assert await output.finish()
    assert len(sent) == 2, "each in its own object"


@pytest.mark.parametrize(("size", "threads"), [(1_000, 0), (100_000, 1)])
async def test_s3_compresses_what_is_small_without_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, threads: int
) -> None:
    """A thread stays for as long as the router runs."""
    text = (
        "[OUTPUT]\n    Name s3\n    Match *\n    region r\n    bucket b\n"
        f"    S3_key_format /$UUID\n    Store_dir {tmp_path}\n"
    )
    [section] = load_text(text, tmp_path / "f.conf", {}).outputs
    sent: list[bytes] = []
    begun: list[object] = []
    in_a_thread = asyncio.to_thread

    class Client:
        async def request(self, _m: str, _p: str, _h: object, data: bytes) -> HttpAnswer:
            sent.append(data)
            return HttpAnswer(200, b"")

    async def to_thread(work: Callable[[Path], bytes], file: Path) -> bytes:
        begun.append(work)
        return await in_a_thread(work, file)

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    output = S3Output.make(section, Client(), lambda *_: None)  # type: ignore[arg-type]
    await output.deliver("t", [(0, {"a": "x" * size})])
    assert await output.finish()
    assert b"x" * size in gzip.decompress(sent[0])
    assert len(begun) == threads


async def test_a_held_piece_comes_also_when_the_clock_is_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "[SERVICE]\n    Flush 0.01\n"
        "[INPUT]\n    Name forward\n    unix_path /var/run/fluent.sock\n"
        "[FILTER]\n    Name multiline\n    Match *\n    mode partial_message\n    flush_ms 200\n"
        "[OUTPUT]\n    Name cloudwatch_logs\n    Match *\n    region r\n    log_group_name g\n"
        "    log_stream_name s\n"
    )
    clock, back = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: clock() - back[0])
    async with routers.fake_aws() as aws:
        router = await routers.start(routers.written(text, tmp_path, aws))
        driver = routers.driver(tmp_path)
        driver.write("stdout", 1795694400.5, [("half", True)])
        await driver.close()
        await router.until(lambda: router.engine.received == 1)
        back[0] = 86_400.0
        await router.until(lambda: aws.messages("s"))
        await router.stop()
        assert [json.loads(text)["log"] for text in aws.messages("s")] == ["half"]

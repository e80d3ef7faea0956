"""The examples of Fluent Bit's manual for inputs and outputs, each run by the reader.

Each test names its page (docs.fluentbit.io/manual/pipeline/…).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import log_routers as routers
import msgpack
import pytest
from ports import free_port

from bench.fake_aws import FakeAws

TIME = 1564462620
RECORD = {"key 1": 123456789, "key 2": "abcdefg"}
GROUP = """[OUTPUT]
    Name cloudwatch_logs
    Match *
    Region us-east-1
    Log_Group_Name fluent-bit-cloudwatch
    Log_Stream_Prefix from-fluent-bit-
    Auto_Create_Group On
"""


@pytest.fixture
async def aws() -> AsyncIterator[FakeAws]:
    async with routers.fake_aws() as made:
        yield made


async def run(inputs: str, output: str, sent: bytes, tmp_path: Path, aws: FakeAws) -> None:
    """A router with this configuration, from start to end. `inputs` listens on {port}."""
    port = free_port()
    listening = f"    Listen 127.0.0.1\n    Port {port}\n"
    text = f"[SERVICE]\n    Flush 1\n    Grace 60\n[INPUT]\n    {inputs}\n{listening}{output}"
    router = await routers.start(routers.written(text, tmp_path, aws))
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    await router.until(lambda: router.engine.received)
    writer.close()
    assert await router.stop(), router.said


def forwarded(tag: str, record: Any) -> bytes:
    return bytes(msgpack.packb([tag, TIME, record]))


async def test_tcp(tmp_path: Path, aws: FakeAws) -> None:
    """inputs/tcp, "Test the configuration": `echo '{"key 1": …}' | nc`."""
    await run("Name tcp", GROUP, json.dumps(RECORD).encode() + b"\n", tmp_path, aws)
    [text] = aws.messages("from-fluent-bit-tcp.0")
    assert json.loads(text) == RECORD


async def test_forward_and_cloudwatch_logs(tmp_path: Path, aws: FakeAws) -> None:
    """inputs/forward, "Testing": `fluent-cat my_tag` sends a message [tag, time, record].
    outputs/cloudwatch, "Configuration file": the stream is the prefix and the tag."""
    forward = "Name forward\n    Buffer_Chunk_Size 1M\n    Buffer_Max_Size 6M"
    await run(forward, GROUP, forwarded("my_tag", RECORD), tmp_path, aws)
    [place] = aws.events
    assert place == ("fluent-bit-cloudwatch", "from-fluent-bit-my_tag")
    [event] = aws.events[place]
    assert (event["timestamp"], json.loads(event["message"])) == (TIME * 1000, RECORD)


async def test_null(tmp_path: Path, aws: FakeAws) -> None:
    """outputs/null: "throws away events"."""
    output = "[OUTPUT]\n    Name null\n    Match *\n"
    await run("Name forward", output, forwarded("t", RECORD), tmp_path, aws)
    assert not aws.calls


async def test_s3(tmp_path: Path, aws: FakeAws) -> None:
    """outputs/s3: PutObject of a compressed object. Its key has the tag and the time."""
    output = f"""[OUTPUT]
    Name s3
    Match *
    Bucket my-bucket
    Region us-west-2
    Store_dir {tmp_path}/buffer
    Use_put_object On
    Total_file_size 50M
    Upload_timeout 10m
    Compression gzip
    S3_key_format /$TAG[2]/$TAG[0]/%Y/%m/%d/%H/%M/%S/$UUID.gz
    S3_key_format_tag_delimiters .-
"""
    sent = forwarded("my_app_name-logs.prod", RECORD)
    await run("Name forward", output, sent, tmp_path, aws)
    [key] = aws.objects
    assert re.fullmatch(r"prod/my_app_name/(\d+/){6}\w{8}\.gz", key)
    [record] = aws.lines("")
    assert record.items() >= RECORD.items()

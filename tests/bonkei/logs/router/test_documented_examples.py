"""The examples of Fluent Bit's manual for inputs and outputs, each run by the reader.

Each test names its page (docs.fluentbit.io/manual/pipeline/…). Where a page measures a processor or
memory (`cpu`, `mem`), `dummy` gives a record with the same members.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import log_routers as routers
import msgpack
import pytest
from ports import free_port

TIME = 1564462620  # the port of the page
OUT = "v/out"  # the router's /out is here


def dummy(record: Any, **more: Any) -> str:
    lines = [f"    {name} {value}" for name, value in more.items()]
    return "\n".join(
        ["[INPUT]", "    Name dummy", "    Samples 1", f"    Start_time_sec {TIME}",
         f"    Dummy {json.dumps(record)}", *lines, ""]
    )  # fmt: skip


async def run(text: str, tmp_path: Path, aws: Any = None, wait: Any = None) -> routers.Running:
    """A router with this configuration, from start to end."""
    nowhere = aws or _Nowhere()
    router = await routers.start(
        routers.written("[SERVICE]\n    Flush 1\n    Grace 60\n" + text, tmp_path, nowhere)
    )
    if wait is not None:
        await router.until(wait)
    else:
        await asyncio.sleep(0.1)
    assert await router.stop(), router.said
    return router


class _Nowhere:
    url = ""


# Inputs


async def test_dummy(tmp_path: Path) -> None:
    """inputs/dummy: its default record, and a configured one."""
    text = "[INPUT]\n    Name dummy\n    Samples 1\n"
    out = "[OUTPUT]\n    Name file\n    Match *\n    Format plain\n    Path /out\n    Mkdir on\n"
    await run(text + dummy({"message": "custom dummy"}, Tag="custom") + out, tmp_path)
    assert json.loads((tmp_path / OUT / "dummy.0").read_text()) == {"message": "dummy"}
    assert json.loads((tmp_path / OUT / "custom").read_text()) == {"message": "custom dummy"}


async def test_tcp(tmp_path: Path) -> None:
    """inputs/tcp, "Test the configuration": `echo '{"key 1": …}' | nc`."""
    port, arrived = free_port(), tmp_path / OUT / "tcp.0"

    async def send() -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                break
        writer.write(b'{"key 1": 123456789, "key 2": "abcdefg"}\n')
        await writer.drain()
        writer.close()

    sending = asyncio.create_task(send())
    await run(
        f"[INPUT]\n    Name tcp\n    Listen 127.0.0.1\n    Port {port}\n    Chunk_Size 32\n"
        "    Buffer_Size 64\n    Format json\n"
        f"[OUTPUT]\n    Name file\n    Match *\n    Format plain\n    Path /out\n    Mkdir on\n",
        tmp_path,
        wait=arrived.exists,
    )
    await sending
    assert json.loads(arrived.read_text()) == {"key 1": 123456789, "key 2": "abcdefg"}


async def test_forward(tmp_path: Path) -> None:
    """inputs/forward, "Testing": `fluent-cat my_tag` sends a message [tag, time, record]."""
    port, arrived = free_port(), tmp_path / OUT / "my_tag"
    record = {"key 1": 123456789, "key 2": "abcdefg"}

    async def send() -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                break
        writer.write(msgpack.packb(["my_tag", 1475898594, record]))
        await writer.drain()
        writer.close()

    sending = asyncio.create_task(send())
    await run(
        f"[INPUT]\n    Name forward\n    Listen 127.0.0.1\n    Port {port}\n"
        "    Buffer_Chunk_Size 1M\n    Buffer_Max_Size 6M\n"
        f"[OUTPUT]\n    Name file\n    Match *\n    Path /out\n    Mkdir on\n",
        tmp_path,
        wait=arrived.exists,
    )
    await sending
    tag, _, rest = arrived.read_text().partition(": ")
    moment, text = re.fullmatch(r"\[([\d.]+), (.*)\]\n", rest).groups()  # type: ignore[union-attr]
    assert (tag, float(moment), json.loads(text)) == ("my_tag", 1475898594, record)


# Outputs


async def test_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """outputs/standard-output: the default form, and JSON lines."""
    await run(dummy({"message": "dummy"}) + "[OUTPUT]\n    Name stdout\n    Match *\n", tmp_path)
    assert re.search(
        rf'^\[0\] dummy\.0: \[\[{TIME}\.0+, {{}}\], {{"message":"dummy"}}\]$',
        capsys.readouterr().out.replace('": "', '":"'),
        re.MULTILINE,
    )
    lines = "[OUTPUT]\n    Name stdout\n    Match *\n    Format json_lines\n"
    await run(dummy({"a": 1}) + lines, tmp_path)
    [line] = [each for each in capsys.readouterr().out.splitlines() if each.startswith("{")]
    assert json.loads(line) == {"date": float(TIME), "a": 1}


async def test_null(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """outputs/null: "throws away events"."""
    await run(dummy({"cpu_p": 0.1}) + "[OUTPUT]\n    Name null\n    Match *\n", tmp_path)
    assert "cpu_p" not in capsys.readouterr().out


MEMORY = {"Mem.used": 1045448, "Mem.free": 31760160, "Mem.total": 32805608}
VALUES = {"key1": "value1", "key2": "value2", "key3": "value3"}


@pytest.mark.parametrize(
    ("record", "settings", "expected"),
    [
        (VALUES, "", f"cpu: [{TIME}.000000000, {json.dumps(VALUES, separators=(',', ':'))}]\n"),
        (VALUES, "Format plain", json.dumps(VALUES, separators=(",", ":")) + "\n"),
        (VALUES, "Format csv", f'{TIME}.0,"value1","value2","value3"\n'),
        (
            VALUES,
            "Format ltsv",
            f'"time":{TIME}.000000\t"key1":"value1"\t"key2":"value2"\t"key3":"value3"\n',
        ),
        (
            MEMORY,
            "Format template\n    Template {time} used={Mem.used} of {Mem.total}",
            f"{TIME}.000000 used=1045448 of 32805608\n",
        ),
    ],
    ids=["out_file", "plain", "csv", "ltsv", "template"],
)
async def test_file(record: Any, settings: str, expected: str, tmp_path: Path) -> None:
    """outputs/file, "Format": each format. The file has the tag's name."""
    output = f"[OUTPUT]\n    Name file\n    Match *\n    Path /out\n    Mkdir on\n    {settings}\n"
    await run(dummy(record, Tag="cpu") + output, tmp_path)
    assert (tmp_path / OUT / "cpu").read_text() == expected


async def test_forward_to_another(tmp_path: Path) -> None:
    """outputs/forward: `-t fluent_bit -o forward://HOST:PORT`, as Fluentd receives it."""
    received: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.set_result(msgpack.unpackb(await reader.read(4096), timestamp=0))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    output = f"[OUTPUT]\n    Name forward\n    Match *\n    Host 127.0.0.1\n    Port {port}\n"
    await run(dummy({"cpu_p": 2.25}, Tag="fluent_bit") + output, tmp_path, wait=received.done)
    server.close()
    tag, [[moment, record]], options = received.result()
    assert (tag, record, options["size"]) == ("fluent_bit", {"cpu_p": 2.25}, 1)
    assert int.from_bytes(moment.data[:4], "big") == TIME


GROUP = """[OUTPUT]
    Name cloudwatch_logs
    Match *
    Region us-east-1
    Log_Group_Name fluent-bit-cloudwatch
    Log_Stream_Prefix from-fluent-bit-
    Auto_Create_Group On
"""


async def test_cloudwatch_logs(tmp_path: Path) -> None:
    """outputs/cloudwatch, "Configuration file": the stream is the prefix and the tag."""
    async with routers.fake_aws() as aws:
        await run(dummy({"message": "dummy"}) + GROUP, tmp_path, aws)
        [(group, stream)] = aws.events
    assert (group, stream) == ("fluent-bit-cloudwatch", "from-fluent-bit-dummy.0")
    [event] = aws.events[group, stream]
    assert (event["timestamp"], json.loads(event["message"])) == (TIME * 1000, {"message": "dummy"})


POD = {
    "kubernetes": {
        "container_name": "myapp",
        "host": "ip-10-1-128-166.us-east-2.compute.internal",
        "namespace_name": "my-namespace",
        "pod_name": "myapp-5468c5d4d7-n2swr",
    }
}
TEMPLATE = """[OUTPUT]
    Name cloudwatch_logs
    Match *
    Region us-east-1
    Log_Group_Name fallback-group
    Log_Stream_Prefix fallback-stream
    Auto_Create_Group On
    Log_Group_Template application-logs-$kubernetes['host'].$kubernetes['namespace_name']
    Log_Stream_Template $kubernetes['pod_name'].$kubernetes['container_name']
"""


async def test_cloudwatch_logs_with_templates(tmp_path: Path) -> None:
    """outputs/cloudwatch, "Log stream and group name templating", and the fallback for a record
    without these members.
    """
    text = dummy(POD) + dummy({"message": "without"}, Tag="other") + TEMPLATE
    async with routers.fake_aws() as aws:
        await run(text, tmp_path, aws)
        assert set(aws.events) == {
            (
                "application-logs-ip-10-1-128-166.us-east-2.compute.internal.my-namespace",
                "myapp-5468c5d4d7-n2swr.myapp",
            ),
            ("fallback-group", "fallback-streamother"),
        }


async def test_s3(tmp_path: Path) -> None:
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
    async with routers.fake_aws() as aws:
        await run(dummy({"message": "dummy"}, Tag="my_app_name-logs.prod") + output, tmp_path, aws)
        [key] = aws.objects
        assert re.fullmatch(r"prod/my_app_name/(\d+/){6}\w{8}\.gz", key)
        [record] = aws.lines("")
    assert record["message"] == "dummy"


async def test_the_filter_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """filters/standard-output: prints each record, and lets it pass."""
    text = "[FILTER]\n    Name stdout\n    Match *\n[OUTPUT]\n    Name file\n    Match *\n"
    await run(dummy({"message": "dummy"}) + text + "    Path /out\n    Mkdir on\n", tmp_path)
    assert '{"message":"dummy"}' in capsys.readouterr().out.replace('": "', '":"')
    assert (tmp_path / OUT / "dummy.0").exists()

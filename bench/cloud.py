"""The AWS endpoint: the time that it adds to a call, its own calls/s, processor time and memory."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import psutil
import uvloop
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bonkei.blueprint import Blueprint
from bonkei.blueprint.bucket import Bucket
from bonkei.blueprint.storage import Queue, Table
from bonkei.cloud.cloud import Cloud
from bonkei.cloud.settings import CloudSettings
from bonkei.tasks.execution.software import ensure_environment
from bonkei.vault import MemoryVault

_ACCOUNT, _REGION = "123456789012", "eu-west-1"
_ENVIRONMENTS = Path(sys.prefix) / "environments"
_CALLS = 300
_CONNECTIONS = 16
_SECONDS = 3.0
_REST = 20.0  # seconds of idleness that are measured


@dataclass(frozen=True, slots=True)
class _Served:
    """A running endpoint: its environment for a client, MiniStack's address, both processes."""

    environment: Mapping[str, str]
    ministack: str
    processes: tuple[int, int]


def main(arguments: list[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.cloud")
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 4))
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        uvloop.run(_serve(options.serve))  # as the miniature does
        return
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as served:
        _print_rest(served)
        requests = _requests(served)
        _prepare(served)
        _print_added(requests, options.rounds, served)
        own = requests["sts:GetCallerIdentity"]
        rates = [asyncio.run(_rate(own, served)) for _ in range(options.rounds)]
        print(f"\n`sts:GetCallerIdentity`, {_CONNECTIONS} connections: ", end="")
        print(f"{statistics.median(rates):,.0f} calls/s (goal: 2,000)")


def _print_rest(served: _Served) -> None:
    processes = [psutil.Process(pid) for pid in served.processes]
    time.sleep(5)
    before = [sum(process.cpu_times()[:2]) for process in processes]
    time.sleep(_REST)
    used = [
        (sum(process.cpu_times()[:2]) - start) / _REST * 100
        for process, start in zip(processes, before, strict=True)
    ]
    memory = [process.memory_info().rss / 2**20 for process in processes]
    print("| at rest | CPU, % of a core | memory, MB |\n|---|---:|---:|")
    for name, cpu, rss in zip(("endpoint", "MiniStack"), used, memory, strict=True):
        print(f"| {name} | {cpu:.2f} | {rss:.0f} |")
    print(f"| both (goals: 0.2 and 120) | {sum(used):.2f} | {sum(memory):.0f} |\n")


def _print_added(requests: Mapping[str, bytes], rounds: int, served: _Served) -> None:
    print("| call | MiniStack alone, p50 ms | through the endpoint, p50 ms | added, ms | CPU, µs |")
    print("|---|---:|---:|---:|---:|")
    endpoint = psutil.Process(served.processes[0])
    for name, request in requests.items():
        if name.startswith("sts"):
            continue
        start = sum(endpoint.cpu_times()[:2])
        before, after = asyncio.run(_medians(request, served, rounds * _CALLS))
        cpu = (sum(endpoint.cpu_times()[:2]) - start) / (rounds * _CALLS) * 1e6
        print(f"| {name} | {before:.2f} | {after:.2f} | {after - before:.2f} | {cpu:.0f} |")


async def _medians(request: bytes, served: _Served, calls: int) -> tuple[float, float]:
    """Milliseconds of a call to MiniStack and through the endpoint, alternately, so that the
    machine's other work affects both."""
    ways = []
    for url in (served.ministack, served.environment["AWS_ENDPOINT_URL"]):
        address = urlsplit(url)
        ways.append(await asyncio.open_connection(address.hostname, address.port))
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(calls):
        for (reader, writer), taken in zip(ways, times, strict=True):
            begun = time.perf_counter()
            await _exchange(request, reader, writer)
            taken.append((time.perf_counter() - begun) * 1000)
    for _, writer in ways:
        writer.close()
    return statistics.median(times[0]), statistics.median(times[1])


async def _rate(request: bytes, served: _Served) -> float:
    address = urlsplit(served.environment["AWS_ENDPOINT_URL"])
    until = time.perf_counter() + _SECONDS

    async def work() -> int:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        count = 0
        while time.perf_counter() < until:
            await _exchange(request, reader, writer)
            count += 1
        writer.close()
        return count

    return sum(await asyncio.gather(*(work() for _ in range(_CONNECTIONS)))) / _SECONDS


async def _exchange(
    request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        sys.exit(f"error: {head.decode('latin-1')}")
    lower = head.lower()
    if b"content-length: " in lower:
        length = int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    else:
        while int((await reader.readline()).strip(), 16):
            await reader.readuntil(b"\r\n")
        await reader.readline()


def _requests(served: _Served) -> dict[str, bytes]:
    """Signed once, sent many times: a signature is valid for five minutes."""

    def json_call(service: str, target: str, body: object) -> bytes:
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
        return _sign(served, service, "POST", "/", json.dumps(body).encode(), headers)

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{served.environment['AWS_ENDPOINT_URL']}/{_ACCOUNT}/queue"
    key = {"TableName": "table", "Key": {"id": {"S": "one"}}}
    item = {"TableName": "table", "Item": {"id": {"S": "one"}, "text": {"S": "x" * 200}}}
    return {
        "s3:GetObject, 1 KB": _sign(served, "s3", "GET", "/bucket/object", b"", {}),
        "s3:PutObject, 1 KB": _sign(served, "s3", "PUT", "/bucket/object", b"x" * 1024, {}),
        "dynamodb:GetItem": json_call("dynamodb", "DynamoDB_20120810.GetItem", key),
        "dynamodb:PutItem": json_call("dynamodb", "DynamoDB_20120810.PutItem", item),
        "sqs:SendMessage": json_call(
            "sqs", "AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": "hello"}
        ),
        "ssm:GetParameter": json_call("ssm", "AmazonSSM.GetParameter", {"Name": "/name"}),
        "sts:GetCallerIdentity": _sign(
            served, "sts", "POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", form
        ),
    }


def _sign(
    served: _Served, service: str, method: str, path: str, body: bytes, headers: dict[str, str]
) -> bytes:
    environment = served.environment
    endpoint = environment["AWS_ENDPOINT_URL"]
    request = AWSRequest(method, endpoint + path, data=body, headers=headers)
    request.headers["Host"] = urlsplit(endpoint).netloc
    keys = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    (S3SigV4Auth if service == "s3" else SigV4Auth)(keys, service, _REGION).add_auth(request)
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, f"Content-Length: {len(body)}"])
    return head.encode() + b"\r\n\r\n" + body


def _prepare(served: _Served) -> None:
    environment = served.environment
    client = {
        "endpoint_url": environment["AWS_ENDPOINT_URL"],
        "region_name": _REGION,
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    boto3.client("s3", **client).put_object(Bucket="bucket", Key="object", Body=b"x" * 1024)
    item = {"id": {"S": "one"}, "text": {"S": "x" * 200}}
    boto3.client("dynamodb", **client).put_item(TableName="table", Item=item)
    boto3.client("ssm", **client).put_parameter(Name="/name", Value="value", Type="String")


@contextmanager
def _served(folder: Path) -> Iterator[_Served]:
    command = [sys.executable, "-m", "bench.cloud", "--serve", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        environment, ministack, pid = json.loads(process.stdout.readline())
        yield _Served(environment, ministack, (process.pid, pid))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def _serve(folder: Path) -> None:
    """Prints its address, and runs until SIGTERM."""

    def arn(service: str, name: str) -> str:
        return f"arn:aws:{service}:{_REGION}:{_ACCOUNT}:{name}"

    table = {
        "TableName": "table",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    blueprint = Blueprint(
        buckets=(Bucket("bucket", "arn:aws:s3:::bucket", "bucket"),),
        queues=(Queue("queue", arn("sqs", "queue"), "queue", {}),),
        tables=(Table("table", arn("dynamodb", "table/table"), "table", table),),
        arns=(arn("sqs", "queue"),),
    )
    cloud = Cloud(
        CloudSettings(folder, _ACCOUNT, 0),
        MemoryVault({}),
        lambda lock: ensure_environment((lock,), _ENVIRONMENTS, lambda _: None),
        {},
        lambda text: print(text, file=sys.stderr),
    )
    await cloud.start()
    await cloud.apply(blueprint)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    store = cloud._store
    print(json.dumps([cloud.environment(""), store.url, store.pid]), flush=True)
    await stop.wait()
    await cloud.stop()


if __name__ == "__main__":
    main(sys.argv[1:])

"""The AWS endpoint: the time that it adds to a call, its own calls/s, processor time and memory."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
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
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.cloud_server import ACCOUNT, REGION
from bonkei.services.endpoint.port.certificate import load_tls

_CALLS = 300
_CONNECTIONS = 16
_SECONDS = 3.0
_REST = 20.0  # seconds of idleness that are measured


@dataclass(frozen=True, slots=True)
class Served:
    """A running endpoint: its environment for a client, a connection to MiniStack, both processes.
    `before`: bytes of the first one without the endpoint, as the miniature has them anyway."""

    environment: Mapping[str, str]
    ministack: socket.socket
    processes: tuple[int, int]
    before: int

    def memory(self) -> tuple[float, float]:
        """MB of the endpoint and of MiniStack."""
        own, store = (psutil.Process(pid).memory_info().rss for pid in self.processes)
        return (own - self.before) / 2**20, store / 2**20


def main(arguments: list[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.cloud")
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 4))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as endpoint:
        _print_rest(endpoint)
        requests = _requests(endpoint)
        _prepare(endpoint)
        _print_added(requests, options.rounds, endpoint)
        own = requests["sts:GetCallerIdentity"]
        rates = [asyncio.run(_rate(own, endpoint)) for _ in range(options.rounds)]
        print(f"\n`sts:GetCallerIdentity`, {_CONNECTIONS} connections: ", end="")
        print(f"{statistics.median(rates):,.0f} calls/s (goal: 2,000)")
        after = endpoint.memory()
        print(f"\nMemory after all calls: {after[0]:.0f} + {after[1]:.0f} MB (goal: 120)")


def _print_rest(endpoint: Served) -> None:
    processes = [psutil.Process(pid) for pid in endpoint.processes]
    time.sleep(5)
    before = [sum(process.cpu_times()[:2]) for process in processes]
    time.sleep(_REST)
    used = [
        (sum(process.cpu_times()[:2]) - start) / _REST * 100
        for process, start in zip(processes, before, strict=True)
    ]
    memory = endpoint.memory()
    print("| at rest | CPU, % of a core | memory, MB |\n|---|---:|---:|")
    for name, cpu, rss in zip(("endpoint", "MiniStack"), used, memory, strict=True):
        print(f"| {name} | {cpu:.2f} | {rss:.0f} |")
    print(f"| both (goals: 0.2 and 120) | {sum(used):.2f} | {sum(memory):.0f} |\n")


def _print_added(requests: Mapping[str, bytes], rounds: int, endpoint: Served) -> None:
    print("| call | MiniStack alone, p50 ms | through the endpoint, p50 ms | added, ms | CPU, µs |")
    print("|---|---:|---:|---:|---:|")
    process = psutil.Process(endpoint.processes[0])
    for name, request in requests.items():
        if name.startswith("sts"):
            continue
        start = sum(process.cpu_times()[:2])
        before, after = asyncio.run(_medians(request, endpoint, rounds * _CALLS))
        cpu = (sum(process.cpu_times()[:2]) - start) / (rounds * _CALLS) * 1e6
        print(f"| {name} | {before:.2f} | {after:.2f} | {after - before:.2f} | {cpu:.0f} |")


async def _medians(request: bytes, endpoint: Served, calls: int) -> tuple[float, float]:
    """Milliseconds of a call to MiniStack and through the endpoint, alternately, so that the
    machine's other work affects both."""
    address = urlsplit(endpoint.environment["AWS_ENDPOINT_URL"])
    ways = (
        await asyncio.open_connection(sock=endpoint.ministack.dup()),
        await asyncio.open_connection(address.hostname, address.port),
    )
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(calls):
        for (reader, writer), taken in zip(ways, times, strict=True):
            begun = time.perf_counter()
            await _exchange(request, reader, writer)
            taken.append((time.perf_counter() - begun) * 1000)
    for _, writer in ways:
        writer.close()
    return statistics.median(times[0]), statistics.median(times[1])


async def _rate(request: bytes, endpoint: Served) -> float:
    address = urlsplit(endpoint.environment["AWS_ENDPOINT_URL"])
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


def _requests(endpoint: Served) -> dict[str, bytes]:
    """Signed once, sent many times: a signature is valid for five minutes."""

    def json_call(service: str, target: str, body: object) -> bytes:
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
        return _sign(endpoint, service, "POST", "/", json.dumps(body).encode(), headers)

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{endpoint.environment['AWS_ENDPOINT_URL']}/{ACCOUNT}/queue"
    key = {"TableName": "table", "Key": {"id": {"S": "one"}}}
    item = {"TableName": "table", "Item": {"id": {"S": "one"}, "text": {"S": "x" * 200}}}
    return {
        "s3:GetObject, 1 KB": _sign(endpoint, "s3", "GET", "/bucket/object", b"", {}),
        "s3:PutObject, 1 KB": _sign(endpoint, "s3", "PUT", "/bucket/object", b"x" * 1024, {}),
        "dynamodb:GetItem": json_call("dynamodb", "DynamoDB_20120810.GetItem", key),
        "dynamodb:PutItem": json_call("dynamodb", "DynamoDB_20120810.PutItem", item),
        "sqs:SendMessage": json_call(
            "sqs", "AmazonSQS.SendMessage", {"QueueUrl": url, "MessageBody": "hello"}
        ),
        "ssm:GetParameter": json_call("ssm", "AmazonSSM.GetParameter", {"Name": "/name"}),
        "sts:GetCallerIdentity": _sign(
            endpoint, "sts", "POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", form
        ),
    }


def _sign(
    endpoint: Served, service: str, method: str, path: str, body: bytes, headers: dict[str, str]
) -> bytes:
    environment = endpoint.environment
    url = environment["AWS_ENDPOINT_URL"]
    request = AWSRequest(method, url + path, data=body, headers=headers)
    request.headers["Host"] = urlsplit(url).netloc
    keys = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    (S3SigV4Auth if service == "s3" else SigV4Auth)(keys, service, REGION).add_auth(request)
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, f"Content-Length: {len(body)}"])
    return head.encode() + b"\r\n\r\n" + body


def _prepare(endpoint: Served) -> None:
    environment = endpoint.environment
    client = {
        "endpoint_url": environment["AWS_ENDPOINT_URL"],
        "region_name": REGION,
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    boto3.client("s3", **client).put_object(Bucket="bucket", Key="object", Body=b"x" * 1024)
    item = {"id": {"S": "one"}, "text": {"S": "x" * 200}}
    boto3.client("dynamodb", **client).put_item(TableName="table", Item=item)
    boto3.client("ssm", **client).put_parameter(Name="/name", Value="value", Type="String")


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    load_tls(folder / "tls")  # only the first start makes a certificate
    ours, theirs = socket.socketpair()
    given = theirs.fileno()
    command = [sys.executable, "-m", "bench.cloud_server", str(folder), str(given)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=[given])
    theirs.close()
    assert process.stdout is not None
    try:
        environment, pid, before = json.loads(process.stdout.readline())
        assert ours.recv(1), "MiniStack has taken it"
        yield Served(environment, ours, (process.pid, pid), before)
    finally:
        ours.close()
        process.send_signal(signal.SIGTERM)
        process.wait()


if __name__ == "__main__":
    main(sys.argv[1:])

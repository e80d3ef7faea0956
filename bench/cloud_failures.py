"""MiniStack is killed, frozen, or its disk is full while clients write: when the AWS endpoint
answers again, and how many acknowledged writes are lost."""

from __future__ import annotations

import itertools
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bench.cloud import Served, served
from bench.cloud_server import ACCOUNT, REGION

_ROUNDS = 5
_FULL = 0.5  # seconds
_LONGEST = 30.0  # seconds to wait for an answer

Write = Callable[[str], Any]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as endpoint:
        clients = _Clients(endpoint)
        print("| failure | times | answers again after, median s | longest s |")
        print("|---|---:|---:|---:|")
        with _Writing(clients) as writing:
            for name, fail in _FAILURES.items():
                taken = []
                for _ in range(_ROUNDS):
                    time.sleep(1)
                    begun = fail(_ministack(endpoint))
                    clients.wait()
                    taken.append(time.monotonic() - begun)
                print(f"| {name} | {_ROUNDS} | {statistics.median(taken):.2f} | {max(taken):.2f} |")
        print("\n| written meanwhile | acknowledged | lost |\n|---|---:|---:|")
        found = clients.found()
        for service, names in writing.kept.items():
            print(f"| {service} | {len(names)} | {len(set(names) - found[service])} |")


def _kill(process: psutil.Process) -> float:
    process.kill()
    return time.monotonic()


def _freeze(process: psutil.Process) -> float:
    process.suspend()
    return time.monotonic()


def _fill(process: psutil.Process) -> float:
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    time.sleep(_FULL)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
    return time.monotonic()


_FAILURES: Mapping[str, Callable[[psutil.Process], float]] = {
    "SIGKILL": _kill,
    "SIGSTOP": _freeze,
    "disk full, until it has room": _fill,
}


class _Clients:
    def __init__(self, endpoint: Served) -> None:
        given = endpoint.environment
        made = {
            name: boto3.client(
                name, endpoint_url=given["AWS_ENDPOINT_URL"], region_name=REGION,
                aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"total_max_attempts": 1}, max_pool_connections=8),
            )
            for name in ("s3", "dynamodb", "sqs")
        }  # fmt: skip
        self._s3, self._dynamodb, self._sqs = made.values()
        self._queue = f"{given['AWS_ENDPOINT_URL']}/{ACCOUNT}/queue"
        self.writes: Mapping[str, Write] = {
            "s3": lambda name: self._s3.put_object(Bucket="bucket", Key=name, Body=name.encode()),
            "dynamodb": lambda name: self._dynamodb.put_item(
                TableName="table", Item={"id": {"S": name}}
            ),
            "sqs": lambda name: self._sqs.send_message(QueueUrl=self._queue, MessageBody=name),
        }

    def wait(self) -> None:
        """Until it answers, with as many tries as needed."""
        end = time.monotonic() + _LONGEST
        while time.monotonic() < end:
            try:
                self._dynamodb.put_item(TableName="table", Item={"id": {"S": "there"}})
            except (ClientError, BotoCoreError):
                time.sleep(0.02)
            else:
                return
        sys.exit(f"error: no answer for {_LONGEST:.0f} s")

    def found(self) -> Mapping[str, set[str]]:
        """What is there by now; an object only with its content."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket="bucket")
        objects = {
            each["Key"]
            for page in pages
            for each in page.get("Contents", ())
            if each["Size"] == len(each["Key"])
        }
        scan = self._dynamodb.get_paginator("scan").paginate(TableName="table")
        items = {item["id"]["S"] for page in scan for item in page["Items"]}
        messages: set[str] = set()
        asked = {"QueueUrl": self._queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600}
        while some := self._sqs.receive_message(**asked).get("Messages"):
            messages |= {each["Body"] for each in some}
        return {"s3": objects, "dynamodb": items, "sqs": messages}


class _Writing:
    """One client of each service, which writes one thing after another."""

    def __init__(self, clients: _Clients) -> None:
        self._clients = clients
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(len(clients.writes))
        self.kept: dict[str, list[str]] = {service: [] for service in clients.writes}

    def __enter__(self) -> _Writing:
        for service in self.kept:
            self._pool.submit(self._write, service)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._pool.shutdown()

    def _write(self, service: str) -> None:
        for number in itertools.count():
            if self._stopped.is_set():
                return
            name = f"{service}-{number}"
            try:
                self._clients.writes[service](name)
            except (ClientError, BotoCoreError):
                time.sleep(0.02)
            else:
                self.kept[service].append(name)


def _ministack(endpoint: Served) -> psutil.Process:
    """The one that runs by now."""
    children = psutil.Process(endpoint.processes[0]).children(recursive=True)
    end = time.monotonic() + _LONGEST
    while time.monotonic() < end:
        for child in children:
            if any(part.endswith("run_ministack.py") for part in child.cmdline()[1:2]):
                return child
        time.sleep(0.05)
        children = psutil.Process(endpoint.processes[0]).children(recursive=True)
    sys.exit("error: MiniStack does not run")


if __name__ == "__main__":
    main()

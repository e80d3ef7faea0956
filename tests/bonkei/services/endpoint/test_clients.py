"""The clients that people use, each in an environment of its own, against the endpoint.

All other tests of the endpoint use boto3.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.blueprint.storage import Queue
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.backing.process import LOCK
from tests.bonkei.services.endpoint.rigs import DECLARED, ENVIRONMENTS, Rig, arn

CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture(scope="module")
def rig(start: Callable[..., Rig]) -> Rig:
    queues = tuple(Queue(name, arn("sqs", name), name, {}) for name in ("js", "aio", "cli"))
    return start(blueprint=replace(DECLARED, queues=(*DECLARED.queues, *queues)))


def run(rig: Rig, *command: str | Path) -> str:
    """Run with the environment of a task of the role `task`, without this machine's AWS
    settings.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nothing = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    done = subprocess.run(
        [str(each) for each in command],
        env={**kept, **nothing, **rig.cloud.callers.person("task")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment_of(lock: Path) -> Path:
    return asyncio.run(ensure_environment((lock,), ENVIRONMENTS, lambda _: None)) / "bin"


def test_aiobotocore(rig: Rig) -> None:
    python = environment_of(CLIENTS / "aiobotocore.txt") / "python"
    assert run(rig, python, CLIENTS / "aio.py") == "done\n"


def test_the_aws_command(rig: Rig, tmp_path: Path) -> None:
    aws = environment_of(LOCK.with_name("awscli.txt")) / "aws"
    source, copy = tmp_path / "large", tmp_path / "copy"
    source.write_bytes(os.urandom(9 * 2**20))  # in parts
    run(rig, aws, "s3", "cp", source, "s3://shop/cli/large", "--only-show-errors")
    run(rig, aws, "s3", "sync", "s3://shop/cli", copy, "--only-show-errors")
    assert (copy / "large").read_bytes() == source.read_bytes()
    address = f"{rig.url}/123456789012/cli"
    sqs = (aws, "sqs", "--endpoint-url", rig.url)
    run(rig, *sqs, "send-message", "--queue-url", address, "--message-body", "hello")
    received = rig.client("sqs").receive_message(QueueUrl=address)
    assert received["Messages"][0]["Body"] == "hello"


@pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js is not on this machine")
def test_the_javascript_sdk(rig: Rig) -> None:
    lock = (CLIENTS / "package-lock.json").read_bytes()
    folder = ENVIRONMENTS / f"node-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not folder.exists():
        draft = folder.with_suffix(f".{os.getpid()}")
        draft.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(CLIENTS / name, draft)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=draft, check=True, capture_output=True, timeout=180)
        draft.rename(folder)
    shutil.copy(CLIENTS / "client.mjs", folder)  # Node looks for modules beside the program
    assert run(rig, "node", folder / "client.mjs") == "done\n"

"""Stacks in a real AWS endpoint with a real store, without the rest of a miniature."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from bonkei import blueprint
from bonkei.base.events import Bus
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.state import Resource, State
from bonkei.miniature.parts.cloudformation import StackPart
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.backing.process import LOCK
from bonkei.services.endpoint.cloud import Cloud
from bonkei.services.endpoint.settings import CloudSettings
from tests.bonkei.services.endpoint.rigs import ACCOUNT, ENVIRONMENTS

REGION = "ap-northeast-1"
T = TypeVar("T")


class Definitions:
    """Terraform's state in the form of `terraform show -json`."""

    def __init__(self, *resources: Mapping[str, Any]) -> None:
        self._document = {"values": {"root_module": {"resources": list(resources)}}}

    def read(self, more: Iterable[Resource] = (), revisions: Sequence[Any] = ()) -> Blueprint:
        return blueprint.read(self._document, more, revisions)

    def resources(self) -> Sequence[Resource]:
        return State.parse(self._document).resources


class House:
    """One home. `open` and `close` stand for a start and a stop."""

    def __init__(self, home: Path, *resources: Mapping[str, Any]) -> None:
        self._home = home
        self._definitions: Any = Definitions(*resources)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.blueprint = Blueprint()
        self.bus = Bus()

    def open(self) -> None:
        settings = CloudSettings(self._home / "cloud", ACCOUNT, 0, self._home)
        settings.directory.mkdir(parents=True, exist_ok=True)
        services: dict[str, Any] = {}
        self.cloud = Cloud(
            settings,
            MemoryVault(),
            lambda lock: ensure_environment((lock,), ENVIRONMENTS, print),
            services,
            print,
        )
        self.do(self._open(services))

    async def _open(self, services: dict[str, Any]) -> None:
        self.stacks = StackPart(
            self._home / "cloudformation",
            self._definitions,
            self._follow,
            lambda: self.cloud,
            self.bus,
            print,
        )
        services["cloudformation"] = self.stacks.service
        await self.cloud.start()
        await self._follow()
        self.cloud.hear(self.stacks.hear_call)
        self.stacks.resume()

    async def _follow(self) -> Sequence[str]:
        self.blueprint = self.stacks.read()
        await self.cloud.apply(self.blueprint)
        return self.cloud.snapshot().notes

    def reread(self) -> Blueprint:
        self.do(self._reread())
        return self.blueprint

    async def _reread(self) -> None:
        await self._follow()

    def close(self) -> None:
        self.do(self.stacks.stop())
        self.do(self.cloud.stop())

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, job: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(job, self._loop).result(60)

    def client(self, service: str, role: str = "") -> Any:
        environment = self.cloud.callers.person(role)
        return boto3.client(
            service,
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            region_name=REGION,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=environment.get("AWS_SESSION_TOKEN"),
            config=Config(retries={"max_attempts": 1}),
        )

    def aws(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the real command without this machine's AWS settings."""
        lock = LOCK.with_name("awscli.txt")
        environment = asyncio.run(ensure_environment((lock,), ENVIRONMENTS, print))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        nothing = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
        return subprocess.run(
            [environment / "bin" / "aws", *map(str, arguments), "--region", REGION],
            env={**kept, **nothing, **self.cloud.callers.person("")},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

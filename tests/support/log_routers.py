"""A router with the shipped configuration, in this process, with a double of AWS."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ports import free_port

from bench.fake_aws import FakeAws
from bonkei.services.logs.router.configuration.load import load, load_text
from bonkei.services.logs.router.configuration.model import Configuration
from bonkei.services.logs.router.configuration.overrides import Overrides, override
from bonkei.services.logs.router.driver import FluentdDriver, Source
from bonkei.services.logs.router.engine.engine import Engine

SHIPPED = Path(__file__).parents[2] / "program" / "fluentbit" / "fluent-bit.yaml"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "t"}


def shipped(directory: Path, aws: FakeAws, program: str = "backend") -> Configuration:
    environment = {
        "AWS_REGION": "ap-northeast-1",
        "LOG_GROUP": "/ecs/backend",
        "LOG_BUCKET": "logs",
        "LOG_PREFIX": program,
        "PORT": "0",
    }
    return override(
        load(SHIPPED, environment), Overrides(directory / "v", directory / "s", aws.url)
    )


def written(text: str, directory: Path, aws: FakeAws, name: str = "f.conf") -> Configuration:
    kept = f"[SERVICE]\n    storage.path /buffer\n{text}"
    configuration = load_text(kept, directory / name, {})
    return override(configuration, Overrides(directory / "v", directory / "s", aws.url))


@dataclass
class Running:
    engine: Engine
    job: asyncio.Task[bool]
    said: list[str] = field(default_factory=list)

    async def stop(self) -> bool:
        self.engine.stop()
        return await self.job

    async def until(self, condition: Any, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)


async def start(configuration: Configuration) -> Running:
    said: list[str] = []
    engine = Engine(configuration, KEYS, write=said.append)
    running = Running(engine, asyncio.create_task(engine.run()), said)
    await running.until(lambda: running.job.done() or engine.serves.is_set())
    return running


@asynccontextmanager
async def fake_aws() -> AsyncIterator[FakeAws]:
    aws = FakeAws(port=free_port())  # also while it is down, no task of a miniature takes it
    await aws.start()
    try:
        yield aws
    finally:
        await aws.stop()


def driver(directory: Path) -> FluentdDriver:
    return FluentdDriver(Source("backend-firelens-abc", "abc", "backend"), directory / "s")


def arrived(aws: FakeAws) -> dict[str, list[dict[str, Any]]]:
    """The delivered records by destination, without date and container."""
    found = {
        "FATAL": [json.loads(text) for text in aws.messages("FATAL")],
        "ERROR": [json.loads(text) for text in aws.messages("ERROR")],
        "access": aws.lines("access/backend/"),
        "application": aws.lines("application/backend/"),
    }
    return {place: [_bare(record) for record in records] for place, records in found.items()}


def _bare(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if k not in ("date", "container_id", "container_name")}

"""The endpoint with a real MiniStack, shared by the tests of a file."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bonkei.base.aws_service import AwsService
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.services.ecs import api as ecs
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.cloud import Cloud
from bonkei.services.endpoint.settings import CloudSettings
from tests.bonkei.services.endpoint.rooms import (
    ACCOUNT,
    DECLARED,
    ENVIRONMENTS,
    SECRET,
    Room,
    give_certificate,
)


@pytest.fixture(scope="module")
def start(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Room]]:
    """Start a room in a directory, and stop it after the file's tests."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    rooms: list[Room] = []

    def started(
        directory: Path | None = None,
        blueprint: Blueprint = DECLARED,
        services: Mapping[str, AwsService] | None = None,
    ) -> Room:
        vault, reports = MemoryVault({SECRET: '{"password": "hunter22"}'}), list[str]()
        home = give_certificate(directory or tmp_path_factory.mktemp("cloud"))
        settings = CloudSettings(home, ACCOUNT, 0, home, rest_after=3600.0)
        cloud = Cloud(
            settings,
            vault,
            lambda lock: ensure_environment((lock,), ENVIRONMENTS, reports.append),
            {"ecs": ecs.service(lambda: None), **(services or {})},
            reports.append,
        )
        room = Room(cloud, loop, vault, reports)
        rooms.append(room)
        room.do(cloud.start())
        room.do(cloud.apply(blueprint))
        return room

    try:
        yield started
    finally:
        for room in rooms:
            room.do(room.cloud.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def room(start: Callable[..., Room]) -> Room:
    return start()

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
from bonkei.services.ecs.api import service as ecs
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.endpoint.cloud import Cloud
from bonkei.services.endpoint.settings import CloudSettings
from tests.bonkei.services.endpoint.rigs import (
    ACCOUNT,
    DECLARED,
    ENVIRONMENTS,
    SECRET,
    Rig,
    give_certificate,
)


@pytest.fixture(scope="module")
def start(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Rig]]:
    """Start a rig in a directory, and stop it after the file's tests."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    rigs: list[Rig] = []

    def started(
        directory: Path | None = None,
        blueprint: Blueprint = DECLARED,
        services: Mapping[str, AwsService] | None = None,
    ) -> Rig:
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
        rig = Rig(cloud, loop, vault, reports)
        rigs.append(rig)
        rig.do(cloud.start())
        rig.do(cloud.apply(blueprint))
        return rig

    try:
        yield started
    finally:
        for rig in rigs:
            rig.do(rig.cloud.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def rig(start: Callable[..., Rig]) -> Rig:
    return start()

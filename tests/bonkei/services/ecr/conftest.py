"""A registry with two repositories, and a server for its distribution API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from bonkei.base.aws_service import AwsService, Caller
from bonkei.blueprint.ecr import Repository
from bonkei.services.ecr import http
from bonkei.services.ecr.api import service
from bonkei.services.ecr.engines import http as engines_http
from bonkei.services.ecr.engines.builder import Builder, EngineSettings
from bonkei.services.ecr.registry import Registry
from bonkei.services.ecr.scans.scans import Scans
from bonkei.services.ecr.scans.values import Scan, ScanError

ACCOUNT = "123456789012"
HOST = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
TOKEN = "of a privileged build"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/builder"
BUILDER = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/b", "x:b", ACCOUNT, ROLE)
KEEP_TWO = """{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any",
  "countType": "imageCountMoreThan", "countNumber": 2}, "action": {"type": "expire"}}]}"""


def repository(name: str, **more: object) -> Repository:
    arn = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/{name}"
    return Repository(name, arn, name, f"{HOST}/{name}", **more)  # type: ignore[arg-type]


class NoScanner:
    async def scan(self, _layout: Path) -> Scan:
        raise ScanError("nothing is scanned here")


@dataclass
class World:
    """`denied`: actions that IAM denies. `now`: Unix seconds."""

    home: Path
    denied: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    now: float = 1000.0
    reports: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry = self.open()
        self.url = ""
        self.engine = "none"
        self.engine_home = self.home / "engine"
        self.obstacle = ""
        self._builder: Builder | None = None

    @property
    def builder(self) -> Builder:
        """With the engine that the test names before."""
        if self._builder is None:
            home, ledger = self.engine_home, self.home / "processes"
            settings = EngineSettings(self.engine, home, ledger, lambda: self.obstacle)
            self._builder = Builder(settings)
        return self._builder

    @property
    def ecr(self) -> AwsService:
        """The AWS API; nothing is scanned."""
        home, ended = self.home / "scanner", lambda *_: None
        scans = Scans(self.registry.store, home, NoScanner(), lambda: self.now, ended)
        return service(self.registry, scans, lambda: self.now)

    async def stop(self) -> None:
        if self._builder is not None:
            await self._builder.stop()

    def open(self) -> Registry:
        registry = Registry(
            self.home, lambda: b"k" * 32, self, self.reports.append, lambda: self.now
        )
        registry.follow(
            [repository("shop/web", immutable=True), repository("few", lifecycle_policy=KEEP_TWO)]
        )
        return registry

    def role(
        self, role: str, _session: str, action: str, resource: str, _context: object = None
    ) -> str:
        self.asked.append((action, resource.rpartition("repository/")[2]))
        return f"{role} may not {action}" if action in self.denied else ""

    def service(self, *_: object, **__: object) -> str:
        return ""

    def password(self, caller: Caller = BUILDER) -> str:
        return self.registry.tokens.issue(caller, self.now)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "registry")

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(engines_http.PREFIX):
            return await engines_http.answer(world.builder, TOKEN, request)
        return await http.answer(world.registry, request)

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    world.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield world
    await runner.cleanup()
    await world.stop()

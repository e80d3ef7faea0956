"""The image registry for the supervisor, and for the tasks that run from pushed images."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from bonkei.base.aws_service import Asks, AwsService, Later
from bonkei.base.events import Bus
from bonkei.base.processes.roots import why_not
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecr import Repository
from bonkei.blueprint.ecs import Container, TaskDefinition, has_registry
from bonkei.miniature.home import Home
from bonkei.services.ecr.engines.runs import Runs
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.names import read_reference, with_tag_of
from bonkei.services.ecr.pulls.outside import OutsideImages, Source
from bonkei.services.ecr.registry import Registry
from bonkei.services.ecr.scans.scans import Scans
from bonkei.services.ecr.scans.trivy import Trivy, TrivySettings
from bonkei.services.ecr.scans.values import Scan, scan_event
from bonkei.services.ecr.unpacking import Unpacked
from bonkei.services.ecr.values import Image
from bonkei.services.ecs import TaskError
from bonkei.services.ecs.built import BuiltFiles
from bonkei.services.endpoint.identity.key import load_key

if TYPE_CHECKING:
    from aiohttp import web

    from bonkei.services.ecr.engines.builder import Builder
    from bonkei.services.endpoint.endpoint import Beside


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """`engine`, `images`, `trivy_database`: of bonkei.toml. `keys`: of containers with another
    source. `trivy`: Trivy's command, for scans."""

    trivy: Callable[[], Awaitable[Sequence[str]]]
    engine: str = "none"
    images: Mapping[str, str | Path] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    trivy_database: Path | None = None


class RegistryPart:
    """`asks`: IAM's decisions; `report` gets the images that expire. `bus` gets the events of
    scans. `engine` of the object: variables for the builds that may use it."""

    def __init__(
        self,
        home: Home,
        asks: Asks,
        report: Callable[[str], None],
        bus: Bus,
        settings: RegistrySettings,
    ) -> None:
        folder = self._folder = home.path / "registry"
        self.registry = Registry(folder, lambda: load_key(folder), asks, report)
        self._bus = bus
        self._declared: frozenset[str] = frozenset()
        self._wanted: Mapping[Source, set[str]] = {}
        self._outside = OutsideImages(home.path / "images")
        scanner, ledger = folder / "scanner", home.path / "processes" / "scans"
        self._trivy = Trivy(TrivySettings(settings.trivy, scanner, ledger, settings.trivy_database))
        self.scans = Scans(self.registry.store, scanner, self._trivy, time.time, self._has_ended)
        self.registry.hear(self._pushed)
        self.services: Mapping[str, AwsService] = {"ecr": Later(self._ecr)}
        self.beside: Mapping[str, Beside] = {"/v2/": self._serve, "/_engine/": self._build}
        self._token = token_urlsafe(32)
        self.engine: Mapping[str, str] = {"MINIATURE_ENGINE": self._token}
        self._engine, self._home = settings.engine, home
        self._images, self._keys = settings.images, settings.keys | settings.images.keys()
        self._runs = Runs(settings.engine, home.path / "engine")
        self._builder: Builder | None = None

    def _ecr(self) -> AwsService:
        from bonkei.services.ecr.api import service  # noqa: PLC0415 - see `Later`

        return service(self.registry, self.scans)

    def follow(self, blueprint: Blueprint) -> None:
        self.registry.follow(blueprint.repositories)
        self.scans.follow(frozenset(each.name for each in blueprint.repositories))
        declared = [(one, d) for d in blueprint.task_definitions for one in d.containers]
        self._declared = frozenset(container.image for container, _ in declared)
        wanted: dict[Source, set[str]] = {}
        for container, definition in declared:
            if source := self._source(container, definition):
                wanted.setdefault(source, set()).add(container.name)
        self._wanted = wanted

    def _source(self, container: Container, definition: TaskDefinition) -> Source | None:
        """The image that the settings have for a container. For all of a repository: with the same
        tag, unless they name one."""
        key = definition.key_of(container, self._keys)
        source = self._images.get(key)
        if isinstance(source, str) and has_registry(key):
            return with_tag_of(source, container.image)
        return source

    async def bring(self, report: Callable[[str], None]) -> None:
        """Fetch the images of the settings, for the declared containers."""
        await self._outside.bring(self._wanted, report)

    def _pushed(self, repository: Repository, image: Image) -> None:
        if repository.scan_on_push:
            self.scans.pushed(repository.name, image)

    def _has_ended(self, name: str, digest: str, scan: Scan) -> None:
        tags = self.registry.contents(name).tags_of(digest)
        self._bus.publish(scan_event(self.registry.repository(name).arn, digest, tags, scan))

    def digest(self, image: str) -> str:
        """The digest of a pushed image; otherwise empty."""
        return self.registry.digest(image)

    def built(self, container: Container, definition: TaskDefinition) -> BuiltFiles | None:
        """The files of its image; None: the working copy, for an image of Terraform's definitions
        before a release. TaskError, in ECS's words, for a tag that was never pushed.
        """
        image, architecture = container.image, definition.architecture
        source = self._source(container, definition) if image in self._declared else None
        try:
            found = self.registry.files(image, architecture)
            if found is None and source is not None:
                found = self._outside.files(source, architecture)
        except RegistryError as error:
            raise TaskError(error.message) from None
        if found is not None:
            return self._files(image, found)
        if image not in self._declared and self._is_ours(image):
            raise TaskError(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed "
                f"to resolve ref {image}: {image}: not found",
                remedy="push the image before its task definition is used",
            )
        return None

    def _files(self, image: str, found: Unpacked) -> BuiltFiles:
        if found.config is None:
            return BuiltFiles(found.folder)
        if self._why_not_run:
            raise TaskError(
                f"{image} was built by a container engine, and this machine cannot run its files: "
                f"{self._why_not_run}",
                remedy='set [builds] engine = "none" in bonkei.toml, and release again',
            )
        manifest = self.registry.store.blob(found.digest) or self._outside.manifest(found.digest)
        is_run = self._why_not_rooted and manifest
        by_engine = self._runs.of(found.digest, manifest) if is_run and manifest else None
        return BuiltFiles(found.folder, found.config, by_engine)

    @cached_property
    def _why_not_rooted(self) -> str:
        return why_not(self._folder)

    @property
    def _why_not_run(self) -> str:
        """Why neither this machine's namespaces nor an engine can run an image; empty: one can."""
        if not self._why_not_rooted or not self._runs.why_not:
            return ""
        return f"{self._why_not_rooted}; no container engine runs it ({self._runs.why_not})"

    def _is_ours(self, image: str) -> bool:
        try:
            reference = read_reference(image)
        except RegistryError:
            return False
        names = {each.name for each in self.registry.repositories}
        return reference.is_ecr and reference.name in names

    async def stop(self) -> None:
        await self.scans.stop()
        self._trivy.stop()
        if self._builder is not None:
            await self._builder.stop()

    async def forget_images(self) -> None:
        """After the last task: an engine that has run tasks keeps no image of them."""
        await asyncio.to_thread(self._runs.forget)

    async def _build(self, request: web.BaseRequest) -> web.StreamResponse:
        from bonkei.services.ecr.engines import http  # noqa: PLC0415 - as below

        if self._builder is None:
            self._builder = self._make_builder()
        return await http.answer(self._builder, self._token, request)

    def _make_builder(self) -> Builder:
        from bonkei.services.ecr.engines.builder import (  # noqa: PLC0415 - only builds need it
            Builder,
            EngineSettings,
        )

        home = self._home.path
        ledger = home / "processes" / "engine"
        return Builder(
            EngineSettings(self._engine, home / "engine", ledger, lambda: self._why_not_run)
        )

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        from bonkei.services.ecr import http  # noqa: PLC0415 - aiohttp takes a while to load

        return await http.answer(self.registry, request)

"""The image registry for the supervisor, and for the tasks that run from pushed images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.aws_service import Asks, AwsService
from bonkei.blueprint import Blueprint
from bonkei.cloud.identity.key import load_key
from bonkei.miniature.home import Home
from bonkei.registry.ecr import service
from bonkei.registry.errors import RegistryError
from bonkei.registry.names import read_reference
from bonkei.registry.room import Registry
from bonkei.tasks import TaskError

if TYPE_CHECKING:
    from aiohttp import web

    from bonkei.cloud.endpoint import Beside


class RegistryRoom:
    """`asks`: IAM's decisions. `report` receives the expired images."""

    def __init__(self, home: Home, asks: Callable[[], Asks], report: Callable[[str], None]) -> None:
        folder = home.path / "registry"
        self.registry = Registry(folder, lambda: load_key(folder), asks, report)
        self._declared: frozenset[str] = frozenset()
        self.services: Mapping[str, AwsService] = {"ecr": service(self.registry)}
        self.beside: Mapping[str, Beside] = {"/v2/": self._serve}

    def follow(self, blueprint: Blueprint) -> None:
        self.registry.follow(blueprint.repositories)
        self._declared = frozenset(
            container.image
            for definition in blueprint.task_definitions
            for container in definition.containers
        )

    def digest(self, image: str) -> str:
        """The digest of a pushed image; otherwise empty."""
        return self.registry.digest(image)

    def built(self, image: str) -> Path | None:
        """The source of an image. None: the working copy, for an image of Terraform's definitions
        before a release. Raises TaskError, in ECS's words, for a tag that was never pushed."""
        try:
            folder = self.registry.files(image)
        except RegistryError as error:
            raise TaskError(error.message) from None
        if folder is None and image not in self._declared and self._is_ours(image):
            if self.registry.find(image) is not None:
                raise TaskError(
                    f"{image} was built by a container engine, and none is used here",
                    remedy="build it with the docker command of the miniature's builds",
                )
            raise TaskError(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed "
                f"to resolve ref {image}: {image}: not found",
                remedy="push the image before its task definition is used",
            )
        return folder

    def _is_ours(self, image: str) -> bool:
        try:
            reference = read_reference(image)
        except RegistryError:
            return False
        names = {each.name for each in self.registry.repositories}
        return reference.is_ecr and reference.name in names

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        from bonkei.registry import http  # noqa: PLC0415 - aiohttp takes a while to load

        return await http.answer(self.registry, request)

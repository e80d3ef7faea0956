"""An engine, a build's order, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bonkei.services.ecr.errors import RegistryError


@dataclass(frozen=True, slots=True)
class Engine:
    """`line`: how its commands begin. `build`: options of each build. `kind`: what its processes
    are confined by, for the log."""

    name: str
    line: tuple[str, ...]
    build: tuple[str, ...]
    environment: Mapping[str, str]
    kind: str = ""
    can_retry: bool = False

    @property
    def is_docker(self) -> bool:
        return self.name == "docker"


@dataclass(frozen=True, slots=True)
class Order:
    """A `docker build`. `authorization`: of the build's login at the registry, which listens at
    `place` (HOST:PORT). `proxies`: the build's way out."""

    pull: bool = False
    no_cache: bool = False
    target: str = ""
    platform: str = ""
    build_arguments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    authorization: str = ""
    place: str = ""
    proxies: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def read_order(document: Mapping[str, Any]) -> Order:
    """The order in a request. Raises RegistryError for one that our client does not send."""
    try:
        return Order(
            pull=bool(document.get("pull")),
            no_cache=bool(document.get("no_cache")),
            target=str(document.get("target") or ""),
            platform=str(document.get("platform") or ""),
            build_arguments=_texts(document.get("build_arguments")),
            labels=_texts(document.get("labels")),
            authorization=str(document.get("authorization") or ""),
            proxies=_texts(document.get("proxies")),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise RegistryError("UNSUPPORTED", f"the order cannot be read: {error}") from None


def _texts(value: Any) -> Mapping[str, str]:
    return {str(name): str(text) for name, text in dict(value or {}).items()}


@dataclass(frozen=True, slots=True)
class Saved:
    """An image that was built: its manifest, and the files of its blobs by digest."""

    manifest: bytes
    blobs: tuple[tuple[str, Path], ...]


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """Why no engine carries out a build. Its sources are packaged instead."""

    reason: str

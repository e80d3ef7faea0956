"""The settings of groups and streams, as values and as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from bonkei.base import kept

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription filter. `created` in milliseconds."""

    name: str
    pattern: str
    destination_arn: str
    role_arn: str = ""
    distribution: str = "ByLogStream"
    created: int = 0
    declared: bool = False


@dataclass(frozen=True, slots=True)
class GroupDocument:
    """A log group. `retention` in days, 0 for unlimited; `created` in milliseconds. `declared`: it
    is in the definitions, so it is removed when they no longer contain it."""

    name: str
    created: int
    retention: int = 0
    kms_key_id: str = ""
    log_class: str = "STANDARD"
    deletion_protected: bool = False
    declared: bool = False
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    subscriptions: tuple[Subscription, ...] = ()

    @property
    def directory(self) -> str:
        return directory_name(self.name)

    def write(self, directory: Path) -> None:
        document = asdict(replace(self, tags={})) | {"tags": dict(self.tags)}
        _write(directory / "group.json", document)

    @classmethod
    def read(cls, directory: Path) -> GroupDocument | None:
        return _read(directory / "group.json", partial(kept.load, cls))


@dataclass(frozen=True, slots=True)
class StreamDocument:
    """A log stream. `sequence`: lower numbers belong to removed events."""

    name: str
    created: int
    sequence: int = 0
    declared: bool = False

    @property
    def directory(self) -> str:
        return directory_name(self.name)

    def write(self, directory: Path) -> None:
        _write(directory / "stream.json", asdict(self))

    @classmethod
    def read(cls, directory: Path) -> StreamDocument | None:
        return _read(directory / "stream.json", partial(kept.load, cls))


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """`document` is JSON; `updated` in milliseconds."""

    name: str
    document: str
    updated: int
    declared: bool = False


def write_policies(directory: Path, policies: Mapping[str, ResourcePolicy]) -> None:
    _write(directory / "policies.json", {name: asdict(each) for name, each in policies.items()})


def read_policies(directory: Path) -> dict[str, ResourcePolicy]:
    """The policies by name."""
    found = _read(directory / "policies.json", dict) or {}
    return {name: ResourcePolicy(**each) for name, each in found.items()}


def directory_name(name: str) -> str:
    """A name as a file name. Names have up to 512 characters, including slashes."""
    return sha256(name.encode()).hexdigest()[:24]


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        kept.write_json(path, document, ensure_ascii=False)
    except OSError:
        with suppress(OSError):  # not empty: it has been there before
            path.parent.rmdir()
        raise


def _read(path: Path, load: Callable[[Any], T]) -> T | None:
    """None for a file that a crash left unwritten: its creation was never acknowledged. Raises
    DamagedError."""
    try:
        return kept.read_json(path, load)
    except NotADirectoryError:
        return None

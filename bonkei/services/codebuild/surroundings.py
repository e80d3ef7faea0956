"""The other services that this one needs. `bonkei/miniature` connects them, and tests have
doubles.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from bonkei.blueprint.codebuild import BuildProject
from bonkei.services.codebuild.buildspec.model import SecretReference
from bonkei.services.codebuild.values import Build


class Objects(Protocol):
    """S3, with a role's permissions. Raises AwsServiceError."""

    async def get(self, role_arn: str, bucket: str, key: str, version: str, into: Path) -> None: ...

    async def put(
        self, role_arn: str, bucket: str, key: str, file: Path, encryption_key: str
    ) -> None: ...


class LogWriter(Protocol):
    """CloudWatch Logs, with the permissions of the build's role. Returns why it could not write, or
    an empty text. Events are (Unix milliseconds, text)."""

    def write(
        self, role_arn: str, group: str, stream: str, events: Sequence[tuple[int, str]]
    ) -> str: ...


Values = Callable[[str, str], Awaitable[str]]
"""A parameter of SSM: (role, name)."""
Secrets = Callable[[str, SecretReference], Awaitable[str]]
"""A secret's whole value: (role, reference)."""
Checkout = Callable[[str, str, str, Path], Awaitable[str]]
"""(role, location, version, into) of a CodeCommit repository -> the commit."""


@dataclass(frozen=True, slots=True)
class Tooling:
    """For the project that Terraform works on. `prepare` runs before the entries, with the build's
    folder, its buildspec and its role; it returns more variables. `collect` runs after them, with
    the folder and the role; it returns lines for the log."""

    prepare: Callable[[Path, str, str], Mapping[str, str]]
    collect: Callable[[Path, str], Sequence[str]]


Translate: TypeAlias = Callable[[Mapping[str, str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`identity`: a role's variables for a build. `commands`: command lines by name, installed when
    they are first wanted; so is `python`, an environment with the packages of the image's.
    `obstacle`: why a project's subnets have no way to the internet.
    `engine`: variables for a build with `privileged_mode`, which may use a container engine.
    `changed`: hears of each change of a build. `home`: the miniature's. `reads`: the files of the
    miniature that a build's tools need. `translate`: variables, with the addresses here of what
    they name."""

    region: Callable[[], str]
    account: str
    objects: Objects
    logs: LogWriter
    identity: Callable[[str, str], Mapping[str, str]]
    parameter: Values
    secret: Secrets
    checkout: Checkout
    commands: Callable[[Callable[[str], None]], Awaitable[Mapping[str, Sequence[str]]]]
    python: Callable[[Callable[[str], None]], Awaitable[Path | None]]
    obstacle: Callable[[BuildProject], str]
    tooling: Tooling
    changed: Callable[[Build], None]
    home: Path
    engine: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[Path, ...] = ()
    translate: Translate = dict


@dataclass(frozen=True, slots=True)
class BuildsSettings:
    """`directory`: the service's own. `may_write_outside`: builds run without confinement, even if
    they write outside their folder. The limits of disk (bytes) and processes are for one build;
    `at_once` is for all."""

    directory: Path
    may_write_outside: bool = False
    disk: int = 10_000_000_000
    processes: int = 2_000
    at_once: int = 4

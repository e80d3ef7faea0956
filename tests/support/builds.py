"""CodeBuild for tests: real processes, and doubles of the services around it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import bonkei
from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codebuild import BuildProject
from bonkei.services.codebuild.builds import Builds
from bonkei.services.codebuild.buildspec.model import SecretReference
from bonkei.services.codebuild.running.confinement import Confinement, probe
from bonkei.services.codebuild.surroundings import BuildsSettings, Surroundings, Tooling, Translate
from bonkei.services.codebuild.values import Build, BuildInput, BuildRequest

ROOT = Path(bonkei.__file__).resolve().parents[1]
ROLE = "arn:aws:iam::123456789012:role/build"
REGION = "ap-northeast-1"


class Bucket:
    """S3 without permissions: files by (bucket, key)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.keys: list[tuple[str, str, str]] = []  # (bucket, key, encryption key) of each put

    def file(self, bucket: str, key: str) -> Path:
        return self._directory / bucket / key

    async def get(self, role_arn: str, bucket: str, key: str, version: str, into: Path) -> None:
        file = self.file(bucket, key)
        if not file.is_file():
            raise AwsServiceError("NoSuchKey", "The specified key does not exist.", 404)
        shutil.copy(file, into)

    async def put(
        self, role_arn: str, bucket: str, key: str, file: Path, encryption_key: str
    ) -> None:
        target = self.file(bucket, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
        self.keys.append((bucket, key, encryption_key))


class Lines:
    """CloudWatch Logs that keeps what it gets."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str]] = []

    def write(
        self, role_arn: str, group: str, stream: str, events: Sequence[tuple[int, str]]
    ) -> str:
        self.events += [(group, stream, text) for _, text in events]
        return ""


async def _parameter(role: str, name: str) -> str:
    if name != "/known":
        raise AwsServiceError("AccessDeniedException", f"no ssm:GetParameters on {name}")
    return "of-the-store"


async def _secret(role: str, reference: SecretReference) -> str:
    if reference.secret != "known":
        raise AwsServiceError("ResourceNotFoundException", "no such secret")
    return '{"user": "me", "number": 7}' if not reference.version else "older"


async def _checkout(role: str, location: str, version: str, into: Path) -> str:
    (into / "from-a-repository").write_text(location, encoding="utf-8")
    return "c0ffee"


@dataclass
class World:
    """Everything that the doubles have received."""

    directory: Path
    bucket: Bucket
    lines: Lines = field(default_factory=Lines)
    changes: list[Build] = field(default_factory=list)
    commands: dict[str, Sequence[str]] = field(default_factory=dict)
    obstacle: str = ""
    prepare: Callable[[Path, str], Mapping[str, str]] = lambda _folder, _text: {}
    reads: tuple[Path, ...] = ()
    identity: dict[str, str] = field(default_factory=dict)
    translate: Translate = dict

    @property
    def image(self) -> Path:
        """An environment with the packages of the image's Python, if a test makes it."""
        return self.directory / "image"

    def _prepare(self, folder: Path, text: str, _role: str) -> Mapping[str, str]:
        return self.prepare(folder, text)

    def _translated(self, values: Mapping[str, str]) -> Mapping[str, str]:
        return self.translate(values)

    def surroundings(self) -> Surroundings:
        async def commands(_say: Callable[[str], None]) -> Mapping[str, Sequence[str]]:
            return self.commands

        async def python(_say: Callable[[str], None]) -> Path | None:
            return self.image if self.image.is_dir() else None

        return Surroundings(
            region=lambda: REGION,
            account="123456789012",
            objects=self.bucket,
            logs=self.lines,
            identity=lambda role, build: {
                "AWS_REGION": REGION,
                "AWS_SESSION": f"{role}/{build}",
                **self.identity,
            },
            parameter=_parameter,
            secret=_secret,
            checkout=_checkout,
            commands=commands,
            python=python,
            obstacle=lambda _project: self.obstacle,
            tooling=Tooling(self._prepare, lambda _folder, _role: ()),
            changed=self.changes.append,
            home=self.directory,
            reads=(Path(bonkei.__file__).parent, self.image, *self.reads),
            translate=self._translated,
        )


@cache
def probed() -> Confinement:
    """The confinement that this machine allows, tested once for all tests."""
    with tempfile.TemporaryDirectory() as made:
        return probe(Path(made))


class Rig:
    """A started rig with one project, `app`."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.world = World(directory, Bucket(directory / "s3"))
        minute = settings.pop("minute", 60.0)
        self.builds = Builds(
            BuildsSettings(directory / "builds", **settings),
            self.world.surroundings(),
            minute=minute,
        )
        self.builds.confinement = probed  # type: ignore[method-assign]
        self.source = directory / "given"
        self.source.mkdir(exist_ok=True)
        self.projects: dict[str, BuildProject] = {}

    def project(self, buildspec: str = "", name: str = "app", **values: Any) -> BuildProject:
        """Declare a project. Others stay."""
        found = BuildProject(
            address=f"aws_codebuild_project.{name}",
            arn=f"arn:aws:codebuild:{REGION}:123456789012:project/{name}",
            name=name,
            role_arn=ROLE,
            image="aws/codebuild/amazonlinux-x86_64-standard:5.0",
            buildspec=buildspec,
            **values,
        )
        self.projects[name] = found
        self.builds.apply(tuple(self.projects.values()))
        return found

    async def run(self, buildspec: str = "", **request: Any) -> BuildResult:
        """A build of `app` from the folder `source`."""
        if buildspec:
            self.project(buildspec)
        request.setdefault("inputs", (BuildInput("Source", folder=self.source),))
        build = self.builds.submit(BuildRequest("app", **request))
        try:
            ended = await self.builds.wait(build.id)
        except asyncio.CancelledError:
            await self.builds.stop_build(build.id)
            raise
        return BuildResult(ended, self.builds.log(build.id))


@dataclass(frozen=True)
class BuildResult:
    """A finished build, and the file with its whole log."""

    build: Build
    log: Path

    @property
    def id(self) -> str:
        return self.build.id

    @property
    def status(self) -> str:
        return self.build.status

    @property
    def error(self) -> str:
        return self.build.error

    @property
    def exported(self) -> Mapping[str, str]:
        return self.build.exported


def log(result: BuildResult) -> str:
    return result.log.read_text(encoding="utf-8")


def statuses(result: BuildResult) -> dict[str, str]:
    """The status of each phase, in order."""
    return {phase.name: phase.status for phase in result.build.phases}


def spec(*commands: str, more: str = "", shell: str = "bash") -> str:
    """A buildspec whose phase build has these commands."""
    import json

    listed = "".join(f"\n      - {json.dumps(command)}" for command in commands)
    return f"version: 0.2\nenv:\n  shell: {shell}\nphases:\n  build:\n    commands:{listed}\n{more}"

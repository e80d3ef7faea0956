"""CodeBuild as the supervisor uses it: the service, with the parts around it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bonkei
from bonkei.analysis.network.reach import obstacle_to_internet, places
from bonkei.base.aws_service import AwsServiceError, RoleSession
from bonkei.base.errors import BonkeiError
from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.codebuild import BuildProject
from bonkei.config import Config
from bonkei.miniature.home import Home
from bonkei.miniature.parts.codebuild.tools import Commands, Provider
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint
from bonkei.miniature.parts.logs.logs import Writer
from bonkei.services.codebuild.buildspec.model import SecretReference
from bonkei.services.codebuild.happenings import events
from bonkei.services.codebuild.surroundings import BuildsSettings, Surroundings, Tooling, Translate
from bonkei.services.codecommit.errors import GitError
from bonkei.services.codecommit.git import clone
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.logs import RoleWriter

if TYPE_CHECKING:
    from bonkei.base.aws_service import Operations
    from bonkei.services.codebuild.builds import Builds
    from bonkei.services.codebuild.values import Build, BuildsSnapshot
    from bonkei.services.endpoint.cloud import Cloud

Install = Callable[[Sequence[Path]], Awaitable[Path]]
_SESSION = "AWSCodeBuild"


class BuildPart:
    """Call `start` while Terraform runs, `follow` with each blueprint, and always `stop`. `writer`:
    writes logs as a role in a region. `engine`: the variables that name the image builder.
    `translate`: a build's environment."""

    name = "builds"

    def __init__(
        self, config: Config, home: Home, bus: Bus, aws: AwsEndpoint, writer: Writer,
        install: Install, engine: Mapping[str, str], translate: Translate,
    ) -> None:  # fmt: skip
        self._config = config
        self._home = home
        self._bus = bus
        self._aws = aws
        self._writer = writer
        self._install = install
        self._engine = engine
        self._translate = translate
        self._blueprint = Blueprint()
        self._builds: Builds | None = None
        self._hearing: list[Callable[[Build], None]] = []
        self._told: dict[str, Build] = {}

    def hear(self, listener: Callable[[Build], None]) -> None:
        """Call `listener` at each change of a build."""
        self._hearing.append(listener)

    async def start(self) -> None:
        """End builds that an earlier miniature has left."""
        from bonkei.services.codebuild.builds import Builds  # noqa: PLC0415 - cryptography takes a while

        config = self._config
        settings = BuildsSettings(
            self._home.builds, config.builds_outside, config.builds_megabytes * 1_000_000
        )
        builds = Builds(settings, self._surroundings())
        await asyncio.to_thread(builds.start)
        self._builds = builds

    def follow(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self.builds.apply(blueprint.build_projects)

    @property
    def builds(self) -> Builds:
        """The part itself, after the start."""
        assert self._builds is not None  # noqa: S101 - `start` made it
        return self._builds

    @property
    def service(self) -> Operations:
        """CodeBuild's API."""
        from bonkei.services.codebuild.api import api  # noqa: PLC0415 - as above

        return api.service(lambda: self.builds)

    def snapshot(self) -> BuildsSnapshot | None:
        return self._builds.snapshot() if self._builds is not None else None

    async def stop(self) -> None:
        if self._builds is not None:
            await self._builds.stop()

    def _surroundings(self) -> Surroundings:
        home, config = self._home, self._config
        commands = Commands(self._install, config.terraform)
        provider = Provider(
            home.path, config.account_id, config.existing, self._denial, self._arns,
            config.aws_rules,
        )  # fmt: skip
        code = Path(bonkei.__file__).parent
        terraform = (Path(config.terraform),) if config.terraform else ()
        return Surroundings(
            region=self._region,
            account=config.account_id,
            objects=_Objects(lambda: self._aws.cloud),
            logs=_Logs(self._writer, self._region),
            identity=self._identity,
            parameter=self._parameter,
            secret=self._secret,
            checkout=self._checkout,
            commands=commands.all,
            python=commands.python,
            obstacle=self._obstacle,
            tooling=Tooling(provider.prepare, provider.collect),
            changed=self._changed,
            engine=self._engine,
            home=home.path,
            reads=(code, home.environments, *terraform),
            translate=self._translate,
        )

    def _changed(self, build: Build) -> None:
        for hear in self._hearing:
            hear(build)
        if build.request.is_undeclared:
            return
        found = [p for p in self.builds.projects if p.name == build.request.project]
        project = found[0] if found else None
        for event in events(self._told.get(build.id), build, project, time.time()):
            self._bus.publish(event)
        self._told[build.id] = build
        if build.is_over:
            del self._told[build.id]

    def _denial(self, role: str, action: str, path: str) -> str:
        service = action.partition(":")[0]
        resource = f"arn:aws:{service}:{self._region()}:{self._config.account_id}:{path}"
        return self._aws.role(role, _SESSION, action, resource)

    def _arns(self) -> Iterator[str]:
        """Also those of the secrets that RDS manages."""
        yield from self._blueprint.arns
        yield from (each.master_secret_arn for each in self._blueprint.database_clusters)

    def _identity(self, role: str, build: str) -> Mapping[str, str]:
        return self._aws.cloud.callers.build(role, build)

    def _region(self) -> str:
        return self._aws.cloud.region

    def _obstacle(self, project: BuildProject) -> str:
        """CodeBuild uses any of the subnets, so one with a way out is enough. A build has no public
        address."""
        found = [
            obstacle_to_internet(self._blueprint, place)
            for place in places(self._blueprint, project.subnet_ids, project.security_group_ids)
        ]
        return found[0] if found and all(found) else ""

    async def _checkout(self, _role: str, location: str, version: str, into: Path) -> str:
        """A repository of CodeCommit, by the end of its URL. The build's role may lack the
        permission here: CodeBuild's `codecommit:GitPull` is not checked."""
        name = location.rstrip("/").rpartition("/")[2]
        repository = self._home.path / "repositories" / f"{name}.git"
        if not repository.is_dir():
            raise AwsServiceError(
                "RepositoryDoesNotExistException", f"{name} is not a repository of the miniature"
            )
        try:
            return await clone(repository, version, into)
        except GitError as error:
            raise AwsServiceError("CLIENT_ERROR", error.message) from None

    async def _parameter(self, role: str, name: str) -> str:
        given = {"Names": [name], "WithDecryption": True}
        session = RoleSession(role, _SESSION)
        answer = await self._aws.call(session, "ssm", "GetParameters", given)
        for each in answer.get("Parameters", ()):
            return str(each["Value"])
        raise AwsServiceError("ParameterNotFound", f"Parameter {name} does not exist")

    async def _secret(self, role: str, reference: SecretReference) -> str:
        given = {"SecretId": reference.secret}
        if reference.stage:
            given["VersionStage"] = reference.stage
        if reference.version:
            given["VersionId"] = reference.version
        session = RoleSession(role, _SESSION)
        answer = await self._aws.call(session, "secretsmanager", "GetSecretValue", given)
        return str(answer.get("SecretString", ""))


class _Objects:
    """`bonkei.services.codebuild.surroundings.Objects` by the endpoint."""

    def __init__(self, cloud: Callable[[], Cloud]) -> None:
        self._cloud = cloud

    async def get(self, role_arn: str, bucket: str, key: str, version: str, into: Path) -> None:
        objects = self._cloud().objects
        await objects.get(role_arn, _SESSION, (bucket, key), into, version)

    async def put(
        self, role_arn: str, bucket: str, key: str, file: Path, encryption_key: str
    ) -> None:
        objects = self._cloud().objects
        await objects.put(role_arn, _SESSION, (bucket, key), file, encryption_key)


class _Logs:
    """CodeBuild's `LogWriter`: it writes with the build's role."""

    def __init__(self, writer: Writer, region: Callable[[], str]) -> None:
        self._writer = writer
        self._region = region
        self._made: set[tuple[str, str, str]] = set()

    def write(
        self, role_arn: str, group: str, stream: str, events: Sequence[tuple[int, str]]
    ) -> str:
        writer = self._writer(role_arn, self._region())
        try:
            if (role_arn, group, stream) not in self._made:
                self._make(writer, group, stream)
                self._made.add((role_arn, group, stream))
            writer.put_all(group, stream, events)
        except (LogsError, BonkeiError, OSError) as error:
            return str(error)
        return ""

    @staticmethod
    def _make(writer: RoleWriter, group: str, stream: str) -> None:
        try:
            writer.create_stream(group, stream)
        except LogsError as error:
            if error.code == "ResourceAlreadyExistsException":
                return
            if error.code != "ResourceNotFoundException":
                raise
            writer.create_group(group)
            writer.create_stream(group, stream)

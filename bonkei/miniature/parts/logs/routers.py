"""Log routers (FireLens): their configuration on this machine, the program that runs it, and the
driver that sends a container's lines to its task's router."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import bonkei
from bonkei.base.sockets import make_socket_directory, note_directory, remove_left
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.config import ContainerSource
from bonkei.services.ecs import CutLine, LogDriver, RouterCommand, RouterStart
from bonkei.services.ecs.built import Built, nothing_is_built
from bonkei.services.ecs.images.local import local_task
from bonkei.services.logs.router.configuration import stored
from bonkei.services.logs.router.configuration.generated import (
    DEFAULT_FILE,
    FirelensTask,
    generate,
    tag,
)
from bonkei.services.logs.router.configuration.load import load, load_text
from bonkei.services.logs.router.configuration.model import Configuration
from bonkei.services.logs.router.configuration.overrides import Overrides, override
from bonkei.services.logs.router.configuration.render import render
from bonkei.services.logs.router.configuration.validate import validate
from bonkei.services.logs.router.driver import DEFAULT_LINES, FluentdDriver, Source
from bonkei.services.logs.router.errors import RouterError

Report = Callable[[str], None]
_BUFFER_LIMIT = "log-driver-buffer-limit"


class LogRouters:
    """`fluent_bit`: from bonkei.toml; empty for the one on the PATH. `containers`: their sources.
    `authority`: the certificate authority of the AWS endpoint, for the real Fluent Bit. `built`:
    the images that were pushed, whose routers need no folder. `note`: the file with the place of
    the sockets, for a start after this process was killed."""

    def __init__(
        self,
        fluent_bit: str,
        containers: Mapping[str, ContainerSource],
        report: Report,
        note: Path,
        authority: Path | None = None,
        built: Built = nothing_is_built,
    ) -> None:
        self._fluent_bit = fluent_bit
        self._containers = containers
        self._report = report
        self._note = note
        self._authority = authority
        self._built = built
        self._sockets: Path | None = None

    def start(self) -> None:
        """Remove what a killed miniature has left."""
        remove_left(self._note)

    def command(self, start: RouterStart, cluster: str) -> RouterCommand:
        """Write the router's configuration below the task's folder. Return how it is run: it makes
        its socket itself.
        """
        configuration = _read(start, cluster)
        binary = self._binary()
        socket = self._socket(start.task_id)
        moved = override(
            configuration,
            Overrides(
                volumes=start.buffers,
                socket=socket,
                endpoint=start.environment.get("AWS_ENDPOINT_URL", ""),
                ports=start.ports,
                authority=self._authority if binary else None,
            ),
        )
        name = start.container.name
        if binary:
            place = start.scratch / f"{name}.fluent-bit.yaml"
            _write(place, render(moved))
            libraries = Path(binary).resolve().parents[1] / "lib"  # of /opt/fluent-bit
            reads = (Path(binary), libraries, *((self._authority,) if self._authority else ()))
            return RouterCommand((binary, "-c", str(place)), reads, (socket.parent,))
        validate(moved)
        place = start.scratch / f"{name}{stored.SUFFIX}"
        _write(place, stored.dump(moved))
        words = (sys.executable, "-P", "-m", "bonkei.services.logs.router", str(place))
        return RouterCommand(words, (Path(bonkei.__file__).parent,), (socket.parent,))

    def driver(
        self, definition: TaskDefinition, container: Container, task_id: str
    ) -> LogDriver | None:
        """The driver of a container that logs through its task's router; None if no router runs."""
        configuration = container.log_configuration
        if (
            configuration is None
            or configuration.driver != "awsfirelens"
            or not self._is_run(definition)
        ):
            return None
        told = dict(configuration.options).get(_BUFFER_LIMIT, "")
        limit = int(told) if told.isdecimal() and int(told) else DEFAULT_LINES
        source = Source(tag(container.name, task_id), task_id, container.name)
        return _Driver(
            FluentdDriver(source, self._socket(task_id), limit=limit, report=self._report)
        )

    def close(self) -> None:
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None
        remove_left(self._note)

    def _is_run(self, definition: TaskDefinition) -> bool:
        local = local_task(definition, self._containers, serving=frozenset(), built=self._built)
        return any(each.container.firelens is not None for each in local.containers)

    def _socket(self, task_id: str) -> Path:
        if self._sockets is None:
            self._sockets = make_socket_directory()
            note_directory(self._sockets, self._note)
        return self._sockets / f"{task_id[:12]}.sock"

    def _binary(self) -> str:
        """The real Fluent Bit; empty for Bonkei's reader. Raises RouterError if the named one does
        not exist."""
        if not self._fluent_bit:
            return shutil.which("fluent-bit") or ""
        found = shutil.which(self._fluent_bit)
        if found is None:
            raise RouterError(
                f"[log_routers] fluent_bit names {self._fluent_bit}, which cannot be run",
                remedy="correct the path in bonkei.toml, or leave it out",
            )
        return found


class _Driver:
    """Docker's fluentd driver for a task: a line that the framer has cut continues in the next
    record.
    """

    def __init__(self, driver: FluentdDriver) -> None:
        self._driver = driver

    def write(self, stream: str, time: float, lines: Sequence[str]) -> None:
        self._driver.write(stream, time, [(line, isinstance(line, CutLine)) for line in lines])

    async def writable(self) -> None:
        await self._driver.writable()

    async def close(self) -> None:
        await self._driver.close()


def _read(start: RouterStart, cluster: str) -> Configuration:
    """The file that the router's command names, or the configuration that ECS writes. Raises
    RouterError about the file."""
    named = _configuration_file(start.command)
    here = Path(start.localize(named))
    if named != DEFAULT_FILE:
        if not here.is_file():
            raise RouterError(
                f"{start.container.name}: its configuration {named} is in its image",
                remedy=f"set the folder of its Dockerfile in bonkei.toml:\n"
                f'[containers.{start.container.name}]\ndirectory = "…"',
            )
        return load(here, start.environment, start.localize)
    text = generate(_task(start, cluster))
    place = start.scratch / "fluent-bit.conf"
    with suppress(OSError):
        place.write_text(text, encoding="utf-8")
    return load_text(text, place, start.environment, start.localize)


def _write(file: Path, text: str) -> None:
    """For its owner only: it may hold secrets."""
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)


def _configuration_file(command: Sequence[str]) -> str:
    words = [word for part in command for word in part.split()]
    for index, word in enumerate(words):
        if word in ("-c", "--config") and index + 1 < len(words):
            return words[index + 1]
        if word.startswith("--config="):
            return word.partition("=")[2]
    return DEFAULT_FILE


def _task(start: RouterStart, cluster: str) -> FirelensTask:
    container, definition = start.container, start.definition
    options = dict(container.firelens.options if container.firelens else ())
    kind, value = options.get("config-file-type", ""), options.get("config-file-value", "")
    if kind == "s3":
        raise RouterError(
            f"{container.name}: config-file-type is s3, which Fargate refuses",
            remedy="bake the file into the image, and use config-file-type file",
        )
    account = ":".join(definition.arn.split(":")[:5]).replace(":task-definition", "")
    return FirelensTask(
        cluster=cluster,
        task_arn=f"{account}:task/{start.task_id}",
        task_definition=f"{definition.family}:{definition.revision}",
        containers=tuple(
            (each.name, each.log_configuration.options)
            for each in definition.containers
            if each.log_configuration and each.log_configuration.driver == "awsfirelens"
        ),
        metadata=options.get("enable-ecs-log-metadata", "true").lower() != "false",
        external_file=value if kind == "file" else "",
    )

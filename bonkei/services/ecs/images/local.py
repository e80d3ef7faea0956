"""Decides which containers of a task definition run here and with which command, and gives the
reasons for omitted ones. Reads only Dockerfiles.

Rules of override: "ContainerDefinition: entryPoint, command" (Amazon ECS API Reference), and
Docker's: a new ENTRYPOINT drops the image's CMD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bonkei.base.arn import Arn
from bonkei.base.processes.roots import EngineRun, RootSettings, resolve
from bonkei.blueprint.ecs import (
    Container,
    ContainerDependency,
    TaskDefinition,
    repository_of,
)
from bonkei.config import ContainerSource, FolderProgram
from bonkei.grammar.dockerfile.image import DockerfileError, Image, read_image
from bonkei.services.ecs.built import Built, nothing_is_built
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.images.content import Content, context_of, find_content

_FLUENT_BIT = "/fluent-bit/bin/fluent-bit"
_ECS_FILE = "/fluent-bit/etc/fluent-bit.conf"  # where ECS mounts its generated files


@dataclass(frozen=True, slots=True)
class LocalContainer:
    """How a container runs here. `content`: where the image's files are. `root`: the root file
    system that its process enters; None: it runs among this machine's files. `program`: it runs
    from a folder, with the command of the settings."""

    container: Container
    content: Content
    image: Image
    command: tuple[str, ...]
    working_directory: Path
    root: Path | None = None
    engine: EngineRun | None = None
    program: FolderProgram | None = None

    @property
    def directory(self) -> Path:
        """The directory that replaces the image's WORKDIR."""
        return self.content.directory

    def localize(self, text: str) -> str:
        """`text` with the image's paths, where they stand as such, replaced by this machine's."""
        if self.root is not None:
            return text  # the process sees them at their own paths
        return localize(text, self.image, self.content)


@dataclass(frozen=True, slots=True)
class LocalTask:
    """`left_out`: (container, reason). `refused`: why the task cannot be run at all, or empty.

    `remedies`: (container, remedy) for omitted containers that could run.
    """

    definition: TaskDefinition
    containers: tuple[LocalContainer, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    refused: str = ""
    remedies: tuple[tuple[str, str], ...] = ()

    def container(self, name: str) -> LocalContainer:
        """Raises KeyError when it is left out."""
        for local in self.containers:
            if local.container.name == name:
                return local
        raise KeyError(name)


def local_task(
    definition: TaskDefinition,
    sources: Mapping[str, ContainerSource],
    *,
    serving: frozenset[str],
    built: Built = nothing_is_built,
) -> LocalTask:
    """`serving` names the containers that receive requests. Without one, the task is refused.

    Any other container that cannot run (a log router, an agent) is left out and named. The rest of
    the task runs, and `dependsOn` on the omitted container counts as met.
    """
    runnable: list[LocalContainer] = []
    left_out: list[tuple[str, str]] = []
    remedies: list[tuple[str, str]] = []
    for container in definition.containers:
        try:
            found = built(container, definition)
            if found is not None and found.root is not None:
                rooted = _rooted(container, found.folder, found.root)
                runnable.append(replace(rooted, engine=found.engine))
            else:
                key = definition.key_of(container, sources)
                source = found.folder if found else sources.get(key)
                runnable.append(_local_container(container, source, definition))
        except (DockerfileError, TaskError) as error:
            kind = "essential; " if container.essential else ""
            left_out.append((container.name, f"{kind}{error.message}"))
            if error.remedy:
                remedies.append((container.name, error.remedy))
    missing = [f"{name}: {reason}" for name, reason in left_out if name in serving]
    if not runnable:
        missing = [f"{name}: {reason}" for name, reason in left_out]
    return LocalTask(
        definition,
        tuple(_after_their_router(runnable)),
        tuple(left_out),
        "; ".join(missing),
        tuple(remedies),
    )


def _after_their_router(locals_: Sequence[LocalContainer]) -> Iterator[LocalContainer]:
    """A container that logs through FireLens starts after the router and stops before it, even if
    its dependsOn does not require this: the ECS agent adds it (agent/api/task)."""
    routers = [each.container.name for each in locals_ if each.container.firelens is not None]
    for each in locals_:
        container = each.container
        through = container.log_configuration
        named = {dependency.container_name for dependency in container.depends_on}
        if through is None or through.driver != "awsfirelens" or not routers or routers[0] in named:
            yield each
        else:
            added = (*container.depends_on, ContainerDependency(routers[0], "START"))
            yield replace(each, container=replace(container, depends_on=added))


def _local_container(
    container: Container, source: ContainerSource | None, definition: TaskDefinition
) -> LocalContainer:
    if container.firelens is not None and container.firelens.type != "fluentbit":
        raise TaskError(f"it is a log router of {container.firelens.type}, which is not simulated")
    if source is None and container.firelens is not None and is_stock_router(container.image):
        return _stock_router(container)
    if isinstance(source, FolderProgram):
        return _of_a_folder(container, source)
    if source is None:
        raise _without_source(container, definition)
    dockerfile = source / "Dockerfile"
    if not dockerfile.exists() and container.command is None and container.entry_point is None:
        raise TaskError(
            f"{source} has no Dockerfile, and its definition no command",
            remedy='say how its program runs in bonkei.toml, beside `directory`:\ncommand = ["…"]',
        )
    image = read_image(dockerfile) if dockerfile.exists() else Image(container.image)
    command = _require_command(container, image, f"{dockerfile}")
    content = find_content(image, context_of(image, source))
    return LocalContainer(
        container, content, image, command, _working_directory(container, image, content)
    )


def _without_source(container: Container, definition: TaskDefinition) -> TaskError:
    host = container.image.partition("/")[0]
    account = host.partition(".dkr.ecr.")[0]
    if host != account != Arn.of(definition.arn).account:
        return TaskError(
            f"its image is in the registry of another account, {account}, which is not read",
            remedy="name where its repository is here, in bonkei.toml (`image` with the same tags, "
            f'`directory` or `archive`):\n[containers."{repository_of(container.image)}"]\n'
            'image = "…"',
        )
    return TaskError(
        f"no directory is configured for it ([containers.{container.name}] in bonkei.toml)",
        remedy="set the folder of its Dockerfile in bonkei.toml, or an image (`image`):\n"
        f'[containers.{container.name}]\ndirectory = "…"',
    )


def _of_a_folder(container: Container, program: FolderProgram) -> LocalContainer:
    """It runs as the settings say. What they have takes precedence over the task definition's."""
    own = dict(program.environment)
    changed = replace(
        container,
        environment=tuple({**dict(container.environment), **own}.items()),
        secrets=tuple(each for each in container.secrets if each[0] not in own),
    )
    image = Image(
        container.image,
        working_directory=container.working_directory or "/",
        exposed_ports=(program.port,) if program.port else (),
    )
    content = find_content(image, program.directory)
    if program.prepare:
        content = replace(content, package_list="")
    return LocalContainer(
        changed, content, image, program.command, program.directory, program=program
    )


def _rooted(container: Container, root: Path, settings: RootSettings) -> LocalContainer:
    """It runs in its image's files. A log router runs outside, with their configuration."""
    image = Image(
        base=container.image,
        entry_point=settings.entry_point,
        command=settings.command,
        working_directory=settings.working_directory,
        environment=tuple(
            (name, value.replace("$", "\\$")) for name, value in settings.environment
        ),
        exposed_ports=settings.exposed_ports,
        stop_signal=settings.stop_signal,
        user=container.user or settings.user,
    )
    command = _require_command(container, image, container.image)
    if container.firelens is not None:
        # Resolved one by one: a link of the image must not lead to a file of this machine.
        places = tuple((word, resolve(root, word)) for word in command if word.startswith("/"))
        return LocalContainer(container, Content(root, places), image, command, root)
    directory = Path(container.working_directory or settings.working_directory)
    return LocalContainer(container, Content(root), image, command, directory, root)


def is_stock_router(image: str) -> bool:
    """Whether an image is the published Fluent Bit. ECS writes the whole configuration of such an
    image, so no folder is needed."""
    return "fluent-bit" in image.rpartition("/")[2]


def _stock_router(container: Container) -> LocalContainer:
    """It runs the files that ECS mounts, unless its definition has another command."""
    root = Path("/")
    image = Image(container.image)
    command = _command(container, image) or (_FLUENT_BIT, "-c", _ECS_FILE)
    return LocalContainer(container, Content(root), image, command, root)


def _require_command(container: Container, image: Image, source: str) -> tuple[str, ...]:
    """Raises TaskError if there is none."""
    if command := _command(container, image):
        return command
    raise TaskError(
        f"neither {source} nor its definition has a command",
        remedy="add CMD to the Dockerfile's last stage, or a command to the task definition",
    )


def _command(container: Container, image: Image) -> tuple[str, ...]:
    if container.entry_point:
        return (*container.entry_point, *(container.command or ()))
    command = container.command or image.command
    return (*(image.entry_point or ()), *(command or ()))


def _working_directory(container: Container, image: Image, content: Content) -> Path:
    wanted = container.working_directory
    if wanted is None:
        return content.directory
    mapped = localize(wanted, image, content)
    if mapped == wanted and wanted != image.working_directory:
        raise TaskError(
            f"its workingDirectory {wanted} is outside the image's WORKDIR "
            f"{image.working_directory}, which {content.directory} stands for",
            remedy="use a directory below WORKDIR",
        )
    return Path(mapped)


def localize(text: str, image: Image, content: Content) -> str:
    """`text` with WORKDIR, and files that were copied elsewhere, at their places on this
    machine."""
    places = dict(content.places) | {image.working_directory: content.directory}
    return replace_paths(text, {path: str(here) for path, here in places.items()})


def replace_paths(text: str, places: Mapping[str, str]) -> str:
    """`text` with every path replaced that stands as a whole path or as the beginning of one.

    The longest matching path wins. `/` is never replaced, because every path of this machine begins
    with it.
    """
    if text == "/":
        return places.get("/", text)
    paths = sorted((path for path in places if path != "/"), key=len, reverse=True)
    if not paths:
        return text
    pattern = rf"(?<![\w./-])({'|'.join(map(re.escape, paths))})(?=[/:\s,;\"')]|$)"
    return re.sub(pattern, lambda found: places[found[1]], text)

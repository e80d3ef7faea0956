"""A task's resources on this machine, and the arguments of its processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bonkei.base.background import Background
from bonkei.base.events import Endpoint
from bonkei.base.processes.roots import Mount, Root, find_user, machine_root
from bonkei.services.ecs import messages as m
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.execution.environment import (
    container_ports,
    translate_command,
    translate_ports,
)
from bonkei.services.ecs.execution.ports import Ports
from bonkei.services.ecs.execution.process import ContainerProcess, ProcessSpec
from bonkei.services.ecs.images.local import LocalContainer
from bonkei.services.ecs.settings import NoTranslation, RouterCommand, Translator
from bonkei.services.ecs.task_spec import TaskSpec


@dataclass(slots=True)
class RunningTask:
    """A task from its preparation until it is released. `home`: the miniature's. `shared`: the
    folders of volumes that are not the task's own. `ports`: who translates those of its programs,
    who then has to know the container. `addresses`: those of the names in its commands.
    `is_confined`: without an image it sees only its own files and this machine's programs."""

    spec: TaskSpec
    scratch: Path
    home: Path
    shared: Mapping[str, Path] = field(default_factory=dict)
    ports: str = ""
    addresses: Translator = field(default_factory=NoTranslation)
    is_confined: bool = False
    endpoints: dict[m.PortKey, Endpoint] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    roots: dict[str, Root | None] = field(default_factory=dict)
    processes: dict[str, ContainerProcess] = field(default_factory=dict)
    jobs: Background = field(default_factory=Background)

    def take_ports(self, local: LocalContainer, ports: Ports) -> None:
        """Ports of this machine for the container's. The one where its program listens has the same
        place as the container's first."""
        name, numbers = local.container.name, container_ports(local)
        for number in numbers:
            self.endpoints[name, number] = ports.take()
        if local.program is not None and local.program.port:
            self.endpoints[name, local.program.port] = self.endpoints[name, numbers[0]]

    def process(self, container: str, router: RouterCommand | None = None) -> ProcessSpec:
        """The container's own process. The task is prepared."""
        local = self.spec.local.container(container)
        words = router.words if router else self._words(local)
        self.roots[container] = self._root(local, router)
        return replace(self._spec(container, words), root=self.roots[container])

    def beside(self, container: str, command: Iterable[str]) -> ProcessSpec:
        """Another process with the container's environment."""
        local = self.spec.local.container(container)
        words = (translate_ports(local.localize(word), self.endpoints) for word in command)
        spec = self._spec(container, words)
        running, root = self.processes.get(container), self.roots.get(container)
        return replace(spec, root=root, beside=running.pid) if running and root else spec

    def _words(self, local: LocalContainer) -> Iterable[str]:
        own = (translate_command(local.localize(w), local, self.endpoints) for w in local.command)
        return self.addresses.translate_all({f"{n}": w for n, w in enumerate(own)}).values()

    def _root(self, local: LocalContainer, router: RouterCommand | None) -> Root | None:
        """What the container's process sees; None: all that this user may see."""
        if local.root is not None:
            return self._of_its_image(local)
        return self._of_this_machine(local, router) if self.is_confined else None

    def _of_this_machine(self, local: LocalContainer, router: RouterCommand | None) -> Root:
        """A router's own files may be those of an image, which nothing changes."""
        content, name = local.content, local.container.name
        files = (content.directory, *(place for _, place in content.places))
        reads, writes = ((*files, *router.reads), router.writes) if router else ((), files)
        root = machine_root(
            self._own(name),
            self.environments[name]["PATH"],
            reads=reads,
            writes=(self.scratch, *writes),
            home=self.home,
        )
        return replace(root, mounts=(*root.mounts, *self._volumes(local)))

    def _of_its_image(self, local: LocalContainer) -> Root:
        """The container's own view of its image: each container of a task writes to its own layer,
        and shares the task's volumes."""
        container = local.container
        scratch = self._own(container.name)
        try:
            user = find_user(Path(str(local.root)), local.image.user)
        except LookupError as error:
            raise TaskError(
                f"{container.name}: CannotStartContainerError: {error}",
                remedy="correct USER in the Dockerfile, or `user` in the task definition",
            ) from None
        return Root(
            str(local.root),
            str(scratch),
            user.uid,
            user.gid,
            container.readonly_root_filesystem,
            tuple(self._volumes(local)),
            local.engine,
        )

    def _volumes(self, local: LocalContainer) -> Iterator[Mount]:
        """At the image's path, and at the place of that path on this machine."""
        for point in local.container.mount_points:
            name = point.source_volume
            volume = self.shared.get(name) or self.scratch / "volumes" / name
            volume.mkdir(parents=True, exist_ok=True)
            if local.engine is not None and volume.stat().st_uid == os.getuid():
                volume.chmod(0o777)  # the container's user is not this one
            for target in dict.fromkeys(
                (point.container_path, local.localize(point.container_path))
            ):
                yield Mount(str(volume), target, point.read_only)

    def _own(self, container: str) -> Path:
        """The folder for what its processes write outside of their own files."""
        scratch = self.scratch / "roots" / container
        scratch.mkdir(parents=True, exist_ok=True)
        return scratch

    def _spec(self, container: str, words: Iterable[str]) -> ProcessSpec:
        directory = self.spec.local.container(container).working_directory
        ports = f"{self.ports} {container}" if self.ports else ""
        words = tuple(words)
        return ProcessSpec(container, words, directory, self.environments[container], ports=ports)

"""Root file systems as values: what is in one, and how its process is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineRun:
    """How a container engine runs an image. `line` is how the engine's commands begin, and
    `environment` what they need. `image` is the name that the image gets there, and `manifest` its
    file, with its blobs beside it. All containers of one miniature have the `label`."""

    line: tuple[str, ...]
    environment: Mapping[str, str]
    image: str
    manifest: str
    label: str


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount in a root. `source` is a path on this machine, or empty for an empty folder. `target`
    is a path in the root. `is_layer` means that what the process writes there is its own."""

    source: str
    target: str
    read_only: bool = False
    is_layer: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """The parts of this machine that a root without an image has. `files` are copied to the same
    paths; `links` are pairs of path and target."""

    files: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Root:
    """A root file system. `folder` has the image's files, which are not changed. Without an image
    it is empty, and there is a `machine` (see `machine_root`). `scratch` is a folder for what the
    process writes. `uid` and `gid` are those of the image; outside they are this user's. `engine`
    is the container engine that runs it on a machine where we cannot create namespaces. `is_apart`
    means that the process already has namespaces of its own, including one for processes."""

    folder: str
    scratch: str
    uid: int = 0
    gid: int = 0
    read_only: bool = False
    mounts: tuple[Mount, ...] = ()
    engine: EngineRun | None = None
    machine: Machine | None = None
    is_apart: bool = False


@dataclass(frozen=True, slots=True)
class RootSettings:
    """How a container of a built image is started, as the image says it. `entry_point` and
    `command` are None when the image has none."""

    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: tuple[tuple[str, str], ...] = ()
    working_directory: str = "/"
    user: str = ""
    exposed_ports: tuple[int, ...] = ()
    stop_signal: str = "SIGTERM"

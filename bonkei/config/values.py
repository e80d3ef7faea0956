"""The settings, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

DEFAULT_WORKSPACE = "default"
Enforce = Literal["off", "report", "on"]
"""Whether calls that AWS would refuse are refused (on), only recorded (report), or not checked
(off)."""
WORKSPACES = ".bonkei-workspaces"
"""The directory in a home that holds the homes of the other workspaces."""


@dataclass(frozen=True, slots=True)
class OneOff:
    """A command that runs in its own task before new tasks start, as with `ecs run-task`."""

    name: str
    task_definition: str  # its family, or the end of it after a hyphen
    container: str
    command: tuple[str, ...]
    when: Literal["each-start", "first-start"]


@dataclass(frozen=True, slots=True)
class Announcement:
    """A line at the end of `bonkei up`: where to read a generated secret."""

    label: str
    secret: str  # its name, or the end of it after a slash


@dataclass(frozen=True, slots=True)
class FolderProgram:
    """A folder's program that runs as it is, in place of an image. `command` replaces the task
    definition's, `environment` is added to its variables. `port`: where the program listens, if
    not on the container's own port; else 0. `prepare`: what is run before, such as a build."""

    directory: Path
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    port: int = 0
    prepare: tuple[str, ...] = ()


ContainerSource: TypeAlias = Path | FolderProgram
"""Where a container's program is. A path: the folder of its Dockerfile."""


def directory_of(source: ContainerSource) -> Path:
    return source.directory if isinstance(source, FolderProgram) else source


@dataclass(frozen=True, slots=True)
class Config:
    """Checked settings. Every path is absolute.

    `edge_port` is where the first distribution listens, `alb_port` the load balancer behind it.
    """

    file: Path
    root: Path
    definitions: Path
    """The folder of the root module; of several, the folder that holds theirs."""
    home: Path
    roots: tuple[Path, ...] = ()
    """Several root modules, in the order of their applies."""
    variable_files: tuple[Path, ...] = ()
    containers: Mapping[str, ContainerSource] = field(default_factory=lambda: MappingProxyType({}))
    images: Mapping[str, str | Path] = field(default_factory=lambda: MappingProxyType({}))
    """References and archives of containers without a directory, by the container's name."""
    read_again: Mapping[str, tuple[Path, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Files that a container's program rereads on SIGHUP, by the container's name."""
    one_offs: tuple[OneOff, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    existing: tuple[Mapping[str, Any], ...] = ()
    """Resources outside the stack that its data sources look up."""
    remote_states: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """The outputs of other stacks, by the name of their terraform_remote_state."""
    modules: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    """Folders in place of modules of Terraform's public registry, by their addresses."""
    endpoints: Mapping[str, tuple[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    """Host and port of what stands for a resource, by its Terraform address."""
    check_levels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """off, warning or error, by the name of a rule of `bonkei check`."""
    check_programs: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    """Directories of containers that do not run here, by the container's name."""
    edge_port: int = 8080
    edge_hosts: tuple[str, ...] = ()
    """Additional names that the listeners answer to; `*` for any."""
    alb_port: int = 8081
    cloud_port: int = 8083
    console_port: int | None = 8082
    """0 for a free one; None: no console."""
    fluent_bit: str = ""
    """The Fluent Bit that runs log routers. Empty: the one on the PATH, or else Bonkei's reader."""
    log_megabytes: int = 512
    """The size of all log groups. Beyond it, the oldest events are deleted."""
    log_time_factor: int = 30
    """How many of AWS's minutes pass in one minute, between two objects of an access log."""
    time_factor: int = 1
    """How many of AWS's minutes pass in one minute of monitoring."""
    enforce: Enforce = "on"
    one_address: bool = False
    policies: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    """Documents of IAM policies that are not in the definitions, by ARN."""
    builds_outside: bool = False
    """Whether a build may write outside its folder if this machine cannot confine it."""
    builds_megabytes: int = 10_000
    """What one build may write."""
    builds_engine: str = "auto"
    """The container engine of builds; `auto`: the first that works; `none`: images are packaged."""
    trivy_database: Path | None = None
    """The folder of Trivy's database, for scans on push; None: Trivy downloads it."""
    slack_secret: str = ""
    """The secret that holds Slack's webhook; `slack_url`: a real one, in place of the inbox."""
    slack_url: str = field(default="", repr=False)
    rehearse: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Paths that answer only if the service's dependencies do, by the end of the service's name."""
    workspace: str = "default"
    """The value of `terraform.workspace`; each workspace has its own home."""
    account_id: str = "123456789012"
    aws_rules: str = "error"
    """Whether definitions that break a rule of AWS's are refused, or told in a warning."""
    database_url: str | None = None
    """The user's own database server. `database_shared`: it may hold others' data."""
    database_shared: bool = False
    terraform: str | None = None
    programs_allowed: bool = False
    """Whether the definitions may run programs, unasked."""
    programs_see: tuple[str, ...] = ()
    """The environment variables that these programs get."""

    @property
    def directories(self) -> dict[str, Path]:
        """The containers' folders, by the keys of `containers`."""
        return {name: directory_of(source) for name, source in self.containers.items()}

    @property
    def ports(self) -> tuple[tuple[str, str, int], ...]:
        """The ports for which no other will do: who listens there, and the variable that names
        another one."""
        return (
            ("CloudFront", "BONKEI_EDGE_PORT", self.edge_port),
            ("the load balancer", "BONKEI_ALB_PORT", self.alb_port),
            ("the AWS endpoint", "BONKEI_CLOUD_PORT", self.cloud_port),
        )

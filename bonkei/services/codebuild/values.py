"""The input and the results of a build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
FAULT = "FAULT"
STOPPED = "STOPPED"
TIMED_OUT = "TIMED_OUT"
IN_PROGRESS = "IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class BuildInput:
    """A zip in a bucket, read by the build's role; or a folder, which is copied. The first input of
    a build is its source. The others are at `CODEBUILD_SRC_DIR_<name>`."""

    name: str
    bucket: str = ""
    key: str = ""
    version: str = ""
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class BuildOutput:
    """The place where the build's role puts an artifact, as a zip. The first output of a build
    takes `artifacts`; the others take `secondary-artifacts` with their name. A single one takes
    either."""

    name: str
    bucket: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """The input of StartBuild. Missing values come from the project. Without inputs, the project's
    own sources are fetched. `variables` are (name, value, type). `timeout` is in minutes."""

    project: str
    inputs: tuple[BuildInput, ...] = ()
    outputs: tuple[BuildOutput, ...] = ()
    variables: tuple[tuple[str, str, str], ...] = ()
    initiator: str = "bonkei"
    source_version: str = ""
    resolved_source_version: str = ""
    encryption_key: str = ""
    buildspec: str = ""
    timeout: int = 0

    @property
    def is_undeclared(self) -> bool:
        """Whether CodePipeline made its project, for shell commands. No other name has a dot."""
        return "." in self.project


@dataclass(frozen=True, slots=True)
class BuildPhase:
    """One phase in the form of `batch-get-builds`. Times are in Unix seconds. `end` is 0 and
    `status` is empty while it runs."""

    name: str
    status: str = ""
    start: float = 0.0
    end: float = 0.0
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Build:
    """A build at a moment. `number` counts the project's builds from 1."""

    id: str
    arn: str
    number: int
    request: BuildRequest
    status: str = IN_PROGRESS
    start: float = 0.0
    end: float = 0.0
    phases: tuple[BuildPhase, ...] = ()
    exported: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[BuildOutput, ...] = ()
    log_group: str = ""
    log_stream: str = ""

    @property
    def is_over(self) -> bool:
        return self.status != IN_PROGRESS

    @property
    def phase(self) -> str:
        """The current phase."""
        return self.phases[-1].name if self.phases else "SUBMITTED"

    @property
    def error(self) -> str:
        """The first failure, with its phase; empty if there is none."""
        for each in self.phases:
            if each.status not in ("", SUCCEEDED):
                return f"{each.name}: {each.code or each.status}: {each.message}".removesuffix(": ")
        return "" if self.status in (SUCCEEDED, IN_PROGRESS) else self.status


@dataclass(frozen=True, slots=True)
class BuildsSnapshot:
    """`running`: (id, phase) of each. `last`: (id, status, error) of each project's last build.
    `notes`: messages for a person, for example about a log that no role may write."""

    projects: int
    running: tuple[tuple[str, str], ...]
    last: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...] = ()

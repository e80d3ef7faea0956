"""A buildspec as values."""

from __future__ import annotations

from dataclasses import dataclass, field

PHASES = ("install", "pre_build", "build", "post_build")


@dataclass(frozen=True, slots=True)
class OnFailure:
    """`action`: "" (the usual transition of phases), ABORT, CONTINUE or RETRY. A retry happens at
    most `retries` times, if the output matches `pattern`."""

    action: str = ""
    retries: int = 0
    pattern: str = ".*"


@dataclass(frozen=True, slots=True)
class PhaseSpec:
    """One phase's commands. `run_as` is empty for root. `lines`: the line of each command, then of
    each command of `finally`."""

    name: str  # install | pre_build | build | post_build
    commands: tuple[str, ...] = ()
    finally_: tuple[str, ...] = ()
    on_failure: OnFailure = OnFailure()
    run_as: str = ""
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ArtifactSpec:
    """The files to hand on. `name` may contain shell expansions."""

    files: tuple[str, ...] = ()
    base_directory: str = "."
    discard_paths: bool = False
    exclude_paths: tuple[str, ...] = ()
    enable_symlinks: bool = False
    name: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class SecretReference:
    """A value in Secrets Manager."""

    secret: str
    json_key: str = ""
    stage: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Buildspec:
    """`left_out`: a sentence for each setting that is not simulated."""

    phases: tuple[PhaseSpec, ...] = ()
    shell: str = "sh"
    variables: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, SecretReference], ...] = ()
    exported: tuple[str, ...] = ()
    git_credential_helper: bool = False
    artifacts: ArtifactSpec | None = None
    secondary_artifacts: tuple[tuple[str, ArtifactSpec], ...] = ()
    reports: tuple[tuple[str, ArtifactSpec], ...] = ()
    separate_shells: bool = False  # version 0.1: nothing carries over between entries
    left_out: tuple[str, ...] = field(default=())

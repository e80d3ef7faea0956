"""The runners of actions. `Pipelines` calls them, and `bonkei/miniature` connects them with the
other services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codepipeline import Pipeline, PipelineAction
from bonkei.services.codepipeline.core.values import ActionRun, Finished, Override, StoredArtifact

AfterRestart = Literal["again", "follow", "fail"]
"""The fate of an action that was in progress when the miniature ended. It runs again from its
beginning (without doing anything twice), it is followed by its external id, or it has failed."""


@dataclass(frozen=True, slots=True)
class ActionWork:
    """An action to carry out. `run.configuration` has no unresolved references. `note` keeps the
    external id, its URL and a summary while it runs."""

    pipeline: Pipeline
    action: PipelineAction
    run: ActionRun
    execution_id: str
    stage: str
    override: Override | None
    note: Callable[[str, str, str], None]

    @property
    def settings(self) -> Mapping[str, str]:
        return dict(self.run.configuration)

    def setting(self, name: str) -> str:
        """A setting that the action needs. Raises AwsServiceError."""
        if found := self.settings.get(name):
            return found
        raise AwsServiceError(
            "ConfigurationError",
            f"Action configuration for action '{self.action.name}' is missing required "
            f"configuration '{name}'",
        )

    @property
    def role(self) -> str:
        """The action's own role, or the pipeline's."""
        return self.action.role_arn or self.pipeline.role_arn

    @property
    def session(self) -> str:
        """The name of the role's session. CodePipeline uses the execution's id."""
        return self.execution_id

    @property
    def region(self) -> str:
        return Arn.of(self.pipeline.arn).region

    @property
    def account(self) -> str:
        return Arn.of(self.pipeline.arn).account

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in the pipeline's account and region."""
        partition = Arn.of(self.pipeline.arn).partition
        return f"arn:{partition}:{service}:{self.region}:{self.account}:{resource}"


class ActionRunner(Protocol):
    """Carries the actions of one provider out."""

    @property
    def after_restart(self) -> AfterRestart: ...

    async def run(self, work: ActionWork) -> Finished | None:
        """The result; None if it comes from elsewhere (an approval). An AwsServiceError is a
        failure with its code. Cancelled if the result is no longer needed."""
        ...


class Artifacts(Protocol):
    """S3, with a role: `Objects` of the endpoint."""

    async def put(
        self, role: str, session: str, place: tuple[str, str], file: Path, key_arn: str = ""
    ) -> str: ...

    async def get(
        self, role: str, session: str, place: tuple[str, str], to: Path, version: str = ""
    ) -> str: ...


@dataclass(frozen=True, slots=True)
class OwnBuild:
    """A build without a project, as CodePipeline makes it for shell commands: `role_arn` runs it,
    `log_group` has its log, and it ends after `minutes`."""

    role_arn: str
    log_group: str
    buildspec: str
    minutes: int


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """A build for a pipeline. `sources`: the first is the primary one. `environment`: name, value
    and type. With `own` the project does not exist, and `project` is only its name."""

    project: str
    initiator: str
    execution_id: str
    environment: tuple[tuple[str, str, str], ...]
    sources: tuple[StoredArtifact, ...]
    outputs: tuple[StoredArtifact, ...]
    key_arn: str = ""
    source_version: str = ""
    own: OwnBuild | None = None


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """`message`: the place and reason of a failure. `exported`: the variables that its buildspec
    exports."""

    id: str
    status: str  # SUCCEEDED | FAILED | FAULT | TIMED_OUT | STOPPED
    exported: tuple[tuple[str, str], ...] = ()
    message: str = ""


class Builds(Protocol):
    """CodeBuild."""

    async def start(self, order: BuildOrder) -> str:
        """Start a build, and return its id at once. Raises AwsServiceError."""
        ...

    async def wait(self, build_id: str) -> BuildOutcome:
        """Wait for the end, and return the outcome. An unknown build counts as failed."""
        ...


class Sources(Protocol):
    """CodeCommit, and the replacements for repositories behind connections."""

    async def find(self, repository: str, branch: str, commit: str) -> SourceCommit:
        """The branch's commit, or the given commit. Raises AwsServiceError."""
        ...

    async def archive(self, repository: str, commit: str, to: Path) -> None: ...


@dataclass(frozen=True, slots=True)
class SourceCommit:
    id: str
    message: str
    author: str
    author_email: str
    author_date: str
    committer_date: str

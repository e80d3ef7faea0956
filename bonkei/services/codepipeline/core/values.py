"""A pipeline's book: its executions, their stages and actions. All times in Unix seconds.

States have the names of CodePipeline's API (PipelineExecutionStatus, StageExecutionStatus,
ActionExecutionStatus).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

Pairs = tuple[tuple[str, str], ...]

RUNNING = ("InProgress", "Stopping")
"""States of an execution that still moves. They also lock a stage."""


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """A zip in the artifact bucket. `version`: S3's, if the bucket has versions. `revision`: that
    of its source."""

    name: str
    bucket: str
    key: str
    version: str = ""
    revision: str = ""

    @property
    def described(self) -> Mapping[str, object]:
        """As the API and the events describe it."""
        return {"name": self.name, "s3location": {"bucket": self.bucket, "key": self.key}}


@dataclass(frozen=True, slots=True)
class SourceRevision:
    """The result of a source action; `summary`: the commit's message."""

    action: str
    id: str
    summary: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """The revision that a start requests. `type`: a SourceRevisionType. `branch`: the one that was
    pushed to, if a trigger has found it."""

    action: str
    type: str
    value: str
    branch: str = ""


@dataclass(frozen=True, slots=True)
class ActionRun:
    """One run of an action. `configuration`, `commands` and `environment`: with resolved variables.
    `token`: an approval's. `expires`: the time of its time-out."""

    id: str
    name: str
    status: str  # InProgress | Succeeded | Failed | Abandoned
    started: float
    updated: float
    expires: float
    configuration: Pairs = ()
    inputs: tuple[StoredArtifact, ...] = ()
    outputs: tuple[StoredArtifact, ...] = ()
    variables: Pairs = ()
    token: str = ""
    external_id: str = ""
    external_url: str = ""
    summary: str = ""
    error_code: str = ""
    error_message: str = ""
    updated_by: str = ""
    commands: tuple[str, ...] = ()
    environment: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RuleRun:
    """`run_id`: of the check that another service makes."""

    name: str
    status: str  # InProgress | Succeeded | Failed | Errored
    summary: str
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class ConditionRun:
    """`place`: before_entry | on_success | on_failure."""

    place: str
    status: str
    summary: str
    rules: tuple[RuleRun, ...]
    at: float


@dataclass(frozen=True, slots=True)
class StageRun:
    """One execution in one stage. `actions`: every run, oldest first. `again`: the names of actions
    that a retry repeats. `checks`: the runs of rules that ask another service. `pending`: the place
    of the condition for whose rules it waits, and `met`: how many of that place are met.
    """

    name: str
    status: str  # InProgress | Stopping | Stopped | Succeeded | Failed | Skipped | Cancelled
    entered: float
    updated: float
    actions: tuple[ActionRun, ...] = ()
    again: tuple[str, ...] = ()
    conditions: tuple[ConditionRun, ...] = ()
    checks: tuple[ActionRun, ...] = ()
    pending: str = ""
    met: int = 0
    manual_retries: int = 0
    automatic_retries: int = 0
    summary: str = ""

    @property
    def all_runs(self) -> tuple[ActionRun, ...]:
        """Actions and checks."""
        return (*self.actions, *self.checks)

    def latest(self, name: str) -> ActionRun | None:
        """The last run of an action."""
        return next((run for run in reversed(self.actions) if run.name == name), None)


@dataclass(frozen=True, slots=True)
class Execution:
    """`number`: the order of starts. `waiting`: the stage before which it waits, since the
    `arrived`th arrival. `namespaces`: the variables of finished actions. `attempt` counts its
    retries. `token`: of the call that started it."""

    id: str
    number: int
    status: str  # InProgress | Stopping | Stopped | Succeeded | Superseded | Failed | Cancelled
    mode: str
    started: float
    updated: float
    trigger: str
    trigger_detail: str = ""
    type: str = "STANDARD"  # | ROLLBACK
    target: str = ""  # of a rollback: the execution to return to
    version: int = 1
    variables: Pairs = ()
    overrides: tuple[Override, ...] = ()
    revisions: tuple[SourceRevision, ...] = ()
    artifacts: tuple[StoredArtifact, ...] = ()
    namespaces: tuple[tuple[str, Pairs], ...] = ()
    stages: tuple[StageRun, ...] = ()
    waiting: str = ""
    arrived: int = 0
    attempt: int = 1
    stop_reason: str = ""
    summary: str = ""
    token: str = ""

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    @property
    def stage(self) -> StageRun | None:
        """The stage where it is, or was last."""
        return self.stages[-1] if self.stages else None

    @property
    def here(self) -> StageRun:
        """The stage of an execution that does not wait for its first one."""
        return self.stages[-1]

    def stage_run(self, name: str) -> StageRun | None:
        """Its run of a stage."""
        return next((run for run in self.stages if run.name == name), None)

    def with_stage(self, run: StageRun) -> Execution:
        """Replace the run of the same stage, or add this one at the end."""
        if self.stage_run(run.name) is None:
            return replace(self, stages=(*self.stages, run))
        stages = tuple(run if each.name == run.name else each for each in self.stages)
        return replace(self, stages=stages)


@dataclass(frozen=True, slots=True)
class Transition:
    """A disabled way into a stage."""

    stage: str
    reason: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Book:
    """Everything about a pipeline except its declaration. `structure`: a digest of the declaration.
    `arrivals` and `starts` are counters."""

    version: int = 1
    structure: str = ""
    created: float = 0.0
    updated: float = 0.0
    starts: int = 0
    arrivals: int = 0
    executions: tuple[Execution, ...] = ()
    disabled: tuple[Transition, ...] = ()

    def find(self, execution_id: str) -> Execution | None:
        return next((each for each in self.executions if each.id == execution_id), None)

    def having(self, execution: Execution) -> Book:
        """Replace the execution with the same id, or add this one at the end."""
        if self.find(execution.id) is None:
            return replace(self, executions=(*self.executions, execution))
        kept = tuple(execution if each.id == execution.id else each for each in self.executions)
        return replace(self, executions=kept)

    def latest_in(self, stage: str) -> Execution | None:
        """The last execution that has entered the stage."""
        entered = [
            (run.entered, each.number, each)
            for each in self.executions
            if (run := each.stage_run(stage)) is not None
        ]
        return max(entered, key=lambda found: found[:2])[2] if entered else None

    def transition(self, stage: str) -> Transition | None:
        """The disabled transition into a stage; None when it is enabled."""
        return next((each for each in self.disabled if each.stage == stage), None)


@dataclass(frozen=True, slots=True)
class StartAction:
    """An action that has to run now."""

    execution_id: str
    stage: str
    action_id: str


@dataclass(frozen=True, slots=True)
class AbandonAction:
    """The action's result is no longer needed. Its effects continue, as on AWS."""

    action_id: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A state in CodePipeline's events: STARTED, SUCCEEDED, FAILED, STOPPED, …

    Without `stage`, it is the execution's state. Without `action_id`, it is the stage's.
    """

    state: str
    execution_id: str
    stage: str = ""
    action_id: str = ""


Effect = StartAction | AbandonAction | Changed


@dataclass(frozen=True, slots=True)
class Finished:
    """The result of an action. `outputs`: with their versions in S3."""

    succeeded: bool
    summary: str = ""
    external_id: str = ""
    external_url: str = ""
    error_code: str = ""
    error_message: str = ""
    variables: Pairs = ()
    outputs: tuple[StoredArtifact, ...] = ()
    revision: SourceRevision | None = None
    by: str = ""

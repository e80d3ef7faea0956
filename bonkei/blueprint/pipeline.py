"""CodePipeline pipelines and the CodeBuild projects that they run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PipelineAction:
    """`configuration` as CodePipeline writes it (ProjectName, RepositoryName, …)."""

    name: str
    category: str  # Source | Build | Test | Approval | Deploy | Invoke | Compute
    provider: str
    run_order: int = 1
    configuration: tuple[tuple[str, str], ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    role_arn: str = ""
    namespace: str = ""

    def setting(self, name: str) -> str:
        """One value of the configuration; empty when it is not set."""
        return dict(self.configuration).get(name, "")


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    actions: tuple[PipelineAction, ...]
    entry_condition: str = ""  # name of the rule without which the stage is skipped


@dataclass(frozen=True, slots=True)
class Pipeline:
    address: str
    arn: str
    name: str
    role_arn: str
    type: str  # V1 | V2
    execution_mode: str  # QUEUED | SUPERSEDED | PARALLEL
    stages: tuple[Stage, ...]
    artifact_buckets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuildProject:
    """`buildspec` is YAML text, or a path in the source, or empty for the default path."""

    address: str
    arn: str
    name: str
    role_arn: str
    image: str
    buildspec: str = ""
    environment: tuple[tuple[str, str, str], ...] = ()  # (name, value, type)
    privileged: bool = False
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()

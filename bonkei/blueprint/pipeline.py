"""CodePipeline pipelines, read from aws_codepipeline."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.state import State
from bonkei.blueprint.state.block import Block


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


def read_pipelines(state: State) -> tuple[Pipeline, ...]:
    """Every pipeline, its stages in their order."""
    return tuple(
        Pipeline(
            address=block.address,
            arn=block.text("arn"),
            name=block.text("name"),
            role_arn=block.text("role_arn"),
            type=block.text("pipeline_type", "V1"),
            execution_mode=block.text("execution_mode", "SUPERSEDED"),
            stages=tuple(
                Stage(
                    stage.text("name"),
                    tuple(map(_action, stage.blocks("action"))),
                    _entry_condition(stage),
                )
                for stage in block.blocks("stage")
            ),
            artifact_buckets=tuple(
                store.text("location") for store in block.blocks("artifact_store")
            ),
        )
        for block in state.managed("aws_codepipeline")
    )


def _entry_condition(stage: Block) -> str:
    """The name of the first rule that holds before a stage is entered."""
    for entry in stage.blocks("before_entry"):
        for condition in entry.blocks("condition"):
            for rule in condition.blocks("rule"):
                return rule.text("name")
    return ""


def _action(block: Block) -> PipelineAction:
    return PipelineAction(
        name=block.text("name"),
        category=block.text("category"),
        provider=block.text("provider"),
        run_order=block.integer("run_order", 1),
        configuration=block.pairs("configuration"),
        inputs=block.texts("input_artifacts"),
        outputs=block.texts("output_artifacts"),
        role_arn=block.text("role_arn", ""),
        namespace=block.text("namespace", ""),
    )

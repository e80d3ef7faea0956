"""CodePipeline pipelines and the CodeBuild projects that they run.

Read from aws_codepipeline and aws_codebuild_project.
"""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.state import Resource, State
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


def read_build_projects(state: State) -> tuple[BuildProject, ...]:
    """Every build project."""
    return tuple(_project(block) for block in state.managed("aws_codebuild_project"))


def _project(block: Resource) -> BuildProject:
    environment = block.required_block("environment")
    network = block.block("vpc_config") or Block(block.address, {})
    return BuildProject(
        address=block.address,
        arn=block.text("arn"),
        name=block.text("name"),
        role_arn=block.text("service_role"),
        image=environment.text("image"),
        buildspec=block.required_block("source").text("buildspec", ""),
        environment=tuple(
            (v.text("name"), v.text("value"), v.text("type", "PLAINTEXT"))
            for v in environment.blocks("environment_variable")
        ),
        privileged=environment.flag("privileged_mode"),
        subnet_ids=tuple(sorted(network.texts("subnets"))),
        security_group_ids=tuple(sorted(network.texts("security_group_ids"))),
    )

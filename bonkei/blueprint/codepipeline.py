"""CodePipeline pipelines, read from aws_codepipeline."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.state import State
from bonkei.blueprint.state.block import Block


@dataclass(frozen=True, slots=True)
class PipelineAction:
    """An action of a stage. `configuration` has CodePipeline's names (ProjectName, RepositoryName,
    …). `commands`, `output_variables`, `output_files` and `environment` (name, value and type)
    belong to the provider Commands."""

    name: str
    category: str  # Source | Build | Test | Approval | Deploy | Invoke | Compute
    provider: str
    run_order: int = 1
    configuration: tuple[tuple[str, str], ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    role_arn: str = ""
    namespace: str = ""
    owner: str = "AWS"  # AWS | ThirdParty | Custom
    version: str = "1"
    timeout_minutes: int = 0  # 0: the provider's own quota
    commands: tuple[str, ...] = ()
    output_variables: tuple[str, ...] = ()
    output_files: tuple[str, ...] = ()
    environment: tuple[tuple[str, str, str], ...] = ()

    def setting(self, name: str) -> str:
        """One value of the configuration; empty when it is not set."""
        return dict(self.configuration).get(name, "")


@dataclass(frozen=True, slots=True)
class Rule:
    """A check of a condition; `provider` is VariableCheck, LambdaInvoke, CloudWatchAlarm, …"""

    name: str
    provider: str
    configuration: tuple[tuple[str, str], ...] = ()
    inputs: tuple[str, ...] = ()
    role_arn: str = ""
    timeout_minutes: int = 0
    commands: tuple[str, ...] = ()

    def setting(self, name: str) -> str:
        """One value of the configuration; empty when it is not set."""
        return dict(self.configuration).get(name, "")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a stage. `result` is the consequence for the stage: FAIL, SKIP, ROLLBACK or
    RETRY."""

    result: str
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class OnFailure:
    """What happens when a stage fails. `retry_mode` is FAILED_ACTIONS or ALL_ACTIONS, with the
    result RETRY."""

    result: str = ""  # FAIL | SKIP | ROLLBACK | RETRY
    retry_mode: str = ""
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage. `before_entry`, `on_success` and `on_failure` exist only in pipelines of type V2."""

    name: str
    actions: tuple[PipelineAction, ...]
    before_entry: tuple[Condition, ...] = ()
    on_success: tuple[Condition, ...] = ()
    on_failure: OnFailure | None = None

    @property
    def entry_condition(self) -> str:
        """The name of the first rule that must hold before the stage is entered."""
        names = [rule.name for condition in self.before_entry for rule in condition.rules]
        return names[0] if names else ""


@dataclass(frozen=True, slots=True)
class PipelineVariable:
    """A variable of a pipeline. Without a `default`, each start must give a value."""

    name: str
    default: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of glob patterns. An empty filter lets everything pass."""

    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GitPush:
    branches: Filter = Filter()
    files: Filter = Filter()
    tags: Filter = Filter()


@dataclass(frozen=True, slots=True)
class Trigger:
    """Starts a pipeline of type V2 automatically. `action` is its source action."""

    action: str
    pushes: tuple[GitPush, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline. `encryption_key` is the ARN or the id of the artifacts' key, or empty for S3's
    own key."""

    address: str
    arn: str
    name: str
    role_arn: str
    type: str  # V1 | V2
    execution_mode: str  # QUEUED | SUPERSEDED | PARALLEL
    stages: tuple[Stage, ...]
    artifact_buckets: tuple[str, ...] = ()
    encryption_key: str = ""
    variables: tuple[PipelineVariable, ...] = ()
    triggers: tuple[Trigger, ...] = ()


def read_pipelines(state: State) -> tuple[Pipeline, ...]:
    """Read every pipeline. Its stages are in order."""
    return tuple(
        block.read(
            Pipeline,
            type=block.text("pipeline_type", "V1"),
            execution_mode=block.text("execution_mode", "SUPERSEDED"),
            stages=tuple(map(_stage, block.blocks("stage"))),
            artifact_buckets=tuple(
                store.text("location") for store in block.blocks("artifact_store")
            ),
            encryption_key=_encryption_key(block),
            variables=tuple(map(_variable, block.blocks("variable"))),
            triggers=tuple(
                _trigger(git)
                for trigger in block.blocks("trigger")
                for git in trigger.blocks("git_configuration")
            ),
        )
        for block in state.managed("aws_codepipeline")
    )


def _encryption_key(block: Block) -> str:
    keys = [
        k.text("id") for s in block.blocks("artifact_store") for k in s.blocks("encryption_key")
    ]
    return keys[0] if keys else ""


def _stage(block: Block) -> Stage:
    failure = block.block("on_failure")
    return Stage(
        name=block.text("name"),
        actions=tuple(map(_action, block.blocks("action"))),
        before_entry=_conditions(block.part("before_entry")),
        on_success=_conditions(block.part("on_success")),
        on_failure=_on_failure(failure) if failure is not None else None,
    )


def _on_failure(block: Block) -> OnFailure:
    mode = block.part("retry_configuration").text("retry_mode", "")
    return OnFailure(block.text("result", ""), mode, _conditions(block))


def _conditions(block: Block) -> tuple[Condition, ...]:
    return tuple(
        Condition(condition.text("result", ""), tuple(map(_rule, condition.blocks("rule"))))
        for condition in block.blocks("condition")
    )


def _rule(block: Block) -> Rule:
    return block.read(
        Rule,
        provider="".join(kind.text("provider") for kind in block.blocks("rule_type_id")),
        configuration=block.pairs("configuration"),
        inputs=block.texts("input_artifacts"),
        timeout_minutes=block.integer("timeout_in_minutes", 0),
        commands=block.texts("commands"),
    )


def _variable(block: Block) -> PipelineVariable:
    return PipelineVariable(
        block.text("name"), block.text("default_value", ""), block.text("description", "")
    )


def _trigger(git: Block) -> Trigger:
    pushes = tuple(
        GitPush(
            _filter(push.part("branches")),
            _filter(push.part("file_paths")),
            _filter(push.part("tags")),
        )
        for push in git.blocks("push")
    )
    return Trigger(git.text("source_action_name"), pushes)


def _filter(block: Block) -> Filter:
    return Filter(tuple(block.texts("includes")), tuple(block.texts("excludes")))


def _action(block: Block) -> PipelineAction:
    computed = block.blocks("output_artifacts_for_compute_action")
    outputs = [*block.texts("output_artifacts"), *(each.text("name") for each in computed)]
    return block.read(
        PipelineAction,
        configuration=block.pairs("configuration"),
        inputs=block.texts("input_artifacts"),
        outputs=tuple(dict.fromkeys(outputs)),
        timeout_minutes=block.integer("timeout_in_minutes", 0),
        commands=block.texts("commands"),
        output_variables=block.texts("output_variables"),
        output_files=tuple(file for each in computed for file in each.texts("files")),
        environment=tuple(
            (each.text("name"), each.text("value"), each.text("type", "PLAINTEXT"))
            for each in block.blocks("environment_variable")
        ),
    )

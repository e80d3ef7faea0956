"""The provider Commands, as a rule and as an action, with real shells in real builds."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from builds import Rig as BuildsRig
from pipeline_books import ROLE, pipeline, source
from pipeline_rigs import COMMIT, Rig, World

from bonkei.blueprint.codepipeline import (
    Condition,
    OnFailure,
    Pipeline,
    PipelineAction,
    Rule,
    Stage,
)
from bonkei.miniature.parts.codebuild.builds import BuildPart
from bonkei.miniature.parts.codepipeline.builds import ActionBuilds
from bonkei.services.codepipeline.core import commands
from bonkei.services.codepipeline.core.values import Book, ConditionRun, Execution

LOG = "/aws/codepipeline/demo"
PATIENCE = 60.0  # seconds for one execution
SOURCE = Stage(
    "Source",
    (source(configuration=(("RepositoryName", "app"), ("BranchName", "main"))),),
)
PASSES = ("test -f version.txt",)
FAILS = ("test -f version.txt", "echo this is why; exit 3")


def shell(*lines: str, **more: Any) -> PipelineAction:
    given: dict[str, Any] = {"inputs": ("Source",), "commands": lines} | more
    return PipelineAction("Run", "Compute", "Commands", **given)


def rule(*lines: str, **more: Any) -> Rule:
    return Rule("Shell", "Commands", inputs=("Source",), commands=lines, **more)


class Ground(World):
    """The doubles around the pipelines, with real builds beside them."""

    def __init__(self, directory: Path, declared: Pipeline, **settings: Any) -> None:
        super().__init__()
        self.real = BuildsRig(directory, **settings)
        self.real.world.bucket.get = self.read  # type: ignore[method-assign]
        self.real.world.bucket.put = self.keep  # type: ignore[method-assign]
        self.real.builds.start()
        self.followed = 0
        self.name = "version.txt"
        around = cast(BuildPart, SimpleNamespace(builds=self.real.builds))
        self.rig = Rig(self, directory / "pipelines", declared, ActionBuilds(around, self.follow))

    async def follow(self) -> None:
        self.followed += 1

    async def archive(self, repository: str, commit: str, to: Path) -> None:
        with zipfile.ZipFile(to, "w") as zipped:
            zipped.writestr(self.name, commit)

    async def read(self, role_arn: str, bucket: str, key: str, version: str, into: Path) -> None:
        await self.get(role_arn, "", (bucket, key), into, version)

    async def keep(
        self, role_arn: str, bucket: str, key: str, file: Path, encryption_key: str
    ) -> None:
        await self.put(role_arn, "", (bucket, key), file, encryption_key)

    async def run(self) -> Execution:
        """One execution, to its end, and that of a rollback that it causes."""
        id_ = self.rig.pipelines.do("demo", commands.start("StartPipelineExecution", "me"))
        async with asyncio.timeout(PATIENCE):
            while any(each.is_running for each in self.book.executions):
                await asyncio.sleep(0.01)
        found = self.book.find(id_)
        assert found is not None
        return found

    @property
    def book(self) -> Book:
        return self.rig.pipelines.book("demo")

    async def stop(self) -> None:
        await self.rig.pipelines.stop()
        await self.real.builds.stop()


Made = Callable[..., Ground]


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Made]:
    grounds: list[Ground] = []

    def make(*stages: Stage, **settings: Any) -> Ground:
        place = tmp_path / str(len(grounds))
        place.mkdir()
        grounds.append(Ground(place, pipeline(SOURCE, *stages), **settings))
        return grounds[-1]

    yield make
    for each in grounds:
        await each.stop()


def condition(execution: Execution, stage: str = "Deploy") -> ConditionRun:
    run = execution.stage_run(stage)
    assert run is not None
    return run.conditions[-1]


def gate(result: str, asked: Rule) -> Stage:
    return Stage("Deploy", (shell("true"),), before_entry=(Condition(result, (asked,)),))


async def test_a_stage_is_entered_when_the_commands_succeed(made: Made) -> None:
    """The commands have the input artifact, the pipeline's role and the pipeline's log group."""
    says = rule("test -f version.txt", "echo $AWS_SESSION of #{source.CommitId}")
    ground = made(gate("FAIL", says))
    execution = await ground.run()
    assert (execution.status, condition(execution).status) == ("Succeeded", "Succeeded")
    lines = [text for group, _, text in ground.real.world.lines.events if group == LOG]
    (said,) = [line for line in lines if line.startswith(f"{ROLE}/")]
    assert said.endswith(f"of {COMMIT}")
    assert [build.log_group for build in ground.real.builds.builds] == [LOG, LOG]
    assert ground.followed == 2


async def test_an_unmet_entry_fails_the_stage(made: Made) -> None:
    ground = made(gate("FAIL", rule(*FAILS)))
    execution = await ground.run()
    deploy = execution.stage_run("Deploy")
    assert deploy is not None
    assert (execution.status, deploy.actions) == ("Failed", ())
    assert "Build terminated with state: FAILED" in condition(execution).summary
    assert "exit status 3" in condition(execution).summary
    state = await ground.rig.call("GetPipelineState", name="demo")
    entry = state["stageStates"][1]["beforeEntryConditionState"]
    assert entry["conditionStates"][0]["ruleStates"][0]["latestExecution"]["status"] == "Failed"


async def test_a_skip_is_refused_as_on_aws(made: Made) -> None:
    ground = made(gate("SKIP", rule(*PASSES)))
    execution = await ground.run()
    assert condition(execution).status == "Errored"
    assert "one of LambdaInvoke, VariableCheck" in condition(execution).summary
    assert ground.real.builds.builds == ()


async def test_after_a_success_the_stage_rolls_back(made: Made) -> None:
    """The first release has the file, and the second one does not."""
    after = (Condition("ROLLBACK", (rule(*PASSES),)),)
    ground = made(Stage("Deploy", (shell("true"),), on_success=after))
    first = await ground.run()
    assert first.status == "Succeeded"
    ground.name = "other.txt"
    second = await ground.run()
    assert second.status == "Failed"
    back = ground.book.executions[-1]
    assert (back.type, back.target, back.status) == ("ROLLBACK", first.id, "Succeeded")


@pytest.mark.parametrize(("lines", "runs"), [(PASSES, 2), (FAILS, 1)])
async def test_after_a_failure_the_commands_decide_on_a_retry(
    made: Made, lines: tuple[str, ...], runs: int
) -> None:
    decides = (Condition("RETRY", (rule(*lines),)),)
    failure = OnFailure("RETRY", "ALL_ACTIONS", decides)
    ground = made(Stage("Deploy", (shell("false"),), on_failure=failure))
    execution = await ground.run()
    deploy = execution.stage_run("Deploy")
    assert deploy is not None
    assert (execution.status, len(deploy.actions)) == ("Failed", runs)


async def test_commands_that_take_too_long_are_stopped(made: Made) -> None:
    """After CodePipeline's 55 minutes, of which each takes 0.02 seconds here."""
    ground = made(gate("FAIL", rule("sleep 600")), minute=0.02)
    execution = await ground.run()
    assert (execution.status, condition(execution).status) == ("Failed", "Failed")
    assert "TIMED_OUT" in condition(execution).summary
    (build,) = ground.real.builds.builds
    assert build.status == "TIMED_OUT"


async def test_an_action_exports_variables_and_files(made: Made) -> None:
    """The next action has both: the artifact, and the variable in a command."""
    first = shell(
        *("export TAG=v7", "mkdir out", "echo made > out/file.txt"),
        namespace="made", outputs=("Out",), output_variables=("TAG",), output_files=("out/**/*",),
    )  # fmt: skip
    second = shell("test #{made.TAG} = v7", "grep -q made out/file.txt", inputs=("Out",))
    ground = made(Stage("Make", (first,)), Stage("Use", (second,)))
    execution = await ground.run()
    assert execution.status == "Succeeded", execution.summary
    assert dict(execution.namespaces)["made"] == (("TAG", "v7"),)
    declared = (await ground.rig.call("GetPipeline", name="demo"))["pipeline"]
    shown = declared["stages"][1]["actions"][0]
    assert shown["commands"] == list(first.commands)
    assert shown["outputArtifacts"] == [{"name": "Out", "files": ["out/**/*"]}]


async def test_an_action_has_its_own_variables(made: Made) -> None:
    """A value may have a reference, or be a secret's."""
    action = shell(
        "test $COMMIT = #{source.CommitId}", "test $PERSON = me",
        environment=(
            ("COMMIT", "#{source.CommitId}", "PLAINTEXT"),
            ("PERSON", "known:user", "SECRETS_MANAGER"),
        ),
    )  # fmt: skip
    ground = made(Stage("Deploy", (action,)))
    execution = await ground.run()
    assert execution.status == "Succeeded", execution.summary
    declared = (await ground.rig.call("GetPipeline", name="demo"))["pipeline"]
    shown = declared["stages"][1]["actions"][0]["environmentVariables"]
    assert shown[1] == {"name": "PERSON", "value": "known:user", "type": "SECRETS_MANAGER"}


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        ("/known", "PARAMETER_STORE", "the variable X is of the type PARAMETER_STORE"),
        ("#{nobody.NAME}", "PLAINTEXT", "unresolvable variable reference: #{nobody.NAME}"),
    ],
)
async def test_a_variable_without_a_value_fails_the_action(
    made: Made, value: str, kind: str, says: str
) -> None:
    ground = made(Stage("Deploy", (shell("true", environment=(("X", value, kind),)),)))
    deploy = (await ground.run()).stage_run("Deploy")
    assert deploy is not None
    assert says in deploy.actions[-1].error_message
    assert ground.real.builds.builds == ()


@pytest.mark.parametrize(
    ("lines", "settings", "says"),
    [
        ((), {}, "0 commands: 1 to 50 are needed"),
        (("true",) * 51, {}, "51 commands"),
        (("if true", "then\n true"), {}, "command 2 has several lines"),
        (("x" * 1_001,), {}, "command 1 has 1001 characters"),
        (("true",), {"VpcId": "vpc-1"}, "VpcId of Commands is not simulated"),
        (("true",), {"EnvironmentType": "WINDOWS_SERVER_2022_CONTAINER"}, "WINDOWS_SERVER_2022"),
    ],
)
async def test_what_cannot_run_is_refused_with_its_place(
    made: Made, lines: tuple[str, ...], settings: dict[str, str], says: str
) -> None:
    ground = made(Stage("Deploy", (shell(*lines, configuration=tuple(settings.items())),)))
    execution = await ground.run()
    deploy = execution.stage_run("Deploy")
    assert deploy is not None
    assert says in deploy.actions[-1].error_message
    assert ground.real.builds.builds == ()


async def test_an_unset_variable_is_not_a_command(made: Made) -> None:
    ground = made(gate("FAIL", rule("echo #{nobody.NAME}")))
    execution = await ground.run()
    assert condition(execution).status == "Errored"
    assert "unresolvable variable reference: #{nobody.NAME}" in condition(execution).summary

"""The service with doubles of the others: its actions, its records, and a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pipeline_books import pipeline
from pipeline_rigs import BUILD, COMMIT, DEMO, SOURCE, Rig, World

from bonkei.base import kept
from bonkei.base.aws_service import AwsServiceError
from bonkei.base.kept import DamagedError
from bonkei.blueprint.codepipeline import Condition, Pipeline, PipelineAction, Rule, Stage
from bonkei.services.codepipeline import record
from bonkei.services.codepipeline.core.commands import start
from bonkei.services.codepipeline.core.values import ActionRun
from bonkei.services.codepipeline.lookup import is_job
from bonkei.services.codepipeline.runners import BuildOrder, BuildOutcome


@pytest.fixture
async def world() -> World:
    return World()


@pytest.fixture
async def rig(world: World, tmp_path: Path) -> AsyncIterator[Rig]:
    made = Rig(world, tmp_path)
    yield made
    await made.pipelines.stop()


async def test_a_release_from_the_commit_to_the_approval(rig: Rig, world: World) -> None:
    id_ = await rig.start()
    token = await rig.token()
    ((place, (content, key)),) = world.objects.items()
    assert (content, key) == (b"zip of " + COMMIT.encode(), DEMO.encryption_key)
    assert place[1].startswith("demo/Source/")
    order = world.orders[0]
    assert order.environment == (("TAG", COMMIT, "PLAINTEXT"),)
    assert (order.initiator, order.source_version) == ("codepipeline/demo", COMMIT)
    assert (order.sources[0].key, order.sources[0].version) == (place[1], "v1")
    assert order.outputs[0].key.startswith("demo/Built/")
    topic, subject, message = world.published[0]
    assert (topic.endswith(":people"), "APPROVAL NEEDED" in subject) == (True, True)
    assert message["approval"]["customData"] == f"release {COMMIT}: 1 to add"
    assert (message["approval"]["token"], message["region"]) == (token, "ap-northeast-1")
    await rig.answer("Approved", "fine")
    assert await rig.status(id_, "Succeeded", "Failed") == "Succeeded"
    states = [(e.detail_type.split()[1], e.detail["state"]) for e in world.events]
    assert states[0] == ("Pipeline", "STARTED")
    assert states[-1] == ("Pipeline", "SUCCEEDED")
    failed = [e for e in world.events if e.detail["state"] == "FAILED"]
    assert failed == []


async def test_nothing_stays_of_an_execution_of_a_rehearsal(
    rig: Rig, world: World, tmp_path: Path
) -> None:
    own = await rig.start()
    before = rig.pipelines.book("demo").executions
    world.branch = "gone"
    begun = [rig.pipelines.begin_passing("demo", start("me")) for _ in range(3)]
    assert all(each.startswith("rehearsal-") for each in begun)
    assert await rig.status(begun[0], "Failed") == "Failed"
    failed = [e.detail["execution-id"] for e in world.events if e.detail["state"] == "FAILED"]
    assert begun[0] in failed
    rig.pipelines.forget("demo", begun[0])
    rig.pipelines.forget("demo", begun[1])  # whether or not it is over
    await rig.until(lambda: own in {e.id for e in rig.pipelines.book("demo").executions})
    await rig.pipelines.stop()
    again = Rig(world, tmp_path)  # after a SIGKILL during a rehearsal
    ids = [each.id for each in again.pipelines.book("demo").executions]
    assert ids == [each.id for each in before] == [own]
    await again.pipelines.stop()


async def test_the_state_shows_stages_actions_and_the_token(rig: Rig, world: World) -> None:
    id_ = await rig.start()
    token = await rig.token()
    state = await rig.call("GetPipelineState", name="demo")
    stages = {stage["stageName"]: stage for stage in state["stageStates"]}
    assert stages["Source"]["latestExecution"]["status"] == "Succeeded"
    assert stages["Source"]["actionStates"][0]["currentRevision"]["revisionId"] == COMMIT
    waits = stages["Approve"]["actionStates"][0]["latestExecution"]
    assert (waits["status"], waits["token"]) == ("InProgress", token)
    assert "1 to add" in waits["summary"]
    second = await rig.start()
    await rig.until(lambda: rig.pipelines.book("demo").find(second).waiting == "Approve")  # type: ignore[union-attr]
    state = await rig.call("GetPipelineState", name="demo")
    approve = state["stageStates"][2]
    assert approve["inboundExecution"]["pipelineExecutionId"] == second
    assert approve["latestExecution"]["pipelineExecutionId"] == id_
    listed = await rig.call("ListPipelineExecutions", pipelineName="demo")
    assert [each["pipelineExecutionId"] for each in listed["pipelineExecutionSummaries"]] == [
        second,
        id_,
    ]
    one = await rig.call("ListPipelineExecutions", pipelineName="demo", maxResults=1)
    assert one["nextToken"] == "000000001"
    actions = await rig.call(
        "ListActionExecutions", pipelineName="demo", filter={"pipelineExecutionId": id_}
    )
    built = next(a for a in actions["actionExecutionDetails"] if a["actionName"] == "Build")
    assert built["output"]["outputVariables"] == {"SUMMARY": "1 to add"}
    assert built["output"]["executionResult"]["externalExecutionId"] == "builder:1"


async def test_an_approval_is_not_a_job(rig: Rig) -> None:
    id_ = await rig.start()
    await rig.token()
    listed = await rig.call("ListActionExecutions", pipelineName="demo")
    for each in listed["actionExecutionDetails"]:
        with pytest.raises(AwsServiceError) as refused:
            await rig.call("PutJobSuccessResult", jobId=each["actionExecutionId"])
        assert refused.value.code == "JobNotFoundException"
    assert await rig.status(id_, "InProgress", "Succeeded") == "InProgress"


def test_a_function_answers_for_actions_of_lambda_and_rules_of_lambda() -> None:
    rule = Rule("R", "LambdaInvoke")
    action = PipelineAction("F", "Invoke", "Lambda")
    declared = pipeline(
        Stage("Source", (SOURCE,)),
        Stage("Build", (action, BUILD), before_entry=(Condition("FAIL", (rule,)),)),
    )
    run = ActionRun("id", "", "InProgress", 0, 0, 0)
    jobs = [
        name
        for name in ("F", "R", BUILD.name)
        if is_job(declared, "Build", replace(run, name=name))
    ]
    assert jobs == ["F", "R"]
    assert not is_job(declared, "Removed", run)


async def test_runs_side_by_side_are_approved_by_their_external_ids(
    world: World, tmp_path: Path
) -> None:
    """ "For a pipeline where the execution mode is set to PARALLEL, […] use the externalExecutionId
    in the response output from the ListActionExecutions action" (API_PutApprovalResult)."""
    rig = Rig(world, tmp_path, replace(DEMO, execution_mode="PARALLEL"))
    ids = [await rig.start() for _ in range(2)]
    await rig.until(lambda: len(world.published) == 2)
    for id_ in ids:
        listed = await rig.call(
            "ListActionExecutions", pipelineName="demo", filter={"pipelineExecutionId": id_}
        )
        [token] = [
            each["output"]["executionResult"]["externalExecutionId"]
            for each in listed["actionExecutionDetails"]
            if each["actionName"] == "Approve"
        ]
        await rig.call(
            "PutApprovalResult", pipelineName="demo", stageName="Approve", actionName="Approve",
            token=token, result={"status": "Approved", "summary": ""},
        )  # fmt: skip
        assert await rig.status(id_, "Succeeded", "Failed") == "Succeeded"
    await rig.pipelines.stop()


async def test_a_rejection_fails_the_release(rig: Rig) -> None:
    id_ = await rig.start()
    await rig.answer("Rejected", "not today")
    assert await rig.status(id_, "Succeeded", "Failed") == "Failed"


async def test_a_failed_build_fails_the_release_with_its_message(rig: Rig, world: World) -> None:
    world.outcome = BuildOutcome("builder:2", "FAILED", message="Phase: BUILD: exit status 1")
    id_ = await rig.start()
    assert await rig.status(id_, "Succeeded", "Failed") == "Failed"
    pipelines = [e for e in world.events if e.detail_type.startswith("CodePipeline Pipeline")]
    assert pipelines[-1].detail["state"] == "FAILED"
    action = [e for e in world.events if "Action" in e.detail_type][-1]
    assert "exit status 1" in action.detail["execution-result"]["external-execution-summary"]
    assert pipelines[-1].resources == (DEMO.arn,)


async def test_a_start_may_choose_its_commit(rig: Rig, world: World) -> None:
    other = "b" * 40
    wanted = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": other}
    await rig.start(sourceRevisions=[wanted])
    await rig.token()
    assert world.orders[0].source_version == other


@pytest.mark.parametrize("action", ["codecommit:GetBranch", "codebuild:StartBuild", "sns:Publish"])
async def test_a_missing_permission_of_the_role_fails_the_action(
    rig: Rig, world: World, action: str
) -> None:
    world.denied.add(action)
    id_ = await rig.start()
    assert await rig.status(id_, "Succeeded", "Failed") == "Failed"
    found = rig.pipelines.book("demo").find(id_)
    assert found is not None
    assert f"may not {action}" in found.summary


async def test_an_unsupported_action_fails_by_name(world: World, tmp_path: Path) -> None:
    deploy = PipelineAction("d", "Deploy", "CodeDeploy")
    other = pipeline(Stage("Source", (SOURCE,)), Stage("Deploy", (deploy,)))
    rig = Rig(world, tmp_path, other)
    id_ = await rig.start()
    assert await rig.status(id_, "Failed") == "Failed"
    assert "CodeDeploy" in rig.pipelines.book("demo").find(id_).summary  # type: ignore[union-attr]
    await rig.pipelines.stop()


async def test_after_a_restart_an_approval_still_waits_with_its_token(
    rig: Rig, world: World, tmp_path: Path
) -> None:
    id_ = await rig.start()
    token = await rig.token()
    await rig.pipelines.stop()
    again = Rig(world, tmp_path)
    assert await again.token() == token
    assert len(world.published) == 1, "nobody is asked twice"
    await again.answer("Approved")
    assert await again.status(id_, "Succeeded", "Failed") == "Succeeded"
    await again.pipelines.stop()


async def test_after_a_restart_a_build_is_followed_by_its_id(
    rig: Rig, world: World, tmp_path: Path
) -> None:
    world.release.clear()
    id_ = await rig.start()
    await rig.until(lambda: world.waited == 1)
    await rig.pipelines.stop()
    world.release.set()
    again = Rig(world, tmp_path)
    await again.token()
    assert len(world.orders) == 1, "it was not built twice"
    assert again.pipelines.book("demo").find(id_) is not None
    await again.pipelines.stop()


async def test_after_a_restart_an_action_that_cannot_be_followed_has_failed(
    world: World, tmp_path: Path
) -> None:
    rig = Rig(world, tmp_path)
    started = asyncio.Event()

    async def never(order: BuildOrder) -> str:
        started.set()
        await asyncio.Event().wait()
        return ""

    world.start = never  # type: ignore[method-assign]
    id_ = await rig.start()
    await started.wait()
    await rig.pipelines.stop()
    again = Rig(world, tmp_path)
    assert await again.status(id_, "Failed") == "Failed"
    assert "ended while the action ran" in again.pipelines.book("demo").find(id_).summary  # type: ignore[union-attr]
    await again.pipelines.stop()


async def test_every_answer_is_on_disk(rig: Rig, tmp_path: Path) -> None:
    id_ = await rig.start()
    file = tmp_path / "demo" / "executions" / f"{id_}.json"
    assert json.loads(file.read_text())["status"] == "InProgress"
    file.with_suffix(".new").write_text('{"id": "hal')
    await rig.pipelines.stop()
    (broken := file.with_name("broken.json")).write_text("{")
    with pytest.raises(DamagedError, match=r"broken\.json is damaged"):
        Rig(rig.world, tmp_path)
    broken.unlink()
    again = Rig(rig.world, tmp_path)
    assert [each.id for each in again.pipelines.book("demo").executions] == [id_]
    await again.pipelines.stop()


async def test_after_a_restart_an_execution_enters_a_stage_that_is_free(
    rig: Rig, world: World, tmp_path: Path
) -> None:
    """SIGKILL came between the file of the one that left and the file of the one that enters."""
    first = await rig.start()
    before = await rig.token()
    second = await rig.start()
    await rig.until(lambda: rig.pipelines.book("demo").find(second).waiting == "Approve")  # type: ignore[union-attr]
    await rig.pipelines.stop()
    file = tmp_path / "demo" / "executions" / f"{first}.json"
    left = kept.parsed(file.read_bytes())
    left["status"] = left["stages"][-1]["status"] = "Failed"
    left["stages"][-1]["actions"][-1]["status"] = "Failed"
    kept.write_json(file, left)
    again = Rig(world, tmp_path)
    assert await again.token() != before
    await again.answer("Approved")
    assert await again.status(second, "Succeeded", "Failed") == "Succeeded"
    await again.pipelines.stop()


async def test_a_start_that_a_full_disk_refuses_has_not_happened(
    rig: Rig, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = record._write, list[object]()

    def fills(file: Path, values: Mapping[str, Any]) -> None:
        written.append(file)
        if len(written) > 1:
            raise OSError(28, "No space left on device")
        write(file, values)

    with monkeypatch.context() as disk:
        disk.setattr(record, "_write", fills)
        with pytest.raises(OSError, match="No space"):
            await rig.start()
    assert len(written) == 2
    assert record.Record(tmp_path / "demo").read().executions == ()


async def test_an_approval_waits_although_a_full_disk_takes_no_note_of_it(
    rig: Rig, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, refused = record._write, list[object]()

    def is_full(file: Path, values: Mapping[str, Any]) -> None:
        if world.published:
            refused.append(file)
            raise OSError(28, "No space left on device")
        write(file, values)

    with monkeypatch.context() as disk:
        disk.setattr(record, "_write", is_full)
        id_ = await rig.start()
        await rig.until(lambda: bool(refused))
    assert len(refused) == 1, "its failure was to be written, too"
    [(_, _, message)] = world.published
    await rig.call(
        "PutApprovalResult", pipelineName="demo", stageName="Approve", actionName="Approve",
        token=message["approval"]["token"], result={"status": "Approved", "summary": ""},
    )  # fmt: skip
    assert await rig.status(id_, "Succeeded", "Failed") == "Succeeded"


async def test_time_outs_are_noticed_while_it_runs(rig: Rig, world: World) -> None:
    rig.pipelines.start()
    id_ = await rig.start()
    await rig.token()
    world.now += 7 * 86_400
    await rig.start()
    assert await rig.status(id_, "Failed") == "Failed"


async def test_time_outs_go_on_after_a_full_disk(
    rig: Rig, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.services.codepipeline.pipelines._AGAIN", 0.01)
    id_ = await rig.start()
    await rig.token()
    tried: list[object] = []

    def refuse(*given: object) -> None:
        tried.append(given)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("bonkei.services.codepipeline.record._write", refuse)
        world.now += 7 * 86_400
        rig.pipelines.start()
        await rig.until(lambda: bool(tried))
    assert await rig.status(id_, "Failed") == "Failed"


async def test_a_new_pipeline_starts_once_and_an_existing_one_does_not(
    world: World, tmp_path: Path
) -> None:
    """AWS does the same: "CodePipeline starts a new pipeline at once"."""
    rig = Rig(world, tmp_path)
    assert rig.pipelines.book("demo").executions == ()
    other = pipeline(Stage("Source", (SOURCE,)), Stage("Build", (BUILD,)))
    new = type(other)(**{**_values(other), "name": "new"})
    rig.pipelines.follow([DEMO, new], are_new=True)
    assert [each.trigger for each in rig.pipelines.book("new").executions] == ["CreatePipeline"]
    rig.pipelines.follow([DEMO, new], are_new=True)
    assert len(rig.pipelines.book("new").executions) == 1
    await rig.pipelines.stop()


def _values(declared: Pipeline) -> dict[str, Any]:
    return {name: getattr(declared, name) for name in declared.__slots__}


async def test_unknown_names_have_codepipelines_errors(rig: Rig) -> None:
    for operation, given, code in (
        ("GetPipelineState", {"name": "no"}, "PipelineNotFoundException"),
        ("GetPipelineExecution", {"pipelineName": "demo", "pipelineExecutionId": COMMIT},
         "PipelineExecutionNotFoundException"),
        ("EnableStageTransition",
         {"pipelineName": "demo", "stageName": "no", "transitionType": "Inbound"},
         "StageNotFoundException"),
        ("PutJobSuccessResult", {"jobId": "no"}, "JobNotFoundException"),
        ("ListPipelines", {"nextToken": "x"}, "InvalidNextTokenException"),
    ):  # fmt: skip
        with pytest.raises(AwsServiceError) as caught:
            await rig.call(operation, **given)
        assert caught.value.code == code


async def test_the_declaration_is_shown_unchanged(rig: Rig) -> None:
    shown = await rig.call("GetPipeline", name="demo")
    declared = shown["pipeline"]
    assert [stage["name"] for stage in declared["stages"]] == ["Source", "Build", "Approve"]
    assert declared["artifactStore"]["encryptionKey"]["id"] == DEMO.encryption_key
    assert shown["metadata"]["pipelineArn"] == DEMO.arn

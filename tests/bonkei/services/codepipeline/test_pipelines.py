"""The room with doubles of the others: its actions, its records, and a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pipeline_books import pipeline
from pipeline_rooms import BUILD, COMMIT, DEMO, SOURCE, Room, World

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
async def room(world: World, tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(world, tmp_path)
    yield made
    await made.pipelines.stop()


async def test_a_release_from_the_commit_to_the_approval(room: Room, world: World) -> None:
    id_ = await room.start()
    token = await room.token()
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
    await room.answer("Approved", "fine")
    assert await room.status(id_, "Succeeded", "Failed") == "Succeeded"
    states = [(e.detail_type.split()[1], e.detail["state"]) for e in world.events]
    assert states[0] == ("Pipeline", "STARTED")
    assert states[-1] == ("Pipeline", "SUCCEEDED")
    failed = [e for e in world.events if e.detail["state"] == "FAILED"]
    assert failed == []


async def test_nothing_stays_of_an_execution_of_a_rehearsal(
    room: Room, world: World, tmp_path: Path
) -> None:
    own = await room.start()
    before = room.pipelines.book("demo").executions
    world.branch = "gone"
    begun = [room.pipelines.begin_passing("demo", start("me")) for _ in range(3)]
    assert all(each.startswith("rehearsal-") for each in begun)
    assert await room.status(begun[0], "Failed") == "Failed"
    failed = [e.detail["execution-id"] for e in world.events if e.detail["state"] == "FAILED"]
    assert begun[0] in failed
    room.pipelines.forget("demo", begun[0])
    room.pipelines.forget("demo", begun[1])  # whether or not it is over
    await room.until(lambda: own in {e.id for e in room.pipelines.book("demo").executions})
    await room.pipelines.stop()
    again = Room(world, tmp_path)  # after a SIGKILL during a rehearsal
    ids = [each.id for each in again.pipelines.book("demo").executions]
    assert ids == [each.id for each in before] == [own]
    await again.pipelines.stop()


async def test_the_state_shows_stages_actions_and_the_token(room: Room, world: World) -> None:
    id_ = await room.start()
    token = await room.token()
    state = await room.call("GetPipelineState", name="demo")
    stages = {stage["stageName"]: stage for stage in state["stageStates"]}
    assert stages["Source"]["latestExecution"]["status"] == "Succeeded"
    assert stages["Source"]["actionStates"][0]["currentRevision"]["revisionId"] == COMMIT
    waits = stages["Approve"]["actionStates"][0]["latestExecution"]
    assert (waits["status"], waits["token"]) == ("InProgress", token)
    assert "1 to add" in waits["summary"]
    second = await room.start()
    await room.until(lambda: room.pipelines.book("demo").find(second).waiting == "Approve")  # type: ignore[union-attr]
    state = await room.call("GetPipelineState", name="demo")
    approve = state["stageStates"][2]
    assert approve["inboundExecution"]["pipelineExecutionId"] == second
    assert approve["latestExecution"]["pipelineExecutionId"] == id_
    listed = await room.call("ListPipelineExecutions", pipelineName="demo")
    assert [each["pipelineExecutionId"] for each in listed["pipelineExecutionSummaries"]] == [
        second,
        id_,
    ]
    one = await room.call("ListPipelineExecutions", pipelineName="demo", maxResults=1)
    assert one["nextToken"] == "000000001"
    actions = await room.call(
        "ListActionExecutions", pipelineName="demo", filter={"pipelineExecutionId": id_}
    )
    built = next(a for a in actions["actionExecutionDetails"] if a["actionName"] == "Build")
    assert built["output"]["outputVariables"] == {"SUMMARY": "1 to add"}
    assert built["output"]["executionResult"]["externalExecutionId"] == "builder:1"


async def test_an_approval_is_not_a_job(room: Room) -> None:
    id_ = await room.start()
    await room.token()
    listed = await room.call("ListActionExecutions", pipelineName="demo")
    for each in listed["actionExecutionDetails"]:
        with pytest.raises(AwsServiceError) as refused:
            await room.call("PutJobSuccessResult", jobId=each["actionExecutionId"])
        assert refused.value.code == "JobNotFoundException"
    assert await room.status(id_, "InProgress", "Succeeded") == "InProgress"


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
    room = Room(world, tmp_path, replace(DEMO, execution_mode="PARALLEL"))
    ids = [await room.start() for _ in range(2)]
    await room.until(lambda: len(world.published) == 2)
    for id_ in ids:
        listed = await room.call(
            "ListActionExecutions", pipelineName="demo", filter={"pipelineExecutionId": id_}
        )
        [token] = [
            each["output"]["executionResult"]["externalExecutionId"]
            for each in listed["actionExecutionDetails"]
            if each["actionName"] == "Approve"
        ]
        await room.call(
            "PutApprovalResult", pipelineName="demo", stageName="Approve", actionName="Approve",
            token=token, result={"status": "Approved", "summary": ""},
        )  # fmt: skip
        assert await room.status(id_, "Succeeded", "Failed") == "Succeeded"
    await room.pipelines.stop()


async def test_a_rejection_fails_the_release(room: Room) -> None:
    id_ = await room.start()
    await room.answer("Rejected", "not today")
    assert await room.status(id_, "Succeeded", "Failed") == "Failed"


async def test_a_failed_build_fails_the_release_with_its_message(room: Room, world: World) -> None:
    world.outcome = BuildOutcome("builder:2", "FAILED", message="Phase: BUILD: exit status 1")
    id_ = await room.start()
    assert await room.status(id_, "Succeeded", "Failed") == "Failed"
    pipelines = [e for e in world.events if e.detail_type.startswith("CodePipeline Pipeline")]
    assert pipelines[-1].detail["state"] == "FAILED"
    action = [e for e in world.events if "Action" in e.detail_type][-1]
    assert "exit status 1" in action.detail["execution-result"]["external-execution-summary"]
    assert pipelines[-1].resources == (DEMO.arn,)


async def test_a_start_may_choose_its_commit(room: Room, world: World) -> None:
    other = "b" * 40
    wanted = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": other}
    await room.start(sourceRevisions=[wanted])
    await room.token()
    assert world.orders[0].source_version == other


@pytest.mark.parametrize("action", ["codecommit:GetBranch", "codebuild:StartBuild", "sns:Publish"])
async def test_a_missing_permission_of_the_role_fails_the_action(
    room: Room, world: World, action: str
) -> None:
    world.denied.add(action)
    id_ = await room.start()
    assert await room.status(id_, "Succeeded", "Failed") == "Failed"
    found = room.pipelines.book("demo").find(id_)
    assert found is not None
    assert f"may not {action}" in found.summary


async def test_an_unsupported_action_fails_by_name(world: World, tmp_path: Path) -> None:
    deploy = PipelineAction("d", "Deploy", "CodeDeploy")
    other = pipeline(Stage("Source", (SOURCE,)), Stage("Deploy", (deploy,)))
    room = Room(world, tmp_path, other)
    id_ = await room.start()
    assert await room.status(id_, "Failed") == "Failed"
    assert "CodeDeploy" in room.pipelines.book("demo").find(id_).summary  # type: ignore[union-attr]
    await room.pipelines.stop()


async def test_after_a_restart_an_approval_still_waits_with_its_token(
    room: Room, world: World, tmp_path: Path
) -> None:
    id_ = await room.start()
    token = await room.token()
    await room.pipelines.stop()
    again = Room(world, tmp_path)
    assert await again.token() == token
    assert len(world.published) == 1, "nobody is asked twice"
    await again.answer("Approved")
    assert await again.status(id_, "Succeeded", "Failed") == "Succeeded"
    await again.pipelines.stop()


async def test_after_a_restart_a_build_is_followed_by_its_id(
    room: Room, world: World, tmp_path: Path
) -> None:
    world.release.clear()
    id_ = await room.start()
    await room.until(lambda: world.waited == 1)
    await room.pipelines.stop()
    world.release.set()
    again = Room(world, tmp_path)
    await again.token()
    assert len(world.orders) == 1, "it was not built twice"
    assert again.pipelines.book("demo").find(id_) is not None
    await again.pipelines.stop()


async def test_after_a_restart_an_action_that_cannot_be_followed_has_failed(
    world: World, tmp_path: Path
) -> None:
    room = Room(world, tmp_path)
    started = asyncio.Event()

    async def never(order: BuildOrder) -> str:
        started.set()
        await asyncio.Event().wait()
        return ""

    world.start = never  # type: ignore[method-assign]
    id_ = await room.start()
    await started.wait()
    await room.pipelines.stop()
    again = Room(world, tmp_path)
    assert await again.status(id_, "Failed") == "Failed"
    assert "ended while the action ran" in again.pipelines.book("demo").find(id_).summary  # type: ignore[union-attr]
    await again.pipelines.stop()


async def test_every_answer_is_on_disk(room: Room, tmp_path: Path) -> None:
    id_ = await room.start()
    file = tmp_path / "demo" / "executions" / f"{id_}.json"
    assert json.loads(file.read_text())["status"] == "InProgress"
    file.with_suffix(".new").write_text('{"id": "hal')
    await room.pipelines.stop()
    (broken := file.with_name("broken.json")).write_text("{")
    with pytest.raises(DamagedError, match=r"broken\.json is damaged"):
        Room(room.world, tmp_path)
    broken.unlink()
    again = Room(room.world, tmp_path)
    assert [each.id for each in again.pipelines.book("demo").executions] == [id_]
    await again.pipelines.stop()


async def test_after_a_restart_an_execution_enters_a_stage_that_is_free(
    room: Room, world: World, tmp_path: Path
) -> None:
    """SIGKILL came between the file of the one that left and the file of the one that enters."""
    first = await room.start()
    before = await room.token()
    second = await room.start()
    await room.until(lambda: room.pipelines.book("demo").find(second).waiting == "Approve")  # type: ignore[union-attr]
    await room.pipelines.stop()
    file = tmp_path / "demo" / "executions" / f"{first}.json"
    left = json.loads(file.read_text(encoding="utf-8"))
    left["status"] = left["stages"][-1]["status"] = "Failed"
    left["stages"][-1]["actions"][-1]["status"] = "Failed"
    file.write_text(json.dumps(left), encoding="utf-8")
    again = Room(world, tmp_path)
    assert await again.token() != before
    await again.answer("Approved")
    assert await again.status(second, "Succeeded", "Failed") == "Succeeded"
    await again.pipelines.stop()


async def test_a_start_that_a_full_disk_refuses_has_not_happened(
    room: Room, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
            await room.start()
    assert len(written) == 2
    assert record.Record(tmp_path / "demo").read().executions == ()


async def test_an_approval_waits_although_a_full_disk_takes_no_note_of_it(
    room: Room, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, refused = record._write, list[object]()

    def is_full(file: Path, values: Mapping[str, Any]) -> None:
        if world.published:
            refused.append(file)
            raise OSError(28, "No space left on device")
        write(file, values)

    with monkeypatch.context() as disk:
        disk.setattr(record, "_write", is_full)
        id_ = await room.start()
        await room.until(lambda: bool(refused))
    assert len(refused) == 1, "its failure was to be written, too"
    [(_, _, message)] = world.published
    await room.call(
        "PutApprovalResult", pipelineName="demo", stageName="Approve", actionName="Approve",
        token=message["approval"]["token"], result={"status": "Approved", "summary": ""},
    )  # fmt: skip
    assert await room.status(id_, "Succeeded", "Failed") == "Succeeded"


async def test_time_outs_are_noticed_while_it_runs(room: Room, world: World) -> None:
    room.pipelines.start()
    id_ = await room.start()
    await room.token()
    world.now += 7 * 86_400
    await room.start()
    assert await room.status(id_, "Failed") == "Failed"


async def test_time_outs_go_on_after_a_full_disk(
    room: Room, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.services.codepipeline.pipelines._AGAIN", 0.01)
    id_ = await room.start()
    await room.token()
    tried: list[object] = []

    def refuse(*given: object) -> None:
        tried.append(given)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("bonkei.services.codepipeline.record._write", refuse)
        world.now += 7 * 86_400
        room.pipelines.start()
        await room.until(lambda: bool(tried))
    assert await room.status(id_, "Failed") == "Failed"


async def test_a_new_pipeline_starts_once_and_an_existing_one_does_not(
    world: World, tmp_path: Path
) -> None:
    """AWS does the same: "CodePipeline starts a new pipeline at once"."""
    room = Room(world, tmp_path)
    assert room.pipelines.book("demo").executions == ()
    other = pipeline(Stage("Source", (SOURCE,)), Stage("Build", (BUILD,)))
    new = type(other)(**{**_values(other), "name": "new"})
    room.pipelines.follow([DEMO, new], are_new=True)
    assert [each.trigger for each in room.pipelines.book("new").executions] == ["CreatePipeline"]
    room.pipelines.follow([DEMO, new], are_new=True)
    assert len(room.pipelines.book("new").executions) == 1
    await room.pipelines.stop()


def _values(declared: Pipeline) -> dict[str, Any]:
    return {name: getattr(declared, name) for name in declared.__slots__}


async def test_unknown_names_have_codepipelines_errors(room: Room) -> None:
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
            await room.call(operation, **given)
        assert caught.value.code == code


async def test_the_declaration_is_shown_unchanged(room: Room) -> None:
    shown = await room.call("GetPipeline", name="demo")
    declared = shown["pipeline"]
    assert [stage["name"] for stage in declared["stages"]] == ["Source", "Build", "Approve"]
    assert declared["artifactStore"]["encryptionKey"]["id"] == DEMO.encryption_key
    assert shown["metadata"]["pipelineArn"] == DEMO.arn

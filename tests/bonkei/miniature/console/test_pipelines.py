"""Pipelines on the console: with the real service, and doubles of those around it."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pipeline_rigs import COMMIT, Rig, World

from bonkei.base.aws_service import AwsServiceError, Principal
from bonkei.base.errors import BonkeiError
from bonkei.miniature.console.pipelines import offer_pipelines
from bonkei.miniature.console.pipelines.deeds import PipelineDeeds
from bonkei.miniature.console.pipelines.offer import PipelineSources
from bonkei.miniature.console.pipelines.written import WINDOW, Plans, window
from bonkei.services.codepipeline.runners import BuildOutcome
from bonkei.services.console import Console

PLAN = (Path(__file__).parents[2] / "services/console/views/plan.txt").read_text(encoding="utf-8")


class Desk:
    """A console of one rig of pipelines; no server."""

    def __init__(self, rig: Rig, directory: Path) -> None:
        self.rig = rig
        self.directory = directory
        self.console = Console()
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.directory.mkdir(parents=True, exist_ok=True)
        offer_pipelines(
            self.console,
            PipelineSources(rig.pipelines, lambda: self),
            PipelineDeeds(rig.pipelines, self, directory / "copy", directory / "repositories"),
        )

    def log(self, build_id: str) -> Path:
        return self.directory / f"{build_id.rpartition(':')[2]}.log"

    async def call(
        self,
        _principal: Principal,
        service: str,
        operation: str,
        given: Mapping[str, Any],
        _region: str = "",
    ) -> Mapping[str, Any]:
        self.calls.append((f"{service} {operation}", given))
        if service == "codecommit":
            directory = self.directory / "repositories" / f"{given['repositoryName']}.git"
            if directory.exists():
                raise AwsServiceError("RepositoryNameExistsException", "it exists")
            subprocess.run(["git", "init", "-q", "--bare", str(directory)], check=True)
            return {}
        return await self.rig.call(operation, **given)

    async def see(self, topic: str, **query: str) -> Any:
        return json.loads(json.dumps(await self.console._topics[topic](query)))

    async def do(self, action: str, **body: Any) -> Any:
        return await self.console._actions[action](body)

    async def approval(self) -> dict[str, Any]:
        await self.rig.token()
        (found,) = (await self.see("pipelines"))["pipelines"][0]["approvals"]
        return dict(found)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    rig = Rig(World(), tmp_path / "pipelines")
    yield Desk(rig, tmp_path)
    await rig.pipelines.stop()


async def test_a_release_is_started_seen_and_approved(desk: Desk) -> None:
    started = await desk.do("pipeline.start", pipeline="demo")
    waiting = await desk.approval()
    assert waiting["execution"] == started["execution"]
    assert waiting["summary"] == f"release {COMMIT}: 1 to add"
    await desk.do("pipeline.answer", pipeline="demo", run=waiting["run"], approved=True)
    assert await desk.rig.status(started["execution"], "Succeeded", "Failed") == "Succeeded"
    run = await desk.see("pipelines.run", pipeline="demo", execution=started["execution"])
    assert [each["name"] for stage in run["stages"] for each in stage["actions"]] == [
        "Source", "Build", "Approve",
    ]  # fmt: skip
    assert run["stages"][2]["actions"][0]["by"].endswith(":user/me")
    assert (run["commit"], run["title"]) == (COMMIT, "A change")


async def test_a_rejection_says_why(desk: Desk) -> None:
    started = await desk.do("pipeline.start", pipeline="demo")
    waiting = await desk.approval()
    await desk.do(
        "pipeline.answer", pipeline="demo", run=waiting["run"], approved=False, comment="not\ntoday"
    )
    assert await desk.rig.status(started["execution"], "Succeeded", "Failed") == "Failed"
    assert desk.calls[-1][1]["result"] == {"status": "Rejected", "summary": "not today"}


async def test_an_approval_of_an_earlier_run_is_not_given_to_a_later_one(desk: Desk) -> None:
    """A page that is old approves what it shows, or nothing."""
    await desk.do("pipeline.start", pipeline="demo")
    old = await desk.approval()
    await desk.do("pipeline.answer", pipeline="demo", run=old["run"], approved=False)
    await desk.do("pipeline.start", pipeline="demo")
    await desk.approval()
    with pytest.raises(BonkeiError, match="does not wait for an answer"):
        await desk.do("pipeline.answer", pipeline="demo", run=old["run"], approved=True)


@pytest.mark.parametrize("approved", ["true", 1, None])
async def test_only_a_clear_yes_approves(desk: Desk, approved: object) -> None:
    await desk.do("pipeline.start", pipeline="demo")
    waiting = await desk.approval()
    with pytest.raises(TypeError):
        await desk.do("pipeline.answer", pipeline="demo", run=waiting["run"], approved=approved)
    assert (await desk.approval())["run"] == waiting["run"]


async def test_the_plan_is_that_of_the_run(desk: Desk) -> None:
    started = await desk.do("pipeline.start", pipeline="demo")
    await desk.approval()
    query = {"pipeline": "demo", "execution": started["execution"]}
    assert (await desk.see("pipelines.plan", **query)) == {"plan": None}
    desk.log("builder:1").write_text(PLAN, encoding="utf-8")
    found = await desk.see("pipelines.plan", **query)
    assert (found["stage"], found["action"]) == ("Build", "Build")
    assert found["plan"]["counts"] == {"add": 2, "change": 1, "destroy": 2}
    assert found["plan"]["whole"] is True


async def test_a_log_is_read_while_the_build_writes(desk: Desk) -> None:
    desk.rig.world.release.clear()
    started = await desk.do("pipeline.start", pipeline="demo")
    query = {"pipeline": "demo", "execution": started["execution"]}
    desk.log("builder:1").write_text("one\n")

    async def action() -> dict[str, Any]:
        run = await desk.see("pipelines.run", **query)
        builds = [stage["actions"][0] for stage in run["stages"] if stage["name"] == "Build"]
        return dict(builds[0]) if builds and builds[0]["log"] else {}

    async with asyncio.timeout(60):
        while not (found := await action()):
            await asyncio.sleep(0.002)
    log = await desk.see("pipelines.log", pipeline="demo", run=found["run"])
    assert (log["text"], log["live"]) == ("one\n", True)
    desk.rig.world.release.set()
    await desk.approval()
    log = await desk.see("pipelines.log", pipeline="demo", run=found["run"])
    assert log["live"] is False


def test_a_huge_log_is_shown_by_windows(tmp_path: Path) -> None:
    lines = [f"line {i:06d} <script>\x1b[31m" for i in range(40_000)]
    log = tmp_path / "log"
    log.write_text("\n".join(lines) + "\n")
    seen, before = "", 0
    for _ in range(40):
        found: Any = window(log, before)
        assert len(found["text"]) <= 2 * WINDOW
        seen, before = found["text"] + seen, found["from"]
        if not before:
            break
    assert seen.replace("\\x1b[31m", "\x1b[31m") == log.read_text()


def test_a_log_that_is_gone_says_so(tmp_path: Path) -> None:
    assert "No such file" in str(window(tmp_path / "none"))


def test_a_plan_is_read_again_only_when_its_log_has_changed(tmp_path: Path) -> None:
    plans, log = Plans(), tmp_path / "log"
    assert plans.of(log) is None
    log.write_text(PLAN)
    first = plans.of(log)
    assert plans.of(log) is first
    log.write_text(PLAN + "more\n")
    assert plans.of(log) is not first


async def test_a_failed_stage_is_retried(desk: Desk) -> None:
    world = desk.rig.world
    world.outcome = BuildOutcome("builder:2", "FAILED", message="exit status <b>1</b>")
    started = await desk.do("pipeline.start", pipeline="demo")
    id_ = started["execution"]
    assert await desk.rig.status(id_, "Failed") == "Failed"
    one = await desk.see("pipelines.one", pipeline="demo")
    failed = one["stages"][1]["actions"][0]
    assert (failed["status"], "<b>1</b>" in failed["error"]) == ("Failed", True)
    world.outcome = BuildOutcome("builder:3", "SUCCEEDED", (("SUMMARY", ""),))
    await desk.do("pipeline.retry", pipeline="demo", execution=id_, stage="Build")
    assert (await desk.approval())["execution"] == id_
    run = await desk.see("pipelines.run", pipeline="demo", execution=id_)
    assert [each["status"] for each in run["stages"][1]["actions"]] == ["Failed", "Succeeded"]


async def test_a_run_is_stopped_with_a_reason(desk: Desk) -> None:
    id_ = (await desk.do("pipeline.start", pipeline="demo"))["execution"]
    await desk.approval()
    await desk.do("pipeline.stop", pipeline="demo", execution=id_, abandon=True, reason="wrong")
    assert await desk.rig.status(id_, "Stopped") == "Stopped"
    assert (await desk.see("pipelines.one", pipeline="demo"))["runs"][0]["stop_reason"] == "wrong"


async def test_a_release_of_the_working_copy_is_as_bonkei_pipeline_run(desk: Desk) -> None:
    copy = desk.directory / "copy"
    who = ("-c", "user.name=me", "-c", "user.email=me@x")
    subprocess.run(["git", "init", "-q", "-b", "main", str(copy)], check=True)
    (copy / "file").write_text("1")
    subprocess.run(["git", "-C", str(copy), "add", "file"], check=True)
    subprocess.run(["git", "-C", str(copy), *who, "commit", "-qm", "One"], check=True)
    (copy / "file").write_text("2")
    answer = await desk.do("pipeline.start", pipeline="demo", working_copy=True)
    head = subprocess.run(
        ["git", "-C", str(copy), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    run = await desk.see("pipelines.run", pipeline="demo", execution=answer["execution"])
    await desk.approval()
    run = await desk.see("pipelines.run", pipeline="demo", execution=answer["execution"])
    assert run["commit"] == head
    assert any("not released: file" in note for note in answer["notes"])


async def test_without_a_working_copy_nothing_is_made(desk: Desk) -> None:
    with pytest.raises(BonkeiError):
        await desk.do("pipeline.start", pipeline="demo", working_copy=True)
    assert desk.calls == []


@pytest.mark.parametrize(
    ("topic", "query"),
    [
        ("pipelines.one", {"pipeline": "none"}),
        ("pipelines.run", {"pipeline": "demo", "execution": "none"}),
        ("pipelines.plan", {"pipeline": "demo", "execution": "none"}),
        ("pipelines.log", {"pipeline": "demo", "run": "none"}),
        ("pipelines.log", {"pipeline": "demo", "run": "../../etc/passwd"}),
    ],
)
async def test_what_is_not_there_is_said(desk: Desk, topic: str, query: dict[str, str]) -> None:
    with pytest.raises(BonkeiError):
        await desk.see(topic, **query)

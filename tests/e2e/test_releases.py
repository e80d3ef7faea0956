"""A pipeline of another stack, from a commit to the bucket: real git, real builds, real S3."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from foreground import left_of
from miniatures import PATIENCE, Project, eventually, removed

RELEASE = Path(__file__).with_name("release")
NAME = "release-app"
ACCOUNT = "123456789012"


class Stack:
    """The project. Its miniature runs in the background."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def up(self) -> None:
        outcome = self.project.bonkei("up", "--detach")
        assert "Ready after" in outcome.stdout, outcome.stdout + outcome.stderr

    def kill(self) -> None:
        """Send SIGKILL to the supervisor, and wait until its builds have ended, too."""
        pid = int((self.project.home / "lock").read_text())
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        os.kill(pid, signal.SIGKILL)
        assert left_of(processes) == []

    def git(self, *words: str) -> str:
        who = {f"GIT_{role}_{what}": "me" for role in _ROLES for what in ("NAME", "EMAIL")}
        return subprocess.run(
            ["git", *words], cwd=self.project.folder, check=True, capture_output=True, text=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **who},
        ).stdout.strip()  # fmt: skip

    def commit(self, message: str) -> str:
        (self.project.folder / "message.txt").write_text(f"{message}\n")
        self.git("commit", "-q", "--allow-empty", "-am", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *options: str, code: int = 0) -> dict[str, Any]:
        outcome = self.project.bonkei("pipeline", "run", "app", "--json", *options)
        assert outcome.returncode == code, outcome.stdout + outcome.stderr
        return dict(json.loads(outcome.stdout))

    def client(self, service: str) -> Any:
        return self.project.client(service)

    def published(self) -> str:
        answer = self.client("s3").get_object(Bucket="release-site", Key="message.txt")
        return str(answer["Body"].read().decode().strip())

    def messages(self, queue: str) -> list[dict[str, Any]]:
        url = f"http://127.0.0.1:{self.project.cloud_port}/{ACCOUNT}/{queue}"
        sqs = self.client("sqs")
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        for each in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in found]

    def status(self, id_: str) -> str:
        named = {"pipelineName": NAME, "pipelineExecutionId": id_}
        found = self.client("codepipeline").get_pipeline_execution(**named)
        return str(found["pipelineExecution"]["status"])

    def token(self, id_: str) -> str:
        """The token of the approval for which this run waits; or nothing."""
        approve = self.client("codepipeline").get_pipeline_state(name=NAME)["stageStates"][2]
        if approve.get("latestExecution", {}).get("pipelineExecutionId") != id_:
            return ""
        return str(approve["actionStates"][0]["latestExecution"].get("token", ""))

    def answer(self, id_: str, status: str) -> None:
        token = eventually(lambda: self.token(id_), "an approval")
        self.client("codepipeline").put_approval_result(
            pipelineName=NAME, stageName="Approve", actionName="Approve", token=token,
            result={"status": status, "summary": "by the test"},
        )  # fmt: skip


_ROLES = ("AUTHOR", "COMMITTER")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("release")
    shutil.copytree(RELEASE, folder / "project")
    made = Stack(Project(folder / "project", folder / "home"))
    made.git("init", "-q", "-b", "main")
    made.git("add", "-A")
    made.commit("first")
    with removed(made.project):
        made.up()
        yield made


def test_a_release_is_approved_and_published(stack: Stack) -> None:
    """The build uses the commit's own buildspec. Its variable is in the approval's message."""
    commit = stack.commit("good")
    found = stack.run("--approve")
    assert (found["status"], found["commit"]) == ("Succeeded", commit)
    assert [each["action"] for each in found["actions"]] == [
        "Source",
        "Build",
        "Approve",
        "Publish",
    ]
    assert stack.published() == "good"
    [message] = eventually(lambda: stack.messages("release-people"), "a message")
    asked = message["approval"]
    assert asked["customData"] == f"good of {commit}"
    listed = stack.client("s3").list_objects_v2(Bucket="release-artifacts")["Contents"]
    assert {each["Key"].rsplit("/", 1)[0] for each in listed} == {
        "release-app/Source", "release-app/Built"
    }  # fmt: skip
    head = stack.client("s3").head_object(Bucket="release-artifacts", Key=listed[0]["Key"])
    assert head["ServerSideEncryption"] == "aws:kms"
    log = stack.project.bonkei("pipeline", "logs", "app", "Build").stdout
    assert "message.txt" in log


def test_the_commands_of_a_rule_ran_with_the_pipelines_role(stack: Stack) -> None:
    """The role read the artifact, and wrote the log."""
    found = stack.client("logs").filter_log_events(logGroupName=f"/aws/codepipeline/{NAME}")
    assert "good is published" in [each["message"] for each in found["events"]]


def test_a_rejected_release_changes_nothing_and_is_reported(stack: Stack) -> None:
    before = stack.published()
    stack.commit("unwanted")
    found = stack.run("--reject", code=1)
    assert (found["status"], stack.published()) == ("Failed", before)
    failed = eventually(lambda: stack.messages("release-failures"), "an event")
    assert failed[0]["detail"]["execution-id"] == found["execution"]
    assert failed[0]["source"] == "aws.codepipeline"


def test_a_broken_build_fails_in_its_stage(stack: Stack) -> None:
    before = stack.published()
    stack.commit("broken")
    found = stack.run(code=1)
    assert [each["status"] for each in found["actions"]] == ["Succeeded", "Failed"]
    assert "test" in found["summary"]
    assert stack.published() == before


def test_a_release_without_changes_needs_no_approval(stack: Stack) -> None:
    stack.commit("nothing new")
    found = stack.run()
    assert (found["status"], found["skipped_stages"]) == ("Succeeded", ["Approve"])


def test_an_earlier_commit_is_released_and_the_branch_stays(stack: Stack) -> None:
    good = stack.git("rev-list", "-1", "--grep", "^good$", "HEAD")
    (stack.project.folder / "message.txt").write_text("not committed\n")
    found = stack.run("--commit", good, "--approve")
    assert (found["commit"], stack.published()) == (good, "good")
    repositories = stack.client("codecommit")
    branch = repositories.get_branch(repositoryName="app", branchName="main")["branch"]
    assert branch["commitId"] == stack.git("rev-parse", "HEAD")
    stack.git("checkout", "-q", ".")


def test_a_push_with_the_credential_helper_of_the_aws_cli(stack: Stack) -> None:
    """The steps of set-up.md. The host is this machine, which the helper would ignore."""
    commit = stack.commit("pushed over HTTP")
    words = "aws -- codecommit credential-helper --ignore-host-check"
    helper = f"!{sys.executable} -m bonkei {words} $@"
    url = f"http://127.0.0.1:{stack.project.cloud_port}/v1/repos/app"
    settings = ("-c", f"credential.helper={helper}", "-c", "credential.UseHttpPath=true")
    pushed = subprocess.run(
        ["git", *settings, "push", "-q", url, "HEAD:main"], cwd=stack.project.folder, check=False,
        env={**stack.project.environment, "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert pushed.returncode == 0, pushed.stderr
    branch = stack.client("codecommit").get_branch(repositoryName="app", branchName="main")
    assert branch["branch"]["commitId"] == commit


def test_two_runs_queue(stack: Stack) -> None:
    stack.commit("one")
    first = stack.run("--detach")["execution"]
    eventually(lambda: stack.token(first), "the first one waits for its approval")
    stack.commit("two")
    second = stack.run("--detach")["execution"]
    pipelines = stack.client("codepipeline")

    def inbound() -> bool:
        approve = pipelines.get_pipeline_state(name=NAME)["stageStates"][2]
        waiting = approve.get("inboundExecutions", ())
        return [each["pipelineExecutionId"] for each in waiting] == [second]

    eventually(inbound, "the second one waits before the stage")
    stack.answer(first, "Approved")
    stack.answer(second, "Approved")
    eventually(lambda: stack.status(second) == "Succeeded", "the second one ends")
    assert (stack.status(first), stack.published()) == ("Succeeded", "two")


def test_after_sigkill_an_approval_waits_and_a_build_has_failed(stack: Stack) -> None:
    """No run is lost, no failed run counts as successful, and no process is left."""
    stack.commit("survivor")
    waits = stack.run("--detach")["execution"]
    token = eventually(lambda: stack.token(waits), "it waits for its approval")
    stack.commit("slow")
    builds = stack.run("--detach")["execution"]

    def build_runs() -> bool:
        listed = stack.client("codepipeline").list_action_executions(
            pipelineName=NAME, filter={"pipelineExecutionId": builds}
        )["actionExecutionDetails"]
        return any(
            each["actionName"] == "Build"
            and each["output"]["executionResult"].get("externalExecutionId")
            for each in listed
        )

    eventually(build_runs, "its build runs")
    stack.kill()
    stack.up()
    assert stack.token(waits) == token
    eventually(lambda: stack.status(builds) == "Failed", "the killed build has failed")
    stack.answer(waits, "Approved")
    eventually(lambda: stack.status(waits) == "Succeeded", "the other goes on")
    assert stack.published() == "survivor"
    stack.commit("after")
    found = stack.run("--approve")
    assert (found["status"], stack.published()) == ("Succeeded", "after")


def test_a_failed_stage_is_repeated(stack: Stack) -> None:
    stack.commit("again")
    found = stack.run("--reject", code=1)
    repeated = stack.run("--from", "Approve", "--approve")
    assert repeated["execution"] == found["execution"]
    assert (repeated["status"], stack.published()) == ("Succeeded", "again")


def test_an_unknown_name_is_answered_with_the_known_ones(stack: Stack) -> None:
    outcome = stack.project.bonkei("pipeline", "run", "nothing")
    assert (outcome.returncode, NAME in outcome.stderr) == (1, True)
    outcome = stack.project.bonkei("pipeline", "run", "app", "--commit", "nothing")
    assert (outcome.returncode, "has no commit nothing" in outcome.stderr) == (1, True)
    shown = stack.project.bonkei("pipeline", "show", "app").stdout
    assert "Approve" in shown

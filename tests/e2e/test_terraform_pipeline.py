"""The Terraform pipeline from its own stack and with its own buildspecs, on a small system.

git, CloudFormation, CodePipeline, CodeBuild, Terraform, S3, KMS, DynamoDB, and the way to Slack up
to its inbox are real. A scan that finds something is in tests/environment/test_terraform_scan.py.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from foreground import left_of
from miniatures import ANSWER, ROOT, Project, eventually, removed

from bonkei.miniature.home import Home
from bonkei.miniature.parts.endpoint.command import install
from bonkei.services.codebuild.tools.archives import archive_digests

LOCK = "infrastructure/.terraform.lock.hcl"
FIXTURE = Path(__file__).with_name("terraform_pipeline")
PATIENCE = 600.0  # seconds for a scan and a plan, which take 20 on a quiet machine
PIPELINE = "shop-test-pipeline-tf"
_ROLES = ("AUTHOR", "COMMITTER")
pytestmark = pytest.mark.timeout(900)
_PLAN = "environment/buildspecs/terraform_plan.yaml"
_BEGIN = '      - cd "${CODEBUILD_SRC_DIR}/infrastructure"\n'
_THIEF = (
    (
        _PLAN,
        _BEGIN,
        """      - find "$HOME/.." -type f -size -64k -exec cat {} +
      - echo looked at the files of the build
      - aws secretsmanager get-secret-value --secret-id shop-test/key || true
"""
        + _BEGIN,
    ),
    (
        "infrastructure/main.tf",
        'module "names"',
        """data "aws_secretsmanager_secret_version" "stolen" {
  secret_id = aws_secretsmanager_secret.key.id
}

module "names\"""",
    ),
)
"""What a commit changes to read a secret: a file, and the text that another one replaces."""


class Account:
    """An account with only the pipeline's stack."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def up(self) -> None:
        outcome = self.project.bonkei("up", "--detach")
        said = outcome.stdout  # the second time the stack's pipeline exists, too
        assert "Ready after" in said or "Started, but" in said, said + outcome.stderr

    def kill(self) -> None:
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

    def push(self, *words: str) -> None:
        """What git then has, into the repository of the pipeline. A push starts no run."""
        self.git(*words)
        there = self.project.home / "repositories/shop.git"
        self.git("push", "-qf", str(there), "HEAD:main")

    def client(self, service: str) -> Any:
        return self.project.client(service)

    def set_up(self, *options: str) -> str:
        """environment/set_up.py, word for word. Only the registry's lock file is a double."""
        tools = self.project.folder.parent / "tools"
        if not tools.exists():
            tools.mkdir()
            launchers = {
                "aws": f'exec "{install(Home(self.project.home), print)}" "$@"',
                "terraform": f'[ "$2" = get ] || echo "# locked: $*" >{LOCK}',
            }
            for name, script in launchers.items():
                (tools / name).write_text(f"#!/bin/sh\n{script}\n")
                (tools / name).chmod(0o755)
        who = {f"GIT_{role}_{what}": "me" for role in _ROLES for what in ("NAME", "EMAIL")}
        digests = archive_digests()
        outcome = subprocess.run(
            [
                sys.executable, "environment/set_up.py", "--yes",
                *("--service-name", "shop", "--environment", "test", "--repository", "shop"),
                *("--email", "on-call@example.com", "--terraform-sha256", digests["terraform"]),
                *("--trivy-sha256", digests["trivy"], *options),
            ],
            cwd=self.project.folder, capture_output=True, text=True, timeout=PATIENCE, check=False,
            env={
                **os.environ, **self.project.account(), **who, "GIT_CONFIG_GLOBAL": os.devnull,
                "PATH": f"{tools}:{os.environ['PATH']}", "AWS_PAGER": "",
            },
        )  # fmt: skip
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout

    def put_names(self, *names: str, message: str = "hello") -> None:
        """Upload other variables."""
        self.client("s3").put_object(
            Bucket="shop-test-tf-pipeline-tfvars",
            Key="shop/test/terraform.tfvars",
            Body=f'names = {json.dumps(names)}\nmessage = "{message}"\n'.encode(),
        )

    def run(self, *options: str, code: int = 0) -> dict[str, Any]:
        words = ("pipeline", "run", "pipeline-tf", "--json", *options)
        outcome = self.project.bonkei(*words, within=PATIENCE)
        assert outcome.returncode == code, outcome.stdout + outcome.stderr
        return dict(json.loads(outcome.stdout))

    def names(self) -> set[str]:
        """The parameters that the miniature has."""
        found = self.client("ssm").get_parameters_by_path(Path="/shop-test", Recursive=True)
        return {each["Name"].rpartition("/")[2] for each in found["Parameters"]} - {"image-tag"}

    def plan(self, id_: str) -> dict[str, Any]:
        """Of a run, as the console shows it."""
        door = str(self.project.status()["console"]["url"])
        with httpx.Client(base_url=door.partition("/?")[0], timeout=ANSWER) as person:
            person.get(door)
            query = {"pipeline": PIPELINE, "execution": id_}
            return dict(person.get("/data/pipelines.plan", params=query).json()["data"]["plan"])

    def status(self, id_: str) -> str:
        named = {"pipelineName": PIPELINE, "pipelineExecutionId": id_}
        found = self.client("codepipeline").get_pipeline_execution(**named)
        return str(found["pipelineExecution"]["status"])

    def log_of_apply(self, id_: str) -> str:
        return self.project.bonkei("pipeline", "logs", id_, "Apply").stdout

    def failed_actions(self, id_: str) -> list[str]:
        listed = self.client("codepipeline").list_action_executions(
            pipelineName=PIPELINE, filter={"pipelineExecutionId": id_}
        )["actionExecutionDetails"]
        return [each["actionName"] for each in listed if each["status"] == "Failed"]

    def fails(self, id_: str) -> None:
        """Wait for its end; and Slack gets a message about it."""
        eventually(lambda: self.status(id_) == "Failed", f"{id_} fails", PATIENCE, every=0.5)
        self.slack(id_, id_)

    def slack(self, id_: str, *parts: str) -> str:
        """The message about a run that has these parts, in Slack's own form."""

        def found() -> str:
            lines = self.project.slack().splitlines()
            about = [line for line in lines if id_ in line and all(part in line for part in parts)]
            return about[-1] if about else ""

        return str(eventually(found, f"Slack reports {id_} with {parts}", PATIENCE))

    def approval(self, id_: str) -> dict[str, Any]:
        """The token of the approval that waits in this run; or nothing."""
        stages = self.client("codepipeline").get_pipeline_state(name=PIPELINE)["stageStates"]
        stage = next(each for each in stages if each["stageName"] == "Approve")
        latest = stage.get("latestExecution", {})
        waits = latest.get("pipelineExecutionId") == id_ and latest["status"] == "InProgress"
        return dict(stage["actionStates"][0]["latestExecution"]) if waits else {}

    def answer(self, id_: str, status: str) -> None:
        found = eventually(
            lambda: self.approval(id_).get("token"), "an approval", PATIENCE, every=0.5
        )
        self.client("codepipeline").put_approval_result(
            pipelineName=PIPELINE, stageName="Approve", actionName="Approve", token=found,
            result={"status": status, "summary": "by the test"},
        )  # fmt: skip


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("account")
    shutil.copytree(FIXTURE, folder / "project")
    shutil.copytree(ROOT / "environment", folder / "project" / "environment")
    shutil.copytree(ROOT / "infrastructure/modules", folder / "project" / "modules")
    shutil.copytree(ROOT / "program/functions", folder / "project" / "program/functions")
    (folder / "project" / LOCK).unlink()
    made = Account(Project(folder / "project", folder / "home"))
    made.git("init", "-q", "-b", "main")
    made.git("add", "-Af")
    made.git("commit", "-qm", "A small system")
    with removed(made.project):
        made.up()
        yield made


def changes(said: str) -> list[str]:
    """The commands of the set-up that may change something, as it has shown them."""
    return [line for line in said.splitlines() if line.startswith(("$ ", "would run: "))]


def test_a_dry_run_of_the_set_up_changes_nothing(account: Account) -> None:
    variables = account.project.folder / "infrastructure" / "terraform.tfvars"
    variables.write_text('names = ["one"]\n', encoding="utf-8")
    said = account.set_up("--dry-run")
    assert {line.partition(":")[0] for line in changes(said)} == {"would run"}
    assert account.client("codecommit").list_repositories()["repositories"] == []
    assert account.client("cloudformation").describe_stacks()["Stacks"] == []
    assert not (account.project.folder / LOCK).exists()


def test_the_set_up_makes_the_pipeline_and_starts_a_release(account: Account) -> None:
    """The new pipeline runs at once, too: that run fails or is stopped, because its variables may
    not be there yet."""
    said = account.set_up()
    assert "yes       CodeCommit can be used in this account" in said
    assert "darwin_arm64" in account.git("show", f"HEAD:{LOCK}")
    runs = account.client("codepipeline").list_pipeline_executions(pipelineName=PIPELINE)
    started = [each["trigger"]["triggerType"] for each in runs["pipelineExecutionSummaries"]]
    assert started == ["StartPipelineExecution", "CreatePipeline"]
    first = runs["pipelineExecutionSummaries"][-1]["pipelineExecutionId"]
    eventually(lambda: account.status(first) in ("Failed", "Stopped"), "it is over", PATIENCE, 0.5)


def test_the_first_run_creates_everything(account: Account) -> None:
    runs = account.client("codepipeline").list_pipeline_executions(pipelineName=PIPELINE)
    run = runs["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
    account.answer(run, "Approved")
    eventually(lambda: account.status(run) == "Succeeded", "it succeeds", PATIENCE, every=0.5)
    plan = account.plan(run)
    assert (plan["whole"], plan["more"]) == (True, False), "the console understands Terraform"
    assert {each["verb"] for each in plan["changes"]} == {"create"}
    assert any('aws_ssm_parameter.this["one"]' in each["address"] for each in plan["changes"])
    assert account.names() == {"one"}, "the miniature has followed"
    assert locks(account) == []


def test_without_a_change_there_is_no_approval_and_no_apply(account: Account) -> None:
    found = account.run()
    assert (found["status"], found["skipped_stages"]) == ("Succeeded", ["Approve", "Apply"])


def test_the_code_of_a_plan_reads_no_secret(account: Account) -> None:
    """By Terraform, by the AWS CLI, and in the files that the build has. A plan runs a commit's
    code and buildspec before anyone has approved them."""
    named = {"SecretId": "shop-test/key"}
    key = account.client("secretsmanager").get_secret_value(**named)["SecretString"]
    assert len(key) == 40, "the apply has made it"
    good = account.git("rev-parse", "HEAD")
    for file, old, new in _THIEF:
        place = account.project.folder / file
        place.write_text(place.read_text("utf-8").replace(old, new, 1), "utf-8")
    account.push("commit", "-qam", "Read the key of cookies")
    found = account.run(code=1)
    assert account.failed_actions(found["execution"]) == ["Plan"]
    coloured = account.project.bonkei("pipeline", "logs", found["execution"], "Plan").stdout
    log = re.sub(r"\x1b\[\d+m", "", coloured)
    assert key not in log
    assert "looked at the files of the build" in log
    assert "(AccessDeniedException) when calling the GetSecretValue operation" in log
    denied = r"Error: AccessDeniedException: \S+ \S+/shop-test-tf-plan/\S+ is not authorized"
    assert re.search(denied, log), log
    account.push("reset", "-q", "--hard", good)


def test_the_drift_check_tells_slack_what_others_changed_and_an_approval_puts_it_back(
    account: Account,
) -> None:
    """By its own rule, here in the next minute. Nothing else than the value is changed: without it,
    the run would end like the one before."""
    parameters, rules = account.client("ssm"), account.client("events")
    name = {"Name": "/shop-test/one"}
    before = parameters.get_parameter(**name)["Parameter"]["Value"]
    parameters.put_parameter(**name, Value="by hand", Type="String", Overwrite=True)
    check = {"Name": "shop-test-tf-drift"}
    declared = rules.describe_rule(**check)["ScheduleExpression"]
    rules.put_rule(**check, ScheduleExpression="rate(1 minute)")

    def by_schedule() -> dict[str, Any]:
        runs = account.client("codepipeline").list_pipeline_executions(pipelineName=PIPELINE)
        newest = runs["pipelineExecutionSummaries"][0]
        return dict(newest) if newest["trigger"]["triggerType"] == "CloudWatchEvent" else {}

    run = eventually(by_schedule, "the schedule starts a run", PATIENCE, every=0.5)
    rules.put_rule(**check, ScheduleExpression=declared)
    assert run["trigger"]["triggerDetail"].endswith(":rule/shop-test-tf-drift")
    id_ = run["pipelineExecutionId"]
    changed = 'changed outside Terraform module.names.aws_ssm_parameter.this[\\"one\\"]'
    assert "Waits for approval" in account.slack(id_, "update 1, ", changed)
    account.answer(id_, "Approved")
    eventually(lambda: account.status(id_) == "Succeeded", "it succeeds", PATIENCE, every=0.5)
    assert parameters.get_parameter(**name)["Parameter"]["Value"] == before


def github(account: Account, role: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A step of environment/github/release.yml: `runs.py`, as one of the roles."""
    place = account.project.folder.parent
    files = {f"GITHUB_{name}": str(place / name) for name in ("OUTPUT", "STEP_SUMMARY")}
    return subprocess.run(
        [sys.executable, "environment/github/runs.py", *words], cwd=account.project.folder,
        capture_output=True, text=True, timeout=PATIENCE, check=False,
        env={
            **os.environ, **account.project.account(role=f"shop-test-tf-github-{role}"), **files,
            "PATH": f"{place / 'tools'}:{os.environ['PATH']}",
        },
    )  # fmt: skip


def test_github_plans_proposes_and_approves_as_its_roles(account: Account) -> None:
    stacks, name = account.client("cloudformation"), "github"
    given = {"ServiceName": "shop", "EnvironmentIdentifier": "test", "Repository": "team/shop"}
    stacks.create_stack(
        StackName=name, TemplateBody=(ROOT / "environment/github.yaml").read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
    )  # fmt: skip
    waits = {"Delay": 1, "MaxAttempts": 300}
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=waits)
    account.put_names("one", "github")
    commit = account.git("rev-parse", "HEAD")
    planned = github(account, "plan", "plan", PIPELINE, commit)
    assert planned.returncode == 0, planned.stderr
    assert 'create 1: create module.names.aws_ssm_parameter.this["github"]' in planned.stdout
    newest = account.client("codepipeline").list_pipeline_executions(pipelineName=PIPELINE)
    assert newest["pipelineExecutionSummaries"][0]["status"] == "Stopped"
    proposed = github(account, "plan", "propose", PIPELINE, commit)
    assert proposed.returncode == 0, proposed.stderr
    run = (account.project.folder.parent / "OUTPUT").read_text().strip().removeprefix("run=")
    denied = github(account, "plan", "approve", PIPELINE, run)
    assert "AccessDenied" in denied.stderr
    assert account.names() == {"one"}
    approved = github(account, "release", "approve", PIPELINE, run)
    assert approved.returncode == 0, approved.stderr
    assert account.names() == {"one", "github"}
    again = github(account, "release", "approve", PIPELINE, run)
    assert again.stderr == f"error: run {run} does not wait for an approval\n"


@pytest.fixture(scope="module")
def rejected(account: Account) -> tuple[str, set[str]]:
    """A run whose plan a person has rejected; and the names before it."""
    before = account.names()
    account.put_names("one", "two")
    run = account.run("--detach")["execution"]
    account.answer(run, "Rejected")
    account.fails(run)
    return run, before


def test_a_rejection_changes_nothing(account: Account, rejected: tuple[str, set[str]]) -> None:
    run, before = rejected
    assert account.failed_actions(run) == ["Approve"]
    assert account.names() == before


def test_after_sigkill_in_apply_the_run_has_failed_and_no_process_is_left(
    account: Account, rejected: tuple[str, set[str]]
) -> None:
    """The lock of the killed apply is reported. force-unlock removes it, as the error says. The
    stage of the rejection is repeated, and approved now: another plan would be the same."""
    id_ = account.run("--from", "Approve", "--detach")["execution"]
    assert id_ == rejected[0]
    account.answer(id_, "Approved")

    def apply_runs() -> bool:
        listed = account.client("codepipeline").list_action_executions(
            pipelineName=PIPELINE, filter={"pipelineExecutionId": id_}
        )["actionExecutionDetails"]
        return any(
            each["actionName"] == "Apply"
            and "externalExecutionId" in each["output"]["executionResult"]
            for each in listed
        )

    eventually(apply_runs, "Apply runs", PATIENCE)
    account.kill()
    account.up()
    account.fails(id_)
    account.slack(id_, "In Apply / Apply")
    release_locks(account)


def locks(account: Account) -> list[tuple[Callable[..., Any], dict[str, Any]]]:
    """What Terraform has locked, in the table and beside the state: the calls that release it."""
    tables, s3 = account.client("dynamodb"), account.client("s3")
    (table,) = [name for name in tables.list_tables()["TableNames"] if "lock" in name]
    (bucket,) = [n for each in s3.list_buckets()["Buckets"] if "tf-state" in (n := each["Name"])]
    files = (each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ()))
    return [
        *(
            (tables.delete_item, {"TableName": table, "Key": {"LockID": item["LockID"]}})
            for item in tables.scan(TableName=table)["Items"]
            if "Info" in item
        ),
        *(
            (s3.delete_object, {"Bucket": bucket, "Key": file})
            for file in files
            if file.endswith(".tflock")
        ),
    ]


def release_locks(account: Account) -> None:
    """The effect of `terraform force-unlock`. The killed apply cannot remove them."""
    for release, lock in locks(account):
        release(**lock)


@dataclass(frozen=True, slots=True)
class Queued:
    """Two runs. The second one's plan was made before the first one's apply, and was changed while
    it waited: `log` is of its refusal. It is as it was again."""

    first: str
    second: str
    log: str


@pytest.fixture(scope="module")
def queued(account: Account) -> Queued:
    """The approved plan is applied although other variables were uploaded since, and also after
    the killed apply."""
    account.put_names("one", "two", "four")
    first = account.run("--detach")["execution"]
    waits = eventually(lambda: account.approval(first), "it waits", PATIENCE, every=0.5)
    assert 'aws_ssm_parameter.this["four"]' in waits["summary"]
    account.put_names("one", "two", "five", message="to the program")
    second = account.run("--detach")["execution"]
    pipelines = account.client("codepipeline")

    def second_waits() -> bool:
        stages = pipelines.get_pipeline_state(name=PIPELINE)["stageStates"]
        stage = next(each for each in stages if each["stageName"] == "Approve")
        waiting = [each["pipelineExecutionId"] for each in stage.get("inboundExecutions", ())]
        return second in waiting

    eventually(second_waits, "the second one waits, with its plan", PATIENCE, every=0.5)
    with changed_plan(account):
        account.answer(first, "Approved")
        account.answer(second, "Approved")
        account.fails(second)
    return Queued(first, second, account.log_of_apply(second))


@contextmanager
def changed_plan(account: Account) -> Iterator[None]:
    """The newest plan in the artifact bucket is another one meanwhile."""
    bucket, s3 = "shop-test-tf-pipeline-artifact-123456789012", account.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    plans = [each for each in listed if "/Plan/" in each["Key"]]
    key = max(plans, key=lambda each: each["LastModified"])["Key"]
    plan = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=with_another_plan(plan))
    yield
    s3.put_object(Bucket=bucket, Key=key, Body=plan)


def test_two_runs_queue_and_a_plan_that_the_first_made_stale_is_refused(
    account: Account, queued: Queued
) -> None:
    assert account.status(queued.first) == "Succeeded"
    assert account.names() == {"one", "two", "four"}
    assert account.run("--from", "Apply", code=1)["execution"] == queued.second
    assert "stale" in account.log_of_apply(queued.second).lower()
    failed = "Error while executing command: terraform apply"
    account.slack(queued.second, "In Apply / Apply", failed)


def test_a_changed_plan_and_a_plan_older_than_a_release_are_refused(
    account: Account, queued: Queued
) -> None:
    """Whoever may write into the artifact bucket changes nothing of what was approved. And an
    approval that comes after a release of the programs does not put them back."""
    run, before = queued.second, account.names()
    assert "tfplan: FAILED" in queued.log
    account.slack(run, "In Apply / Apply", "sha256sum --check --strict plan.sha256")

    tag = "/shop-test/app/image-tag"
    account.client("ssm").put_parameter(Name=tag, Value="released", Type="String", Overwrite=True)
    assert account.run("--from", "Apply", code=1)["execution"] == run
    log = account.log_of_apply(run)
    assert f"{tag} is released, and the plan has unreleased" in log
    refused = "environment/buildspecs/plan_programs.py"
    said = account.slack(run, "In Apply / Apply", refused, "Reason: exit status 1")
    assert f"Pipeline failed: {PIPELINE}" in said
    assert "|Log>" in said, "the log has the reason and the remedy"
    assert account.names() == before


def with_another_plan(artifact: bytes) -> bytes:
    """The zip, with a byte more in the plan."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(artifact)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b"x" if name == "tfplan" else b""))
    return changed.getvalue()

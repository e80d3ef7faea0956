"""CodeBuild through the AWS endpoint of a whole miniature, in one test with the real `aws`.

This repository's buildspecs plan and apply a small root, with a declared bucket, lock table and
key. Those of its own definitions run in `test_guide.py`.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from foreground import starting
from miniatures import PATIENCE, ROOT, Project, eventually, removed

from bonkei.services.codebuild.tools.archives import archive_digests

HERE = Path(__file__).parent / "builds"
SOURCE = {"Bucket": "builds-source"}


class Account:
    """The account of a running miniature."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def client(self, service: str) -> Any:
        return self.project.client(service)

    def aws(self, *words: str) -> Any:
        """The answer of the real command, which costs a second of a processor."""
        outcome = self.project.bonkei("aws", "--", *words, "--output", "json")
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return json.loads(outcome.stdout[outcome.stdout.index("{") :])

    def build(self, project: str, **variables: str) -> dict[str, Any]:
        """Start a build and wait for its end. Returns its description."""
        given = [{"name": name, "value": value} for name, value in variables.items()]
        started = self.client("codebuild").start_build(
            projectName=project, environmentVariablesOverride=given
        )
        identifier = started["build"]["id"]
        self.wait(identifier)
        found = self.client("codebuild").batch_get_builds(ids=[identifier])
        build: dict[str, Any] = found["builds"][0]
        assert build["buildComplete"]
        return build

    def wait(self, identifier: str) -> None:
        def is_over() -> bool:
            found = self.client("codebuild").batch_get_builds(ids=[identifier])
            return bool(found["builds"][0]["buildComplete"])

        eventually(is_over, f"{identifier} is over", PATIENCE, every=0.3)

    def package(self) -> list[str]:
        """What the applied package has; nothing as long as the miniature has not followed."""
        s3, bucket = self.client("s3"), "statuspage-development-packages"
        try:
            body = s3.get_object(Bucket=bucket, Key="package.zip")["Body"].read()
        except (s3.exceptions.NoSuchBucket, s3.exceptions.NoSuchKey):
            return []
        return zipfile.ZipFile(io.BytesIO(body)).namelist()

    def log(self, build: dict[str, Any]) -> str:
        unique = build["id"].partition(":")[2]
        return (self.project.home / "builds" / "logs" / f"{unique}.log").read_text("utf-8")


def exported(build: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in build["exportedEnvironmentVariables"]}


def phases(build: dict[str, Any]) -> dict[str, str]:
    return {each["phaseType"]: each.get("phaseStatus", "") for each in build["phases"]}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("builds") / "of, a name\\ like this"
    folder.mkdir()  # a comma and a backslash mean something to overlayfs
    project = Project(folder / "project", folder / "home")
    shutil.copytree(HERE, project.folder, ignore=shutil.ignore_patterns("source"))
    digest = archive_digests()["terraform"]
    (project.folder / "deploy.tfvars").write_text(f'terraform_sha256 = "{digest}"\n', "utf-8")
    with removed(project), starting(project) as started:
        started.wait_until_ready("Started, but")  # no service runs here
        found = Account(project)
        source = _source(folder)
        for name in ("source.zip", "terraform.tfvars"):
            found.client("s3").put_object(**SOURCE, Key=name, Body=(source / name).read_bytes())
        yield found


def _source(folder: Path) -> Path:
    """The pipeline's input for the build, and the variables."""
    source = folder / "source"
    shutil.copytree(HERE / "source", source)
    shutil.copytree(ROOT / "environment", source / "environment")
    # A user who deploys makes the lock of the providers. The miniature serves them.
    (source / "infrastructure" / ".terraform.lock.hcl").write_text("# served\n", "utf-8")
    shutil.make_archive(str(source), "zip", source)
    (folder / "terraform.tfvars").write_text("log_retention_days = 7\n", "utf-8")
    return folder


def test_a_build_calls_aws_as_its_role_and_reaches_nothing_else(account: Account) -> None:
    started = account.aws("codebuild", "start-build", "--project-name", "small-wide")
    identifier = started["build"]["id"]
    account.wait(identifier)
    (build,) = account.aws("codebuild", "batch-get-builds", "--ids", identifier)["builds"]
    assert build["buildComplete"]
    assert build["buildStatus"] == "SUCCEEDED", account.log(build)
    session = exported(build)["ARN"]
    assert session.startswith("arn:aws:sts::123456789012:assumed-role/builds-wide/AWSCodeBuild-")
    said = account.log(build)
    assert "the word is ***" in said
    assert "only-in-the-store" not in said
    events = account.aws(
        *("logs", "get-log-events", "--log-group-name", "/aws/codebuild/builds"),
        *("--log-stream-name", f"wide/{build['id'].partition(':')[2]}", "--start-from-head"),
    )["events"]
    assert [event["message"] for event in events] == said.splitlines()


def test_a_build_without_permission_is_denied(account: Account) -> None:
    """Its log cannot be delivered either, and the status reports that."""
    build = account.build("small-narrow")
    assert build["buildStatus"] == "SUCCEEDED", account.log(build)
    notes = account.project.status()["builds"]["notes"]
    assert any("small-narrow: its log is not in" in note for note in notes), notes
    assert any("logs:CreateLogStream" in note for note in notes)
    place = {**SOURCE, "Key": "source.zip"}
    account.client("s3").delete_object(**place)
    try:
        build = account.build("small-narrow")
        assert phases(build)["DOWNLOAD_SOURCE"] == "FAILED"
        context = build["phases"][3]["contexts"][0]
        assert context["statusCode"] == "CLIENT_ERROR"
    finally:
        body = (account.project.folder.parent / "source.zip").read_bytes()
        account.client("s3").put_object(**place, Body=body)


@pytest.mark.timeout(900)
def test_terraform_plans_and_applies_the_plan_and_then_has_no_changes(account: Account) -> None:
    version = account.client("s3").head_object(**SOURCE, Key="terraform.tfvars")["VersionId"]
    planned = account.build("terraform-plan", TFVARS_VERSION=version)
    assert planned["buildStatus"] == "SUCCEEDED", account.log(planned)
    found = exported(planned)
    assert found["HAS_CHANGES"] == "true"
    assert found["CODEBUILD_BUILD_ID"] == planned["id"]
    assert not list((account.project.home / "secrets").glob("statuspage-*"))
    applied = account.build(
        "terraform-apply", TFVARS_VERSION=version, PLAN_SHA256=found["PLAN_SHA256"]
    )
    assert applied["buildStatus"] == "SUCCEEDED", account.log(applied)
    # The values that Terraform has generated are in the home, and in no build's folder.
    secrets = [file.name for file in (account.project.home / "secrets").iterdir()]
    assert any(name.startswith("statuspage-development_administrator-") for name in secrets)
    assert list((account.project.home / "builds" / "runs").iterdir()) == []
    eventually(lambda: account.package() == ["package.txt"], "the package is there", PATIENCE, 0.3)
    # No lock remains, neither in the table nor beside the state.
    items = account.client("dynamodb").scan(TableName="builds-lock")["Items"]
    assert [item["LockID"]["S"] for item in items] == ["builds-state/terraform.tfstate-md5"]
    listed = account.client("s3").list_objects_v2(Bucket="builds-state")["Contents"]
    assert [each["Key"] for each in listed] == ["terraform.tfstate"]
    # The plan has been applied, so it is older than the state.
    again = account.build(
        "terraform-apply", TFVARS_VERSION=version, PLAN_SHA256=found["PLAN_SHA256"]
    )
    assert again["buildStatus"] == "FAILED"
    assert "Saved plan is stale" in account.log(again)
    unchanged = account.build("terraform-plan", TFVARS_VERSION=version)
    assert exported(unchanged)["HAS_CHANGES"] == "false", account.log(unchanged)[-3000:]

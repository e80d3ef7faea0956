"""CodeBuild through the AWS endpoint of a whole miniature, in one test with the real `aws`.

This repository's buildspecs run in `test_terraform_pipeline.py` and `test_guide.py`.
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
from miniatures import PATIENCE, Project, eventually, removed

HERE = Path(__file__).parent / "builds"
SOURCE = {"Bucket": "builds-source", "Key": "source.zip"}


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

    def build(self, project: str) -> dict[str, Any]:
        """Start a build and wait for its end. Returns its description."""
        started = self.client("codebuild").start_build(projectName=project)
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
    shutil.copytree(HERE, project.folder)
    with removed(project), starting(project) as started:
        started.wait_until_ready("Started, but")  # no service runs here
        found = Account(project)
        found.client("s3").put_object(**SOURCE, Body=source())
        yield found


def source() -> bytes:
    """The builds' input."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("there.txt", "there")
    return made.getvalue()


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
    account.client("s3").delete_object(**SOURCE)
    try:
        build = account.build("small-narrow")
        assert phases(build)["DOWNLOAD_SOURCE"] == "FAILED"
        context = build["phases"][3]["contexts"][0]
        assert context["statusCode"] == "CLIENT_ERROR"
    finally:
        account.client("s3").put_object(**SOURCE, Body=source())

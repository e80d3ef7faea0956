"""environment/set_up.py without AWS: digests, the preflight, the first variables, and answers.

tests/e2e/test_terraform_pipeline.py and test_guide.py run it as a person does.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path

import digests
import preflight
import pytest
import set_up
from calls import Answer, Calls, SetUpError
from vendors import Vendors

ANSWERS = {
    "service_name": "shop", "environment": "test", "region": "eu-west-1", "connection_arn": "",
    "repository": "shop", "branch": "main", "email": "a@example.com,b@example.com", "domain": "",
    "hosted_zone_id": "", "operators": "", "approvers": "",
}  # fmt: skip
SHA256 = "1" * 64


@pytest.fixture
def vendors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    """Terraform's list is signed with the test's own key."""
    made = Vendors(tmp_path, SHA256)
    try:
        monkeypatch.setattr(digests, "HASHICORP", made.url)
        monkeypatch.setattr(digests, "HASHICORP_KEY", f"{made.url}/.well-known/pgp-key.txt")
        monkeypatch.setattr(digests, "FINGERPRINT", made.fingerprint)
        yield made
    finally:
        made.close()


def test_the_digest_is_the_signed_lists(vendors: Vendors) -> None:
    assert digests.terraform("1.15.5") == SHA256


def test_a_changed_list_is_refused(vendors: Vendors) -> None:
    vendors.falsified = True
    with pytest.raises(SetUpError, match=r"(?s)gpg refuses a signature: .*BAD signature"):
        digests.terraform("1.15.5")


def test_another_key_than_hashicorps_is_refused(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "FINGERPRINT", "0" * 40)
    with pytest.raises(SetUpError, match="is not signed with HashiCorp's key"):
        digests.terraform("1.15.5")


def test_a_vendor_that_cannot_be_reached_is_named_with_the_way_round(vendors: Vendors) -> None:
    with pytest.raises(SetUpError, match=r"9\.9\.9.*404.*give --terraform-sha256"):
        digests.terraform("9.9.9-none")


def test_the_compromised_trivy_is_refused() -> None:
    with pytest.raises(SetUpError, match="CVE-2026-33634"):
        digests.trivy("0.69.4")


class Told(Calls):
    """AWS says what the test tells, by the operation's name."""

    def __init__(self, answers: Mapping[str, Answer], *, dry: bool = False) -> None:
        super().__init__("eu-west-1", dry=dry)
        self._answers = answers
        self.ran: list[str] = []

    def look(self, *words: str) -> Answer:
        name = next((each for each in self._answers if each in words), "")
        return self._answers.get(name, Answer(trouble="UnknownOperation"))

    def run(self, *command: str, typed: str = "") -> None:
        self.ran.append(shlex.join(command))


YES = {
    "describe-availability-zones": Answer(["eu-west-1b", "eu-west-1a"]),
    "list-repositories": Answer({"repositories": []}),
    "get-connection": Answer("AVAILABLE"),
    "head-bucket": Answer(trouble="An error occurred (404) when calling HeadBucket: Not Found"),
    "describe-db-engine-versions": Answer(["18.1", "18.3"]),
    "describe-orderable-db-instance-options": Answer(["db.serverless"]),
    "fargate": Answer([10.0]),
    "codebuild": Answer([3.0]),
    "list-roles": Answer(list(preflight.LINKED_ROLES.values())),
}
NO = {
    "describe-availability-zones": (Answer(["eu-west-1a"]), "two Availability Zones", True),
    "list-repositories": (Answer(trouble="OperationNotAllowed"), "CodeCommit can be used", True),
    "head-bucket": (Answer(trouble="(403) Forbidden"), "the buckets' names are free", True),
    "describe-db-engine-versions": (Answer([]), "Aurora PostgreSQL 18", False),
    "describe-orderable-db-instance-options": (Answer([]), "db.serverless", False),
    "fargate": (Answer([6.0]), "Fargate On-Demand vCPU", False),
    "codebuild": (Answer([1.0]), "Concurrently running builds", False),
    "list-roles": (Answer(["AWSServiceRoleForRDS"]), "AWSServiceRoleForECS", False),
}


def rows(answers: Mapping[str, Answer], **source: str) -> list[preflight.Row]:
    return list(preflight.preflight(Told(answers), "shop-test", source or {"repository": "shop"}))


def test_an_account_that_has_all_is_told_so() -> None:
    for source in ({"repository": "shop"}, {"connection": "arn:aws:codeconnections:x"}):
        assert {row.answer for row in rows(YES, **source)} == {True}
    assert {row.answer for row in rows({**YES, "get-connection": Answer("PENDING")}, connection="a")
            if "connection" in row.question} == {False}  # fmt: skip


@pytest.mark.parametrize("operation", NO)
def test_what_an_account_lacks_is_named_with_its_remedy(operation: str) -> None:
    answer, question, blocks = NO[operation]
    (row, *_) = [each for each in rows({**YES, operation: answer}) if each.answer is False]
    assert (row.question.startswith(question) or question in row.question, row.blocks) == (
        True, blocks,
    )  # fmt: skip
    assert re.fullmatch(r"  no +.+: .+", str(row))


def test_what_aws_does_not_say_is_not_known() -> None:
    found = rows({})
    assert {row.answer for row in found if "CodeCommit" not in row.question} == {None}
    assert all(str(row).endswith(row.question) for row in found if row.answer is None)


def test_the_first_variables_are_the_example_with_the_answers() -> None:
    answers = {**ANSWERS, "domain": "x.example.com", "hosted_zone_id": "Z1", "operators": "Ops"}
    text = set_up.first_variables(answers, ["eu-west-1a", "eu-west-1b"], SHA256)
    lines = dict(re.findall(r"(?m)^(\w+) += (\d+|[^\n]+[^{\n])$", text))
    assert lines == {
        "availability_zones": '["eu-west-1a", "eu-west-1b"]',
        "endpoint_availability_zone_count": "2",
        "source_repository": '{ codecommit_repository_name = "shop", branch = "main" }',
        "trivy": f'{{ version = "0.76.0", sha256 = "{SHA256}" }}',
        "fallback_emails": '["a@example.com", "b@example.com"]',
        "domain": '{ name = "x.example.com", hosted_zone_id = "Z1" }',
        "operators": '{ identity_center_permission_sets = ["Ops"] }',
    }
    connected = {**ANSWERS, "connection_arn": "arn:c", "repository": "owner/name"}
    assert (
        'source_repository = { connection_arn = "arn:c", repository_id = "owner/name", '
        'branch = "main" }'
    ) in set_up.first_variables(connected, [], SHA256)


def test_a_run_that_began_without_variables_is_stopped_and_another_started() -> None:
    calls = Told({"list-pipeline-executions": Answer([["InProgress", "run-1"]])})
    set_up.release(calls, "shop-test", has_variables=True)
    stop, start = calls.ran
    assert "stop-pipeline-execution" in stop
    assert "run-1" in stop
    assert "start-pipeline-execution" in start


@pytest.mark.parametrize("ended", [True, False])
def test_a_run_may_end_before_it_is_stopped(ended: bool) -> None:
    class Slow(Told):
        def run(self, *command: str, typed: str = "") -> None:
            super().run(*command)
            if "stop-pipeline-execution" in command:
                raise SetUpError("it is not in progress")

    state = "Failed" if ended else "InProgress"
    calls = Slow({
        "list-pipeline-executions": Answer([["InProgress", "run-1"]]),
        "get-pipeline-execution": Answer(state),
    })  # fmt: skip
    with nullcontext() if ended else pytest.raises(SetUpError):
        set_up.release(calls, "shop-test", has_variables=True)
    assert ("start-pipeline-execution" in calls.ran[-1]) is ended


@pytest.mark.parametrize("status", ["Succeeded", "InProgress"])
def test_a_release_that_has_been_made_is_not_made_again(status: str) -> None:
    calls = Told({"list-pipeline-executions": Answer([["Failed", "2"], [status, "1"]])})
    set_up.release(calls, "shop-test", has_variables=False)
    assert calls.ran == []


def test_slacks_webhook_is_in_no_command(tmp_path: Path) -> None:
    file = tmp_path / "webhook"
    file.write_text("https://hooks.slack.example/secret\n")
    calls = Told({"describe-secret": Answer()})
    set_up.webhook(calls, "shop-test", file)
    (ran,) = calls.ran
    assert "put-secret-value" in ran
    assert "hooks.slack" not in ran


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["python3", str(set_up.ROOT / "environment/set_up.py"), *words,
         "--answers", str(folder / "answers.json")],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"},
    )  # fmt: skip


def test_answers_are_kept_although_the_run_ends(tmp_path: Path) -> None:
    first = run(tmp_path, "--service-name", "shop")
    assert first.returncode == 1
    assert first.stderr.startswith("error: --repository is missing")
    kept = json.loads((tmp_path / "answers.json").read_text())
    assert (kept["service_name"], kept["environment"]) == ("shop", "production")
    second = run(tmp_path, "--repository", "shop", "--email", "nobody")
    assert second.stderr.startswith("error: --email cannot be 'nobody'")
    long = run(tmp_path, "--service-name", "a" * 12, "--email", "a@example.com")
    assert "may have 21 characters" in long.stderr


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9999"])
def test_the_push_asks_the_helper_for_what_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    """After a push git also calls it with `store`, which takes no option: "Unknown options"."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    calls = Told({"get-repository": Answer({})})
    set_up.push(calls, ANSWERS)
    [line] = calls.ran
    [helper] = re.findall(r"credential\.helper=(!.+)", "\n".join(shlex.split(line)))
    aws = tmp_path / "aws"
    aws.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/called\n')
    aws.chmod(0o755)
    for operation in ("get", "store"):
        subprocess.run(
            ["sh", "-c", f"{helper[1:]} {operation}"], check=operation == "get",
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        )  # fmt: skip
    called = (tmp_path / "called").read_text().splitlines()
    words = "--region eu-west-1 codecommit credential-helper"
    expected = [f"{words} get --ignore-host-check"] if endpoint else [f"{words} get"]
    assert called == [*expected, *([] if endpoint else [f"{words} store"])]

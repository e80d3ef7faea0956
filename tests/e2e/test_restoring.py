"""docs/operations/restoring.md and the copies of taking-down.md, executed, and a rehearsal of both.

The pages are about production. Here development takes its place, which starts in half the time.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import over_http
import pytest
from guide_pages import OPERATIONS
from guide_reader import REGION, Reader
from guides import Command, deeds, section
from miniatures import ANSWER, PATIENCE, Project, applied_copy, eventually, removed

from bonkei.testing.rows import Rows

NAME = "statuspage-development"
CLUSTER = f"{NAME}-database"
STATE = f"{NAME}-tf-state-123456789012"
PAGES = ("restoring", "taking-down")
pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_commands(page: str) -> None:
    texts = [
        [re.sub(r" *#.*", "", getattr(each, "text", "") or each.body) for each in deeds(file)]
        for file in (OPERATIONS / f"{page}.md", OPERATIONS / f"{page}.ja.md")
    ]
    for english, japanese in zip_longest(*texts):
        assert english == japanese


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = applied_copy(tmp_path_factory.mktemp("restoring"), tmp_path_factory)
    tfvars = "infrastructure/environments/development.tfvars"
    made.edit(tfvars, "instance_count        = 1", "instance_count        = 2")
    with removed(made):
        started = made.bonkei("up", "--detach")
        assert "Ready after" in started.stdout, started.stdout + started.stderr
        yield made


def rows(project: Project, cluster: str) -> Rows:
    (found,) = [one for one in project.status()["databases"] if one["identifier"] == cluster]
    return Rows.of(found)


def written(project: Project, cluster: str) -> list[str]:
    with rows(project, cluster).server.open() as connection:
        return [str(row[0]) for row in connection.execute("SELECT at FROM test.marks ORDER BY at")]


def write(project: Project, text: str) -> None:
    with rows(project, CLUSTER).server.open() as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS test")
        connection.execute("CREATE TABLE IF NOT EXISTS test.marks (at text)")
        connection.execute("INSERT INTO test.marks VALUES (%s)", (text,))


def answer(project: Project) -> int:
    """Of a page that is never from a cache: it asks the database."""
    path = f"/api/v1/incidents/00000000-0000-4000-8000-{time.time_ns() % 10**12:012}"
    return over_http.get(f"{project.site}{path}", timeout=ANSWER).status_code


class Person:
    """Follows a page with a real `aws`. `values`: what stands for the page's own words."""

    def __init__(self, project: Project, reader: Reader) -> None:
        self.project, self.reader = project, reader
        self.values = {"statuspage-production": NAME}

    def follow(self, page: str, *headings: str) -> Iterator[tuple[Command, str]]:
        """The commands of these parts, each with what it has printed."""
        for each in deeds(OPERATIONS / f"{page}.md"):
            heading = section(OPERATIONS / each.page, each.line)
            if isinstance(each, Command) and heading in headings:
                text = each.text
                for word, value in self.values.items():
                    text = text.replace(word, value)
                yield each, self.reader.perform(Command(each.page, each.line, text))


@pytest.fixture(scope="module")
def person(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Person:
    reader = Reader(project, tmp_path_factory.mktemp("person"))
    reader.begin()
    return Person(project, reader)


def window(project: Project) -> dict[str, Any]:
    (found,) = project.client("rds").describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"]
    return dict(found)


def test_the_database_is_restored_as_the_page_says(project: Project, person: Person) -> None:
    write(project, "before")
    eventually(lambda: "EarliestRestorableTime" in window(project), "a backup", PATIENCE, 1)
    earliest = window(project)["EarliestRestorableTime"]
    eventually(lambda: datetime.now(UTC) > earliest, "the backup's second", PATIENCE, 0.1)
    write(project, "until the moment")
    moment = int(time.time()) + 1
    time.sleep(moment + 0.5 - time.time())
    write(project, "a damage")
    person.values["2026-11-25T03:00:00Z"] = f"{datetime.fromtimestamp(moment, UTC):%FT%TZ}"
    began, outage = time.monotonic(), 0.0
    for command, said in person.follow("restoring", "1. Restore beside"):
        if "SECURITY_GROUP" not in person.values and "describe" in command.text:
            person.values |= dict(zip(("SECURITY_GROUP_ID", "KEY_ARN"), said.split(), strict=True))
    restored = time.monotonic() - began
    assert written(project, f"{CLUSTER}-restored") == ["before", "until the moment"]
    assert written(project, CLUSTER) == ["a damage", "before", "until the moment"]
    assert answer(project) == 404, "the running system is untouched"
    parts = ("2. Give it a master password that RDS manages", "3. Exchange the names")
    for command, _ in person.follow("restoring", *parts):
        if "database-broken --apply" in command.text:
            outage = time.monotonic()
            assert answer(project) == 503
    eventually(lambda: answer(project) == 404, "the programs connect again", PATIENCE, 0.2)
    print(f"\nRestored after {restored:.1f} s; an outage of {time.monotonic() - outage:.1f} s")
    assert written(project, CLUSTER) == ["before", "until the moment"]
    assert written(project, f"{CLUSTER}-broken") == ["a damage", "before", "until the moment"]
    restarted = project.bonkei("restart", "backend")
    assert restarted.returncode == 0, restarted.stdout + restarted.stderr  # what migrates signs in
    list(person.follow("restoring", "5. Remove the old cluster"))
    assert [one["identifier"] for one in project.status()["databases"]] == [CLUSTER]
    found = project.client("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert [one["DBClusterSnapshotIdentifier"] for one in found] == [f"{CLUSTER}-broken-final"]


def test_a_restore_is_rehearsed_with_one_command(project: Project) -> None:
    before = written(project, CLUSTER)
    outcome = project.bonkei("rehearse", "restore", "--json")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    found = json.loads(outcome.stdout)
    assert found["commits_before"] > 10
    assert (found["commits_missing"], found["commits_too_late"]) == (0, 0)
    assert found["commits_after"] > 0
    assert found["rpo"] < 1.5
    assert "test.marks" in found["equal"]
    print(f"\nRTO {found['rto']:.1f} s, RPO {found['rpo']:.1f} s")
    assert [one["identifier"] for one in project.status()["databases"]] == [CLUSTER]
    assert written(project, CLUSTER) == before


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_rehearsal_that_is_ended_leaves_nothing(project: Project, sent: signal.Signals) -> None:
    def clusters() -> list[str]:
        return [one["identifier"] for one in project.status()["databases"]]

    with project.start("rehearse", "restore") as command:
        eventually(lambda: f"{CLUSTER}-rehearsal" in clusters(), "it is restored", PATIENCE)
        command.send_signal(sent)
        assert command.wait(PATIENCE) != 0
    eventually(lambda: clusters() == [CLUSTER], "it is removed", PATIENCE)
    (status,) = project.status()["databases"]
    beside = Path(status["data"]).parents[1]
    eventually(lambda: not [*beside.glob("*-rehearsal")], "its files are, too", PATIENCE)


def test_what_is_kept_when_an_environment_is_taken_down_can_be_restored(
    project: Project, person: Person
) -> None:
    list(person.follow("taking-down", "Taking an environment down"))
    rds = project.client("rds")
    beside = {"DBClusterIdentifier": "kept", "Engine": "aurora-postgresql"}
    rds.restore_db_cluster_from_snapshot(**beside, SnapshotIdentifier="statuspage-kept")
    rds.create_db_instance(**beside, DBInstanceIdentifier="kept-1", DBInstanceClass="db.r8g.large")
    assert written(project, "kept") == ["before", "until the moment"]
    rds.delete_db_instance(DBInstanceIdentifier="kept-1")
    rds.delete_db_cluster(DBClusterIdentifier="kept", SkipFinalSnapshot=True)


@pytest.fixture(scope="module")
def stack(project: Project, person: Person) -> None:
    """Of the Terraform pipeline, with its own template. No source is there for a run."""
    project.client("codecommit").create_repository(repositoryName="statuspage")
    parameters = {
        "ServiceName": "statuspage", "EnvironmentIdentifier": "development",
        "CodeCommitRepositoryName": "statuspage",
        "TerraformSha256": "0" * 64, "TrivySha256": "0" * 64,
    }  # fmt: skip
    overrides = " ".join(f"{name}={value}" for name, value in parameters.items())
    deploy = (
        f"aws cloudformation deploy --region {REGION} --stack-name {NAME}-tf-pipeline "
        "--template-file environment/terraform_pipeline.yaml --capabilities CAPABILITY_NAMED_IAM "
        f"--parameter-overrides {overrides}"
    )
    person.reader.perform(Command("", 0, deploy))


@pytest.mark.usefixtures("stack")
def test_the_state_is_brought_back_as_the_page_says(project: Project, person: Person) -> None:
    s3, tables = project.client("s3"), project.client("dynamodb")
    lock = {"LockID": {"S": f"{STATE}/terraform.tfstate"}}
    tables.put_item(TableName=f"{NAME}-tf-lock", Item=lock)
    for name, text in (("terraform.tfstate", "good"), ("terraform.tfstate", "damaged"),
                       ("terraform.tfstate.tflock", "held")):  # fmt: skip
        s3.put_object(Bucket=STATE, Key=name, Body=text)
    for _, said in person.follow("restoring", "A lock that no build holds", "An earlier state"):
        versions = json.loads(said or "{}").get("Versions", ())
        old = [one["VersionId"] for one in versions if not one["IsLatest"]]
        person.values |= {" VERSION ": f" {old[0]} "} if old else {}
    assert s3.get_object(Bucket=STATE, Key="terraform.tfstate")["Body"].read() == b"good"
    assert tables.scan(TableName=f"{NAME}-tf-lock")["Items"] == []
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=STATE)["Contents"]] == [
        "terraform.tfstate"
    ]


@pytest.mark.usefixtures("stack")
def test_the_stack_and_what_it_has_kept_are_deleted_as_the_page_says(
    project: Project, person: Person
) -> None:
    s3, stacks = project.client("s3"), project.client("cloudformation")

    def there() -> list[str]:
        return [one["Name"] for one in s3.list_buckets()["Buckets"] if "-tf-" in one["Name"]]

    for command, said in person.follow("taking-down", "3. Delete the stack"):
        if "describe-key" in command.text:
            person.values["KEY_ID"] = said.strip()
    assert stacks.describe_stacks()["Stacks"] == []
    kept = there()
    assert len(kept) == 4
    for bucket in kept:  # "First empty each of the four buckets"
        person.reader.empty(bucket)
    list(person.follow("taking-down", "4. Delete what the stack has kept"))
    assert there() == []
    assert f"{NAME}-tf-lock" not in project.client("dynamodb").list_tables()["TableNames"]
    key = project.client("kms").describe_key(KeyId=person.values["KEY_ID"])["KeyMetadata"]
    assert key["KeyState"] == "PendingDeletion"

"""A file of a full home is damaged: it is named, nothing else changes, and all is as before when
it is back."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from foreground import running
from miniatures import Project, applied_copy, eventually, removed

from bonkei.base.errors import BonkeiError
from bonkei.miniature.home import MARKER, Home
from bonkei.miniature.intact import require_intact

DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda content: content[: len(content) // 2],
    "one bit": lambda content: flipped(content, 0),
    "one bit inside": lambda content: flipped(content, len(content) // 2),
    "older copy": lambda content: other(content),  # noqa: PLW0108 - it is defined below
}
OF_THE_DISK = {"one bit", "one bit inside"}
"""Nothing has written the file: the time of its last change stays."""
ALONE = (MARKER, "database/*", "kept.json")
"""A start with one of these looks no further."""


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place : place + 1] = bytes(each ^ 1 for each in changed[place : place + 1])
    return bytes(changed)


def other(content: bytes) -> bytes:
    """Another content in the same form, as an older copy has it."""
    try:
        document = json.loads(content)
    except ValueError:
        return content
    spelled = json.dumps(document, indent=3).encode()
    return content if b'"payload"' in content[:80] else spelled  # MiniStack's have a checksum


MADE_ANEW = {
    "*/.*.new": "a draft that was being written at a kill: nothing reads it",
    "addresses": "a name gets another address of this machine",
    "cloud/ministack.log": "a log of one start",
    "cloud/ministack-*.pid": "a process that has ended",
    "cloud/tls/*": "a certificate that does not work is made anew",
    "console/token": "a new token: the address is printed at each start",
    "control": "where a running one answers",
    "inbox/placed": "whether the webhook is the inbox's: its address says so, too",
    "lock": "who holds it",
    "database/sockets": "where sockets were",
    "cloud/process/*": "which processes to end after a kill",
    "processes/*": "as above",
    "sockets": "where sockets were",
    "tasks/*": "of the tasks that a kill has left",
    "terraform/applied": "without it the definitions are applied",
    "terraform/counters.lock": "empty",
    "terraform/data/*": "terraform init",
    "terraform/initialized": "terraform init",
    "terraform/lock": "who holds it",
    "terraform/mirror/*": "a mirror of the definitions",
    "terraform/mirror-of": "a mirror of the definitions",
    "terraform/provider.log": "a log of one run",
    "terraform/sockets": "where sockets were",
    "terraform/surroundings.json": "written for each run",
    "terraform/terraform.tfrc": "written for each run",
    "terraform/types.json": "written for each run",
}
"""Why a start makes it again without a word."""

LEFT = {
    "cloud/calls.jsonl": "a log",
    "cloud/denied.jsonl": "a log",
    "cloud/s3/*": "S3's objects have any content; their own test is below",
    "database/*/*": "PostgreSQL's own: it has checksums of its own and names what it meets",
    "environments*": "packages, made once for all tests",
    "functions/packages/*": "a copy of the package that the definitions name",
    "logs/*": "logs",
    "log-groups/*.log": "a full disk leaves it empty, and a kill cuts it; below",
    "monitor/*.sqlite-shm": "SQLite's own, made anew",
    "monitor/*.sqlite-wal": "SQLite's own: it has checksums, and leaves out what was being written",
    "repositories/*.git/[!b]*": "git's own",
}
"""Why it is not damaged here."""

UNSEEN = {
    ("database/id", "older copy"): "the same",
    ("database/id", "one bit inside"): "another place: the home was moved",
    ("kept.json", "older copy"): "it names the files that are newer",
    ("secrets/*", "half"): "any text is a value, and people write some",
    ("secrets/*", "older copy"): "as above",
    (MARKER, "half"): "its first words are enough",
    (MARKER, "one bit inside"): "its first words are enough",
}
"""Which damage cannot be seen, and why."""

UNSEEN_AFTER_A_KILL = {
    ("cloud/state/journal.jsonl", "half"): "lines at its end are missing, as after a power failure",
    ("monitor/*.sqlite", "one bit inside"): "SQLite has no checksums",
    ("secrets/*", "one bit"): "as above: any text is a value",
    ("secrets/*", "one bit inside"): "as above",
    ("started", "half"): "as the journal; the command runs again",
}
"""Of what the killed run has written. The rest is not as the start before the kill has noted it."""


def fill(project: Project) -> None:
    """Let each part keep something that a call made."""
    dynamodb, sqs = project.client("dynamodb"), project.client("sqs")
    sns, events = project.client("sns"), project.client("events")
    dynamodb.create_table(
        TableName="kept", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    for number in range(30):
        dynamodb.put_item(TableName="kept", Item={"id": {"S": str(number)}})
    url = sqs.create_queue(QueueName="kept")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    topic = sns.create_topic(Name="kept")["TopicArn"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue["Attributes"]["QueueArn"])
    events.put_rule(Name="kept", EventPattern='{"source": ["kept"]}')
    project.client("cloudwatch").put_metric_alarm(
        AlarmName="kept", Namespace="N", MetricName="m", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    s3 = project.client("s3")
    s3.put_object(Bucket=s3.list_buckets()["Buckets"][0]["Name"], Key="kept/one", Body=b"kept")
    logs = project.client("logs")
    logs.create_log_group(logGroupName="kept")
    logs.create_log_stream(logGroupName="kept", logStreamName="kept")
    project.client("codecommit").create_repository(repositoryName="kept")
    ecs = project.client("ecs")
    cluster = ecs.list_clusters()["clusterArns"][0]
    service = ecs.list_services(cluster=cluster)["serviceArns"][0]
    found = ecs.describe_services(cluster=cluster, services=[service])["services"][0]
    about = ecs.describe_task_definition(taskDefinition=found["taskDefinition"])["taskDefinition"]
    names = ("family", "containerDefinitions", "networkMode", "requiresCompatibilities", "cpu",
             "memory", "executionRoleArn", "taskRoleArn", "volumes", "runtimePlatform")  # fmt: skip
    ecs.register_task_definition(**{name: about[name] for name in names if name in about})


def write_again(project: Project) -> None:
    """Let each part write once more what is there."""
    events = project.client("events")
    for number in range(30):
        project.client("dynamodb").put_item(TableName="kept", Item={"id": {"S": str(number)}})
    events.put_rule(Name="kept", EventPattern='{"source": ["kept"]}')
    s3 = project.client("s3")
    s3.put_object(Bucket=s3.list_buckets()["Buckets"][0]["Name"], Key="kept/one", Body=b"kept")
    project.client("codecommit").update_repository_description(
        repositoryName="kept", repositoryDescription="written again"
    )
    sns = project.client("sns")
    (topic,) = (one["TopicArn"] for one in sns.list_topics()["Topics"] if "kept" in one["TopicArn"])
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="DisplayName", AttributeValue="written again"
    )
    ecs = project.client("ecs")
    cluster = ecs.list_clusters()["clusterArns"][0]
    service = ecs.list_services(cluster=cluster)["serviceArns"][0]
    ecs.update_service(cluster=cluster, service=service, forceNewDeployment=True)
    project.client("logs").put_retention_policy(logGroupName="kept", retentionInDays=30)


def content(project: Project) -> dict[str, Any]:
    """What calls and visitors find of it."""
    dynamodb, sqs = project.client("dynamodb"), project.client("sqs")
    items = dynamodb.scan(TableName="kept")["Items"]
    url = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    count = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]["ApproximateNumberOfMessages"]  # fmt: skip
    ecs = project.client("ecs")
    return {
        "items": sorted(item["id"]["S"] for item in items),
        "messages": count,
        "subscriptions": len(project.client("sns").list_subscriptions()["Subscriptions"]),
        "rules": sorted(r["Name"] for r in project.client("events").list_rules()["Rules"]),
        "alarms": sorted(
            alarm["AlarmName"]
            for page in project.client("cloudwatch").get_paginator("describe_alarms").paginate()
            for alarm in page["MetricAlarms"]
        ),
        "buckets": sorted(b["Name"] for b in project.client("s3").list_buckets()["Buckets"]),
        "groups": len(project.client("logs").describe_log_groups()["logGroups"]),
        "definitions": sorted(ecs.list_task_definitions()["taskDefinitionArns"]),
        "repositories": project.client("codecommit").list_repositories()["repositories"][0][
            "repositoryName"
        ],
        "secrets": {
            file.name: file.read_bytes()
            for file in (project.home / "secrets").iterdir()
            if "administrator" in file.name
        },
    }


def files(home: Path) -> dict[str, Path]:
    """Every file of the home, by its path there. The mirror of the definitions has links out of the
    home: nothing is followed."""
    found = {}
    for folder, _, names in os.walk(home):
        for file in (Path(folder, name) for name in names):
            if file.is_file() and not file.is_symlink():
                found[str(file.relative_to(home))] = file
    return dict(sorted(found.items()))


def reason(name: str, reasons: Mapping[str, str]) -> str:
    return next((why for pattern, why in reasons.items() if fnmatchcase(name, pattern)), "")


def digests(home: Path) -> dict[str, str]:
    """Of all files, except for the log of the refusal and the lock."""
    return {
        name: hashlib.sha256(file.read_bytes()).hexdigest()
        for name, file in files(home).items()
        if name not in ("logs/bonkei.log", "lock")
    }


def said(home: Path) -> str:
    """What a start says before it begins."""
    try:
        Home(home).make()
        require_intact(home)
    except BonkeiError as error:
        return f"{error.message}\n{error.remedy}"
    return ""


@dataclass(frozen=True, slots=True)
class Full:
    """A home with something in each part, stopped; and what was there before that."""

    project: Project
    content: dict[str, Any]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    project = applied_copy(tmp_path_factory.mktemp("full"), tmp_path_factory)
    with removed(project):
        with running(project) as miniature:
            fill(project)
            eventually((project.home / "cloud" / "made.json").exists, "provisioned")
            found = content(project)
            miniature.interrupt()
        yield Full(project, found)


@pytest.fixture(scope="module")
def full(filled: Full) -> Project:
    return filled.project


@pytest.fixture(scope="module")
def before(filled: Full) -> dict[str, Any]:
    return filled.content


@contextmanager
def damaged(chosen: Mapping[str, Path], damage: str) -> Iterator[dict[Path, bytes]]:
    """The content of those files that the damage changes."""
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in chosen.values()}
    made = {file: DAMAGES[damage](content) for file, (content, _) in before.items()}
    changed = {file: content for file, content in made.items() if content != before[file][0]}
    try:
        for file, content in changed.items():
            file.write_bytes(content)
            if damage in OF_THE_DISK:
                os.utime(file, ns=(before[file][1],) * 2)
        yield changed
    finally:
        for file in changed:
            content, time = before[file]
            file.write_bytes(content)
            os.utime(file, ns=(time, time))


def require_named(full: Project, unseen: Iterable[tuple[str, str]]) -> None:
    """Each damage of each file but these. Many at once: a look names all of them."""
    assert said(full.home) == ""
    unnamed, looked_at = [], 0
    kept = {
        name: file for name, file in files(full.home).items()
        if not reason(name, MADE_ANEW) and not reason(name, LEFT)
    }  # fmt: skip
    alone = {name for name in kept if any(fnmatchcase(name, each) for each in ALONE)}
    for damage in DAMAGES:
        seen = {
            name: file for name, file in kept.items()
            if not any(fnmatchcase(name, each) for each, which in unseen if which == damage)
        }  # fmt: skip
        together = {name: file for name, file in seen.items() if name not in alone}
        for group in (together, *({name: seen[name]} for name in alone if name in seen)):
            with damaged(group, damage) as changed:
                told = said(full.home) if changed else ""
                unnamed += [
                    (file, damage) for file in changed if f"{file} is damaged: " not in told
                ]
                assert not changed or told.partition("\n")[2]
                assert all(file.read_bytes() == content for file, content in changed.items())
                looked_at += len(changed)
    assert "\n".join(f"{file.relative_to(full.home)}: {how}" for file, how in unnamed) == ""
    assert said(full.home) == ""
    assert looked_at > 200


def test_each_damaged_file_is_named_with_a_remedy(full: Project, before: dict[str, Any]) -> None:
    assert len(before["items"]) == 30
    require_named(full, UNSEEN)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("terraform/terraform.tfstate", "empty"),
        ("cloud/key", "one bit inside"),
        ("monitor/rules.json", "older copy"),
        (MARKER, "empty"),
        pytest.param("database/location", "empty", marks=pytest.mark.skipif(
            os.geteuid() != 0, reason="only root has data outside the home")),
    ],
)  # fmt: skip
def test_a_start_with_it_is_refused_and_touches_nothing(
    full: Project, before: dict[str, Any], name: str, damage: str
) -> None:
    assert before
    file = full.home / name
    with damaged({name: file}, damage) as changed:
        assert changed
        there = digests(full.home)
        outcome = full.bonkei("up")
        assert outcome.returncode == 1, outcome.stdout
        assert f"{file} is damaged" in outcome.stderr
        assert digests(full.home) == there


def test_each_damaged_file_is_named_after_a_kill(full: Project, before: dict[str, Any]) -> None:
    """And all is as before when the files that were damaged are back."""
    stopped = digests(full.home)
    with running(full) as miniature:
        assert content(full) == before
        known = "the definitions are as they were last applied"
        assert any(known in line for line in miniature.lines)
        write_again(full)
        assert miniature.kill() == []
    written = {name for name, digest in digests(full.home).items() if digest != stopped.get(name)}
    assert {"repositories/kept.git/bonkei.json", "monitor/rules.json"} <= written
    require_named(full, (*UNSEEN, *UNSEEN_AFTER_A_KILL))


def test_what_a_start_makes_anew_may_be_damaged(full: Project, before: dict[str, Any]) -> None:
    """All of it at once, each file in another way."""
    assert before
    spoilt = 0
    for number, (name, file) in enumerate(files(full.home).items()):
        if reason(name, MADE_ANEW) and (whole := file.read_bytes()):
            file.write_bytes([*DAMAGES.values()][number % 4](whole))
            spoilt += 1
    assert spoilt > 12
    with running(full) as miniature:
        assert content(full) == before
        miniature.interrupt()


def test_objects_and_events_that_cannot_be_read_are_named(
    full: Project, before: dict[str, Any]
) -> None:
    assert before
    (about,) = (full.home / "cloud" / "s3").rglob("kept/one.meta.json")
    segments = [
        file for file in (full.home / "log-groups").rglob("*.log")
        if not file.with_suffix(".pages").exists() and file.stat().st_size
    ]  # fmt: skip
    assert json.loads(about.read_bytes())["size"] == 4
    whole = about.with_name("one")
    for file, damage in [
        (about, "empty"), (about, "one bit"), (whole, "empty"), *((s, "one bit") for s in segments)
    ]:  # fmt: skip
        with damaged({file.name: file}, damage):
            assert f"{file} is damaged" in said(full.home)
    assert said(full.home) == ""


def test_the_remedy_for_a_removed_state_of_a_service_is_right(full: Project) -> None:
    """What the definitions declare is made anew."""
    state = full.home / "cloud" / "state"
    wanted = json.loads((full.home / "cloud" / "made.json").read_text())
    (state / "dynamodb.json").unlink()
    (full.home / "cloud" / "made.json").unlink()
    with running(full) as miniature:
        assert full.client("dynamodb").list_tables()["TableNames"] == []
        assert full.client("sqs").get_queue_url(QueueName="kept")
        miniature.interrupt()
    assert json.loads((full.home / "cloud" / "made.json").read_text()).keys() == wanted.keys()


def test_a_damaged_home_can_be_reset(full: Project) -> None:
    (full.home / MARKER).write_text("")
    outcome = full.bonkei("reset", "--yes")
    assert outcome.returncode == 1
    assert f"{full.home / MARKER} is damaged" in outcome.stderr
    remedy = outcome.stderr.partition("say so in it: ")[2]
    subprocess.run(["sh", "-c", remedy], check=True)
    (full.home / "terraform" / "terraform.tfstate").write_text("")
    assert full.bonkei("reset", "--yes").returncode == 0

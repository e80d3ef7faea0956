"""`bonkei apply`: the running miniature follows Terraform, and no request is dropped.

An apply costs ten seconds of a processor, so several tests share one: what it changes for one test
has nothing to do with what it changes for another. test_guide.py rotates the secrets.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString
from unittest.mock import patch
from uuid import uuid4

import boto3
import botocore.auth
import httpx
import over_http
import psycopg
import pytest
from foreground import Running, running
from miniatures import (
    ANSWER,
    OFTEN,
    PATIENCE,
    WAIT,
    Project,
    applied_copy,
    eventually,
    removed,
    visitors,
)

SELDOM = 0.05  # seconds; no reader comes late when Terraform has ended
pytestmark = pytest.mark.timeout(900)  # whichever test is the first makes what it shares


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("changing")
    project = applied_copy(folder, tmp_path_factory)
    with pytest.MonkeyPatch.context() as shell, removed(project):
        shell.setenv("BONKEI_ADDRESSES", "one")  # as on macOS: tokens name the port here
        with running(project) as miniature:
            yield miniature


class Pace:
    """The seconds between two visits of a reader. They come seldom while an apply is only
    Terraform's, which changes nothing of the miniature."""

    def __init__(self) -> None:
        self._pause = OFTEN

    def __call__(self) -> float:
        return self._pause

    def apply(self, project: Project) -> None:
        """Terraform has ended when the command prints the changes, its first line."""
        self._pause = SELDOM
        try:
            with project.start("apply") as command:
                assert command.stdout is not None
                command.stdout.readline()
                self._pause = OFTEN
                said = command.stdout.read()
                assert command.wait(PATIENCE) == 0, said
        finally:
            self._pause = OFTEN


def task_ids(project: Project, family: str) -> set[str]:
    tasks = project.status()["tasks"]["tasks"]
    return {
        task["id"]
        for task in tasks
        if f"-{family}:" in task["task_definition"] and task["last_status"] == "RUNNING"
    }


def test_a_saved_template_is_served_without_a_restart(changing: Running) -> None:
    """`bonkei watch`: the same tasks serve it, and a fault stays on the screen."""
    project = changing.project
    template, whole = "program/frontend/frontend/templates/base.html", "</title>"
    before, file = task_ids(project, "frontend"), project.folder / template
    original = file.read_text(encoding="utf-8")
    try:
        with project.start("watch", "--json") as watching:
            saved_and_broken(project, watching, template, whole)
    finally:
        file.write_text(original, encoding="utf-8")  # the other tests need its pages
    assert task_ids(project, "frontend") == before


def saved_and_broken(
    project: Project, watching: subprocess.Popen[str], template: str, whole: str
) -> None:
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline())["event"] == "watching"
    project.edit(template, whole, f" saved{whole}")
    assert [json.loads(watching.stdout.readline())["event"] for _ in "12"] == [
        "changed", "refreshed",
    ]  # fmt: skip
    assert " saved</title>" in over_http.get(project.site, timeout=ANSWER).text
    project.edit(template, whole, f"{whole}{{% if %}}")
    watching.stdout.readline()
    failed = json.loads(watching.stdout.readline())
    assert "templates/base.html:" in failed["message"]
    assert " saved</title>" in over_http.get(project.site, timeout=ANSWER).text
    watching.send_signal(signal.SIGINT)
    assert watching.wait(WAIT) == 0


@dataclass(frozen=True, slots=True)
class Backend:
    """Its tasks, and the answer where only a longer listener rule leads to it."""

    tasks: set[str]
    elsewhere: httpx.Response


def backend(project: Project) -> Backend:
    answer = over_http.get(f"{project.site}/elsewhere/v1/{uuid4()}", timeout=ANSWER)
    return Backend(task_ids(project, "backend"), answer)


@dataclass(frozen=True, slots=True)
class Rolled:
    """Another variable of the tasks, a higher number of them, a longer listener rule and tokens of
    IAM for the database: one apply.

    `before` and `after`: the backend. `troubles`: of readers of pages, and of what never comes from
    a cache. `users`: who was in the database before and after.
    """

    before: Backend
    after: Backend
    troubles: list[str]
    users: tuple[set[str], set[str]]


VARIABLES = "infrastructure/environments/development.tfvars"
PASSWORD, TOKENS = "database = {\n", "database = {\n  iam_authentication = true\n"


@pytest.fixture(scope="module")
def rolled(changing: Running) -> Rolled:
    project = changing.project
    one, two = "min_capacity = 1, max_capacity = 2", "min_capacity = 2, max_capacity = 2"
    patterns = '["/api/*"]', '["/api/*", "/elsewhere/*"]'
    before, users_before = backend(project), users(project)
    project.edit(VARIABLES, PASSWORD, TOKENS)
    days = "log_retention_days        = 7"
    project.edit(VARIABLES, days, 'log_retention_days  = 7\nlog_level = "DEBUG"')
    project.edit(VARIABLES, one, two)
    project.edit(VARIABLES, TOKENS, f'{TOKENS}  engine_version = "18.4"\n')
    project.edit("infrastructure/main.tf", *(f"path_patterns     = {each}" for each in patterns))
    anew, pace = f"{project.site}/api/v1/components/{uuid4()}", Pace()
    with (
        visitors(project, pause=pace) as troubles,
        visitors(project, anew, expected=404, pause=pace) as of_the_database,
    ):
        pace.apply(project)
        eventually(
            lambda: len(now := task_ids(project, "backend")) == 2 and not now & before.tasks,
            "two new tasks run, and the old one is gone",
            PATIENCE,
        )
        after = backend(project)
        eventually(lambda: "application" not in users(project), "its last session has ended")
    return Rolled(before, after, [*troubles, *of_the_database], (users_before, users(project)))


def test_an_environment_variable_is_rolled_out(changing: Running, rolled: Rolled) -> None:
    shown = changing.project.bonkei("env", "backend", "--json")
    assert json.loads(shown.stdout)["environment"]["LOG_LEVEL"] == "DEBUG"
    assert rolled.troubles == []


def test_the_desired_count_changes(rolled: Rolled) -> None:
    assert [len(each.tasks) for each in (rolled.before, rolled.after)] == [1, 2]
    assert rolled.troubles == []


def test_a_listener_rule_changes(rolled: Rolled) -> None:
    before, after = rolled.before.elsewhere, rolled.after.elsewhere
    assert before.status_code == 404
    assert "text/html" in before.headers["content-type"]
    assert "json" in after.headers["content-type"]
    assert rolled.troubles == []


def versions(project: Project) -> tuple[str, str]:
    """What RDS says, and what the server here is: there is one PostgreSQL in a miniature."""
    [cluster] = project.client("rds").describe_db_clusters()["DBClusters"]
    return cluster["EngineVersion"], project.status()["databases"][0]["server"]


def test_a_minor_version_of_the_database_changes(changing: Running, rolled: Rolled) -> None:
    wanted, here = versions(changing.project)
    assert (wanted, here.partition(".")[0]) == ("18.4", "PostgreSQL 18")
    assert rolled.troubles == []


WHO: LiteralString = "SELECT current_user"
IAM = "application_iam"


def token(project: Project, role: str = "", **other: str) -> str:
    """That the role signs, or the user of the account. `other`: credentials in place of its own."""
    found = project.account(role) | other
    host, port = place(project)
    client = boto3.client(
        "rds",
        region_name=found["AWS_REGION"],
        aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=found.get("AWS_SESSION_TOKEN"),
    )
    return str(client.generate_db_auth_token(host, port, IAM))


def place(project: Project) -> tuple[str, int]:
    host, _, port = project.status()["databases"][0]["endpoint"].rpartition(":")
    return host, int(port)


def ask(project: Project, statement: LiteralString, user: str, password: str) -> set[str]:
    """The answer's first column."""
    host, port = place(project)
    with psycopg.connect(
        host=host, port=port, dbname="postgres", user=user, password=password
    ) as connection:
        return {str(row[0]) for row in connection.execute(statement)}


def users(project: Project) -> set[str]:
    """Those of the application that are in the database, as its master sees them."""
    [cluster] = project.client("rds").describe_db_clusters()["DBClusters"]
    secret = cluster["MasterUserSecret"]["SecretArn"]
    value = project.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    statement: LiteralString = "SELECT usename FROM pg_stat_activity WHERE usename LIKE 'app%'"
    return ask(project, statement, cluster["MasterUsername"], json.loads(value)["password"])


def test_tokens_take_the_place_of_the_databases_password(rolled: Rolled) -> None:
    assert rolled.users == ({"application"}, {"application_iam"})
    assert rolled.troubles == []


def test_a_token_of_another_or_an_old_one_is_refused(changing: Running, rolled: Rolled) -> None:
    project, earlier = changing.project, datetime.now(UTC) - timedelta(minutes=16)
    assert ask(project, WHO, IAM, token(project)) == rolled.users[1]
    with patch.object(botocore.auth, "get_current_datetime", return_value=earlier):
        old = token(project)
    strange = token(project, AWS_SECRET_ACCESS_KEY="another")
    for refused, why in ((old, "expired"), (strange, "signature")):
        with pytest.raises(psycopg.OperationalError, match=f"PAM auth(.|\n)*{why}"):
            ask(project, WHO, IAM, refused)


def test_a_role_without_the_right_to_connect_is_refused(changing: Running, rolled: Rolled) -> None:
    """Its programs, its operator and the database's log are told."""
    project, role = changing.project, "statuspage-development-frontend-task"
    assert rolled.users[1]
    with pytest.raises(psycopg.OperationalError, match="not authorized to perform: rds-db:connect"):
        ask(project, WHO, IAM, token(project, role))
    shown = project.bonkei("iam", "denied").stdout
    assert "rds-db:connect" in shown
    assert role in shown


def target_states(project: Project) -> set[str]:
    groups = project.status()["edge"]["target_groups"]
    return {target["state"] for group in groups for target in group["targets"]}


RULE_FILE = "infrastructure/modules/service/main.tf"
RULE = '"From ${each.key}"\n  ip_protocol                  = "tcp"'
CLOSED = RULE.replace("tcp", "udp")
ALARM, GROUP = "statuspage-development-backend-5xx", "/ecs/statuspage-development/frontend"
QUEUE, DAY = "statuspage-development-alarm-dead-letters", 86400
OF_THE_STORE = {
    "module.monitoring.module.notification.aws_sqs_queue.dead_letters",
    "module.monitoring.module.notification.aws_sqs_queue_policy.dead_letters",
    "module.delivery.module.artifacts.aws_s3_bucket_policy.this",
}
"""Of these only a plan asks, because the store rests."""
OUTSIDE = {
    "module.backend_task.aws_cloudwatch_log_group.this",
    "module.monitoring.module.notification.aws_sns_topic.alarms",
    'module.monitoring.aws_cloudwatch_metric_alarm.this["frontend-5xx"]',
    'module.monitoring.aws_cloudwatch_metric_alarm.this["backend-5xx"]',
    "module.frontend_task.aws_cloudwatch_log_group.this",
}


@pytest.fixture(scope="module")
def closed(changing: Running) -> subprocess.CompletedProcess[str]:
    """The apply without a rule of a security group."""
    changing.project.edit(RULE_FILE, RULE, CLOSED)
    return changing.project.bonkei("apply")


@pytest.fixture(scope="module")
def put_back(changing: Running, closed: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The plan after changes by calls. Then an apply puts back these, and the rule."""
    project = changing.project
    assert closed.returncode == 1
    assert project.status()["outside"] == []
    project.client("cloudwatch").delete_alarms(AlarmNames=[ALARM])
    project.client("logs").put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    for tag, named, given in tagging(project):
        tag(**named, **given)
    s3, bucket = project.client("s3"), artifacts(project)
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"][-1] = {**policy["Statement"][0], "Sid": "ByHand"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    sqs = project.client("sqs")
    kept = {"MessageRetentionPeriod": str(DAY), "Policy": ""}
    sqs.set_queue_attributes(QueueUrl=url_of(sqs), Attributes=kept)
    assert {each["address"] for each in project.status()["outside"]} == OUTSIDE
    project.edit(RULE_FILE, CLOSED, RULE)
    project.edit(VARIABLES, TOKENS, PASSWORD)
    planned: dict[str, Any] = json.loads(project.bonkei("plan", "--json").stdout)
    project.bonkei("apply")
    return planned


def tagging(project: Project) -> list[tuple[Any, dict[str, str], dict[str, Any]]]:
    """For a log group, a topic and an alarm: the call, its subject, and a tag."""

    def arn(service: str, rest: str) -> str:
        return f"arn:aws:{service}:ap-northeast-1:123456789012:{rest}"

    tags = [{"Key": "Environment", "Value": "by-hand"}]
    log_group = arn("logs", "log-group:/ecs/statuspage-development/backend")
    topic = arn("sns", "statuspage-development-alarms")
    alarm = arn("cloudwatch", "alarm:statuspage-development-frontend-5xx")
    given = {"tags": {"Environment": "by-hand"}}
    return [
        (project.client("logs").tag_resource, {"resourceArn": log_group}, given),
        (project.client("sns").tag_resource, {"ResourceArn": topic}, {"Tags": tags}),
        (project.client("cloudwatch").tag_resource, {"ResourceARN": alarm}, {"Tags": tags}),
    ]


def artifacts(project: Project) -> str:
    names = [each["Name"] for each in project.client("s3").list_buckets()["Buckets"]]
    return next(name for name in names if "program-artifacts" in name)


def url_of(sqs: Any) -> str:
    return str(sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"])


def test_a_missing_rule_of_a_security_group_is_reported(
    changing: Running, closed: subprocess.CompletedProcess[str]
) -> None:
    """Targets are unhealthy within seconds. The status names the group, its file and its line."""
    project = changing.project
    assert closed.returncode == 1
    assert "backend: the load balancer does not reach its tasks: " in closed.stdout
    eventually(lambda: target_states(project) == {"unhealthy"}, "all are unhealthy")
    obstacles = project.status()["network"]["obstacles"]
    assert {each["source"] for each in obstacles} >= {"the load balancer"}
    [why, *_] = [each["why"] for each in obstacles if each["source"] == "the load balancer"]
    assert "lets nothing in from module.edge.aws_security_group.load_balancer" in why
    assert f"{RULE_FILE}:" in project.bonkei("status").stdout
    listeners = {each["name"]: each["url"] for each in project.status()["edge"]["listeners"]}
    [own] = [url for name, url in listeners.items() if name.startswith("backend for ")]
    answers = [over_http.get(url, timeout=ANSWER) for url in (own, listeners["backend"])]
    assert [one.status_code for one in answers] == [503, 404]
    assert "connection timeout" in answers[0].text
    assert over_http.get(f"{project.site}/{uuid4()}", timeout=ANSWER).status_code == 504


def test_a_change_by_a_call_is_drift_and_an_apply_changes_it_back(
    changing: Running, put_back: dict[str, Any]
) -> None:
    project = changing.project
    assert {each["address"] for each in put_back["outside"]} >= OUTSIDE | OF_THE_STORE
    assert {each["address"] for each in put_back["changes"]} >= OUTSIDE | OF_THE_STORE
    sqs = project.client("sqs")

    def kept() -> dict[str, str]:
        found = sqs.get_queue_attributes(QueueUrl=url_of(sqs), AttributeNames=["All"])
        return dict(found["Attributes"])

    # What the store has is put back in the background.
    eventually(lambda: kept()["MessageRetentionPeriod"] == str(14 * DAY), "the queue is as before")
    eventually(lambda: "sns.amazonaws.com" in kept().get("Policy", ""), "its policy is as before")
    assert json.loads(project.bonkei("plan", "--json").stdout)["outside"] == []
    alarms = project.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
    assert [each["AlarmName"] for each in alarms] == [ALARM]
    groups = project.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert groups[0]["retentionInDays"] == 7
    by_hand = "ByHand"
    s3, bucket = project.client("s3"), artifacts(project)
    eventually(
        lambda: by_hand not in s3.get_bucket_policy(Bucket=bucket)["Policy"], "so is the bucket's"
    )
    assert project.status()["outside"] == []


def test_a_rule_that_is_back_lets_requests_in_again(
    changing: Running, put_back: dict[str, Any]
) -> None:
    project = changing.project
    eventually(lambda: "healthy" in target_states(project), "healthy again", PATIENCE)
    eventually(
        lambda: over_http.get(f"{project.site}/{uuid4()}", timeout=ANSWER).status_code == 404,
        "it answers again",
    )
    assert project.status()["network"]["obstacles"] == []


def test_the_database_takes_passwords_again(changing: Running, put_back: dict[str, Any]) -> None:
    assert put_back
    project = changing.project

    def are_back() -> bool:
        answer = over_http.get(f"{project.site}/api/v1/components/{uuid4()}", timeout=ANSWER)
        return answer.status_code == 404 and users(project) == {"application"}

    eventually(are_back, "the tasks sign in with the password")


def test_a_failed_change_leaves_everything_unchanged(changing: Running) -> None:
    project = changing.project
    state = project.home / "terraform" / "terraform.tfstate"
    before, tasks = state.read_bytes(), task_ids(project, "backend")
    priorities = [f"priority          = {each}" for each in (100, 0)]
    project.edit("infrastructure/main.tf", *priorities)
    outcome = project.bonkei("apply")
    project.edit("infrastructure/main.tf", *reversed(priorities))
    assert outcome.returncode == 1
    assert over_http.get(project.site, timeout=ANSWER).status_code == 200
    assert (state.read_bytes(), task_ids(project, "backend")) == (before, tasks)


def test_a_major_version_of_the_database_needs_its_flag(changing: Running, rolled: Rolled) -> None:
    """test_guide.py sets it. There is no version after the newest: the copy of the module takes
    one."""
    project = changing.project
    project.edit("infrastructure/modules/database/variables.tf", "^(17|18)", "^(18|19)")
    project.edit(VARIABLES, 'engine_version = "18.4"', 'engine_version = "19"')
    outcome = project.bonkei("apply")
    assert outcome.returncode == 1
    assert "The AllowMajorVersionUpgrade flag must be present" in outcome.stderr
    assert versions(project)[0] == "18.4"
    assert rolled.troubles == []

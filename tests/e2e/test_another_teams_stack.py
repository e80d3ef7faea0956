"""The miniature does not know this project's names: another team's stack runs as well."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import over_http
import pytest
from botocore.exceptions import ClientError
from foreground import Running, running
from miniatures import ANSWER, Project, begin_applied, eventually, removed

FOREIGN = Path(__file__).with_name("foreign")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("foreign")
    shutil.copytree(FOREIGN, folder / "project")
    project = Project(folder / "project", folder / "home")
    begin_applied(project, "foreign", FOREIGN, tmp_path_factory)
    with removed(project), running(project) as miniature:
        yield miniature


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests that AWS's services log: one that a rule counts, and one through CloudFront."""

    odd: httpx.Response
    distributed: httpx.Response


@pytest.fixture(scope="module", autouse=True)
def asked(foreign: Running) -> Asked:
    """Their logs come every five seconds. The other tests run meanwhile."""
    project = foreign.project
    odd = over_http.get(
        f"{project.load_balancer}/shop/1?odd", headers={"Cookie": "c=1"}, timeout=ANSWER
    )
    return Asked(
        odd, over_http.get(f"{project.site}/shop/through-the-distribution", timeout=ANSWER)
    )


def test_a_request_reaches_its_container(foreign: Running) -> None:
    answer = over_http.get(f"{foreign.project.load_balancer}/shop/1", timeout=ANSWER)
    assert answer.status_code == 200
    told = answer.json()
    assert told["path"] == "/shop/1"
    assert told["GREETING"] == "hello from the definitions"
    assert told["API_KEY"] == "k-123"
    assert told["QUEUE_URL"].startswith(f"http://127.0.0.1:{foreign.project.cloud_port}/")


def test_the_output_of_a_task_is_in_its_log_group(foreign: Running) -> None:
    over_http.get(f"{foreign.project.load_balancer}/shop/logged", timeout=ANSWER)
    pattern = '{ $.path = "/shop/logged" }'
    found = eventually(lambda: _events(foreign, "/shop/web", pattern), "its line")
    assert {event["message"] for event in found} == {'{"path": "/shop/logged"}'}


def _events(foreign: Running, group: str, pattern: str) -> list[dict[str, str]]:
    said = foreign.project.bonkei("logs", "--group", group, "--filter", pattern, "--json")
    return [json.loads(line) for line in said.stdout.splitlines()]


def test_its_listener_answers_other_requests(foreign: Running) -> None:
    answer = over_http.get(foreign.project.load_balancer, timeout=ANSWER)
    assert (answer.status_code, answer.text) == (404, "nothing here")


def test_both_tasks_exist_and_unsupported_containers_are_reported(foreign: Running) -> None:
    status = foreign.project.status()
    tasks = [task["task_definition"] for task in status["tasks"]["tasks"]]
    assert tasks.count("shop-web:1") == 2
    notes = " ".join(f"{note['subject']} {note['text']}" for note in status["tasks"]["notes"])
    assert "metrics" in notes
    assert "worker" in notes


def test_unsupported_resources_are_reported(foreign: Running) -> None:
    named = {part["kind"]: part["reason"] for part in foreign.project.status()["not_simulated"]}
    assert "aws_sqs_queue" not in named
    assert named["aws_elasticache_serverless_cache"]


def test_a_task_reaches_its_queue_as_its_role(
    foreign: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the task's environment, through an SDK as in a program."""
    told = foreign.project.bonkei("env", "web", "--secrets", "--json")
    environment = json.loads(told.stdout)["environment"]
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    session = boto3.Session()
    assert ":assumed-role/shop-web/" in session.client("sts").get_caller_identity()["Arn"]
    sqs = session.client("sqs")
    sqs.send_message(QueueUrl=environment["QUEUE_URL"], MessageBody="an order")
    [message] = sqs.receive_message(QueueUrl=environment["QUEUE_URL"])["Messages"]
    assert message["Body"] == "an order"
    calls = ("aws", "--role", "shop-web", "calls")
    eventually(lambda: "sqs:SendMessage" in foreign.project.bonkei(*calls).stdout, "the call")
    with pytest.raises(ClientError, match=r"no identity-based policy allows the sqs:PurgeQueue"):
        sqs.purge_queue(QueueUrl=environment["QUEUE_URL"])
    denied = foreign.project.bonkei("iam", "denied").stdout
    assert "shop-web: sqs:PurgeQueue denied" in denied
    assert re.search(r"looked at \S*main\.tf:\d+ \(aws_iam_role_policy\.web\)", denied)
    used = foreign.project.bonkei("iam", "used", "shop-web").stdout
    assert "✓ sqs:SendMessage" in used
    assert "– sqs:DeleteMessage" in used
    tightened = foreign.project.bonkei("iam", "tighten", "shop-web").stdout
    assert '-    "sqs:DeleteMessage",' in tightened


def test_an_event_runs_a_task_and_a_failure_is_shown(foreign: Running) -> None:
    """One target's role may pass the task's roles. The other's may not."""
    project = foreign.project
    entry = {"Source": "shop", "DetailType": "Day closed", "Detail": "{}"}
    project.client("events").put_events(Entries=[entry])

    def failed() -> list[dict[str, Any]]:
        stopped = project.status()["tasks"]["stopped"]
        return [task for task in stopped if task["started_by"] == "events-rule/report"]

    [task] = eventually(failed, "the task has ended")
    assert (task["failed"], task["containers"][0]["exit_code"]) == (True, 3)
    assert "events-rule/report" in project.bonkei("status").stdout
    described = project.client("ecs").describe_tasks(cluster="shop", tasks=[task["id"]])["tasks"]
    assert [(one["group"], one["stopCode"]) for one in described] == [
        ("reports", "EssentialContainerExited")
    ]
    sqs = project.client("sqs")
    queue = {"QueueUrl": sqs.get_queue_url(QueueName="unreported")["QueueUrl"]}

    def received() -> list[Any]:
        return list(sqs.receive_message(**queue, MessageAttributeNames=["All"]).get("Messages", ()))

    [letter] = eventually(received, "the dead letter")
    assert json.loads(letter["Body"])["detail-type"] == "Day closed"
    attributes = letter["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert "iam:PassRole" in attributes["ERROR_MESSAGE"]["StringValue"]


def test_its_logs(foreign: Running) -> None:
    over_http.get(f"{foreign.project.load_balancer}/shop/logged", timeout=ANSWER)
    eventually(
        lambda: "/shop/logged" in foreign.project.bonkei("logs", "web").stdout, "the line is there"
    )


def test_the_logs_of_awss_services_are_at_their_declared_places(
    foreign: Running, asked: Asked
) -> None:
    """A connection log, a web ACL's log in a bucket, and CloudFront's v2 log in a group."""
    project = foreign.project
    assert asked.odd.status_code == 200

    def found(*arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in project.bonkei(*arguments).stdout.splitlines()]

    def awaited(what: str, *arguments: str) -> list[dict[str, Any]]:
        return list(eventually(lambda: found(*arguments), what, every=0.5))

    s3 = ("logs", "--destination", "s3", "--json")
    [record] = awaited("WAF's log", *s3, "--filter", '{ $.action = "ALLOW" }')
    waf = record["record"]
    assert [rule["ruleId"] for rule in waf["nonTerminatingMatchingRules"]] == ["odd"]
    assert waf["labels"] == [{"name": "awswaf:123456789012:webacl:shop:odd"}]
    assert {"name": "Cookie", "value": "REDACTED"} in waf["httpRequest"]["headers"]
    connections = awaited("the connection log", *s3, "connections")
    assert all(" - - - " in each["text"] and "TID_" in each["text"] for each in connections)
    pattern = '{ $.cs-uri-stem = "/shop/through-the-distribution" }'
    group = ("logs", "--group", "/shop/cdn", "--json", "--filter", pattern)
    [event] = awaited("CloudFront's log", *group)
    assert event["record"]["x-edge-request-id"] == asked.distributed.headers["x-amz-cf-id"]
    assert not [line for line in foreign.lines if "is not written to" in line]

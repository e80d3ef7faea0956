"""One request through the whole system: CloudFront, WAF, ALB, frontend, backend, PostgreSQL."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
import httpx
import over_http
import psutil
import pytest
from foreground import Running, left_of
from miniatures import ANSWER, PATIENCE, ROOT, WAIT, administrator, eventually
from rehearsed import as_found, burners, in_alarm, is_over, rehearse, suspended


def test_the_start_ends_with_the_addresses(miniature: Running) -> None:
    output = "\n".join(miniature.lines)
    assert miniature.project.site in output
    assert miniature.project.load_balancer in output
    assert "administrator" in output


def test_the_page_shows_the_sample_data(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    components = client.get("/api/v1/components").json()
    names = [component["name"] for component in components.get("components", components)]
    assert len(names) >= 3
    assert [name for name in names if name not in page.text] == []


def test_both_languages(client: httpx.Client) -> None:
    assert '<html lang="ja"' in client.get("/ja/").text
    assert '<html lang="en"' in client.get("/").text


@pytest.mark.parametrize("path", ["/", "/api/v1/status"])
def test_cloudfront_caches_what_is_public(client: httpx.Client, path: str) -> None:
    client.get(path)
    assert "Hit" in client.get(path).headers["x-cache"]


def test_an_answer_to_credentials_is_fresh_and_not_shared(
    miniature: Running, client: httpx.Client
) -> None:
    path, private = "/api/v1/components", "/api/v1/api-keys"
    signed_in = administrator(miniature.project)
    client.get(path)  # CloudFront has it now
    before = client.get(path, headers=signed_in).json()["components"]
    made = client.post(path, json={"name": "Seen at once"}, headers=signed_in)
    assert made.status_code == 201
    for _ in range(2):
        own = client.get(path, headers=signed_in)
        assert [c["name"] for c in own.json()["components"]] == [
            *(c["name"] for c in before), "Seen at once",
        ]  # fmt: skip
        assert client.get(private, headers=signed_in).status_code == 200
        assert client.get(private).status_code == 401
    one = made.headers["location"]
    assert client.delete(one, headers=signed_in).status_code == 204
    assert client.get(one, headers=signed_in).status_code == 404


def test_a_request_that_bypasses_cloudfront_is_refused(miniature: Running) -> None:
    assert over_http.get(miniature.project.load_balancer, timeout=ANSWER).status_code == 403
    guessed = {"X-Origin-Verify": "guess"}
    answer = over_http.get(miniature.project.load_balancer, headers=guessed, timeout=ANSWER)
    assert answer.status_code == 403


def test_a_viewer_cannot_send_the_secret_header(client: httpx.Client) -> None:
    assert client.get("/", headers={"X-Origin-Verify": "guess"}).status_code == 200


@pytest.fixture(scope="module")
def curled(miniature: Running) -> str:
    """What the README's commands print, without their addresses and with options for every curl."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```\n(API=.*?)```", readme, re.DOTALL)
    assert "--json" not in block
    script = block.replace("http://127.0.0.1:8080", miniature.project.site)
    script = script.replace(".bonkei/", f"{miniature.project.home}/").replace("Search", "Curled")
    made = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, check=True)
    return made.stdout


def test_the_readmes_commands_make_a_component(curled: str) -> None:
    assert json.loads(curled)["name"] == "Curled"


def test_status_lists_running_and_unsupported_parts(miniature: Running) -> None:
    status = json.loads(miniature.project.bonkei("status", "--json").stdout)
    assert status["ready"]
    assert status.keys() == miniature.project.status().keys()
    assert {task["last_status"] for task in status["tasks"]["tasks"]} == {"RUNNING"}
    states = [t["state"] for group in status["edge"]["target_groups"] for t in group["targets"]]
    assert states
    assert set(states) == {"healthy"}
    assert all(part["reason"] for part in status["not_simulated"])
    told = miniature.project.bonkei("status").stdout
    assert "SERVICES" in told
    assert "NOT SIMULATED" not in told
    assert "kinds of things  not simulated" in told
    everything = miniature.project.bonkei("status", "--all").stdout
    assert "NOT SIMULATED" in everything


def test_the_logs_of_a_service(miniature: Running, client: httpx.Client) -> None:
    client.get("/api/v1/readiness")

    def says(*form: str) -> str:
        outcome = miniature.project.bonkei("logs", "backend", "-n", "20", *form)
        assert outcome.returncode == 0
        return outcome.stdout

    # The answer is here before its line.
    eventually(lambda: "INFO    GET /api/v1/readiness 200 [" in says(), "the request's line")
    # No lines of a router.
    records = [line for line in says("--raw").splitlines() if line.startswith("{")]
    assert "access" in {json.loads(line)["type"] for line in records}


def secret_values(home: Path) -> dict[str, str]:
    """The texts that may appear nowhere else, by the secret's name. Of a JSON document only the
    passwords count. Plain parameters of Systems Manager lie beside the secrets and are not
    secret. The header's value has to be in the distribution's state, as on AWS.
    """
    found: dict[str, str] = {}
    for path in (home / "secrets").iterdir():
        text = path.read_text()
        if {"header", "ssm"} & set(re.split("[-/:]", unquote(path.name))):
            continue
        if text.startswith("{"):
            found |= {
                f"{path.name}.{key}": value
                for key, value in json.loads(text).items()
                if key != "username"
            }
        else:
            found[path.name] = text
    return found


def of_each(miniature: Running, ask: Callable[[psutil.Process], Any]) -> Iterator[Any]:
    """The answers of all processes. Some end meanwhile: health checks start them all the time."""
    for process in miniature.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            try:
                yield ask(process)
            except psutil.AccessDenied:  # of one that is ending, the system shows it to root only
                assert left_of([process]) == []


def test_no_secret_is_in_the_state_the_logs_or_a_command_line(miniature: Running) -> None:
    """In all files that the miniature writes, except the secrets' own."""
    home = miniature.project.home
    secrets = secret_values(home)
    passwords = [name for name in secrets if name.endswith(".password")]
    assert len(passwords) >= 2, "the database's master and the program's own"
    assert all(len(value) > 10 for value in secrets.values())
    elsewhere = ("secrets", "environments", "database")
    # Other than Path.rglob, it goes on where a folder is removed meanwhile.
    every = [Path(folder, name) for folder, _, names in os.walk(home) for name in names]
    written = [
        path
        for path in every
        if path.is_file() and path.relative_to(home).parts[0] not in elsewhere
    ]
    names = {path.name for path in written}
    assert {"terraform.tfstate", "bonkei.log", "postgresql.log"} <= names
    words = [" ".join(line) for line in of_each(miniature, psutil.Process.cmdline)]
    assert any("postgres" in line for line in words)
    texts = {}
    for path in written:
        with contextlib.suppress(FileNotFoundError):  # a log router's chunk that is on its way
            texts[str(path)] = path.read_text(errors="replace")
    for place, text in {**texts, "a command line": "\n".join(words)}.items():
        assert [name for name, value in secrets.items() if value in text] == [], place


def test_the_aws_apis_describe_the_system_and_run_a_task(miniature: Running) -> None:
    """Over HTTPS: the running tasks, their health, and a new task."""
    environment = json.loads(miniature.project.bonkei("aws", "env", "--json").stdout)
    cloud = miniature.project.status()["cloud"]

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=cloud["url"].replace("http:", "https:"),
            verify=cloud["ca_file"],
            region_name=environment["AWS_REGION"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )

    ecs, elb = client("ecs"), client("elbv2")
    for group in elb.describe_target_groups()["TargetGroups"]:
        found = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        [target] = found["TargetHealthDescriptions"]
        assert target["TargetHealth"] == {"State": "healthy"}
    [cluster] = client("rds").describe_db_clusters()["DBClusters"]
    with socket.create_connection((cluster["Endpoint"], cluster["Port"]), timeout=ANSWER):
        assert cluster["Status"] == "available"
    [arn] = ecs.list_clusters()["clusterArns"]
    families = ecs.list_task_definition_families()["families"]
    [family] = [one for one in families if one.endswith("-backend")]
    command = ["python3", "-c", "import os; raise SystemExit(int(os.environ['CODE']))"]
    override = {"name": "backend", "command": command,
                "environment": [{"name": "CODE", "value": "7"}]}  # fmt: skip
    [task] = ecs.run_task(
        cluster=arn, taskDefinition=family, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        overrides={"containerOverrides": [override]},
    )["tasks"]  # fmt: skip
    waiter = ecs.get_waiter("tasks_stopped")
    waiter.config.delay, waiter.config.max_attempts = 0.2, int(PATIENCE / 0.2)
    waiter.wait(cluster=arn, tasks=[task["taskArn"]])
    [ended] = ecs.describe_tasks(cluster=arn, tasks=[task["taskArn"]])["tasks"]
    [backend] = [one for one in ended["containers"] if one["name"] == "backend"]
    assert (backend["lastStatus"], backend["exitCode"]) == ("STOPPED", 7)


def test_nothing_listens_beyond_loopback(miniature: Running) -> None:

    def sockets(process: psutil.Process) -> list[tuple[str, str, int]]:
        return [
            (process.name(), found.laddr.ip, found.laddr.port)
            for found in process.net_connections(kind="inet")
            if found.status == psutil.CONN_LISTEN
        ]

    listening = {one for found in of_each(miniature, sockets) for one in found}
    ports = {port for _, _, port in listening}
    assert {miniature.project.edge_port, miniature.project.alb_port, 5432} <= ports
    assert len(listening) > 4, "the tasks' own, and Service Connect's"
    beyond = [one for one in listening if not (one[1].startswith("127.") or one[1] == "::1")]
    assert beyond == []


def strange_requests(port: int) -> Iterator[http.client.HTTPResponse]:
    """What a port answers to another user of the machine, a task or a rebound page, who ask for an
    object and for a function. None of them has a signature."""
    headers = {"Host": f"rebound.example:{port}", "Origin": "http://rebound.example"}
    forged = "AWS4-HMAC-SHA256 Credential=1/20200101/eu-west-1/{}/aws4_request, {}"
    end = "SignedHeaders=host, Signature=0"
    functions = "/2015-03-31/functions"
    code = json.dumps({"FunctionName": "f", "Runtime": "python3.12", "Handler": "f.f", "Role": "r",
                       "Code": {"ZipFile": ""}})  # fmt: skip
    for method, path, service, body in (
        ("GET", "/strange/private", "s3", ""),
        ("GET", functions, "lambda", ""),
        ("POST", functions, "lambda", code),
        ("OPTIONS", "/strange/private", "s3", ""),
    ):
        for authorization in ({}, {"Authorization": forged.format(service, end)}):
            asked = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER / 6)
            with contextlib.closing(asked), contextlib.suppress(OSError, http.client.HTTPException):
                asked.request(method, path, body, {**headers, **authorization})
                yield asked.getresponse()


def test_no_port_gives_objects_or_functions_without_a_signature(miniature: Running) -> None:
    """Of no process, with MiniStack among them."""
    s3 = miniature.project.client("s3")
    place = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(Bucket="strange", CreateBucketConfiguration=place)
    s3.put_object(Bucket="strange", Key="private", Body=b"data of the miniature")

    def ports(process: psutil.Process) -> list[int]:
        s3.head_bucket(Bucket="strange")  # MiniStack does not rest meanwhile
        found = process.net_connections(kind="tcp")
        return [each.laddr.port for each in found if each.status == psutil.CONN_LISTEN]

    try:
        words = [" ".join(line) for line in of_each(miniature, psutil.Process.cmdline)]
        assert any("run_ministack.py" in line for line in words)
        listening = {port for found in of_each(miniature, ports) for port in found}
        with ThreadPoolExecutor(len(listening)) as pool:
            answers = dict(
                zip(listening, pool.map(lambda port: [*strange_requests(port)], listening),
                    strict=True)
            )  # fmt: skip
    finally:
        s3.delete_object(Bucket="strange", Key="private")
        s3.delete_bucket(Bucket="strange")
    assert sum(map(len, answers.values())) > 8, "the edge, the load balancer, the endpoint"
    given = [
        (port, answer.status, answer.headers.items())
        for port, found in answers.items()
        for answer in found
        if 200 <= answer.status < 300
        or any(name.lower().startswith("access-control-") for name in answer.headers)
    ]
    assert given == []


def test_a_second_start_is_refused_with_the_first_ones_pid(miniature: Running) -> None:
    outcome = miniature.project.bonkei("up")
    assert outcome.returncode == 1
    assert "already runs" in outcome.stderr
    assert str(miniature.process.pid) in outcome.stderr


def test_the_made_component_is_on_the_page(curled: str, client: httpx.Client) -> None:
    """CloudFront keeps a page for five seconds. The tests above run meanwhile."""
    assert curled
    eventually(lambda: "Curled" in client.get("/").text, "the component is on the page")
    eventually(lambda: "検索" in client.get("/ja/").text, "and on the Japanese page")
    assert client.get("/admin", follow_redirects=True).status_code == 200


def test_an_alarm_reaches_slack_through_topic_and_function(miniature: Running) -> None:
    """Publish → SNS → the real handler from its real package → the inbox that stands for Slack."""
    project = miniature.project
    sns = project.client("sns")
    topics = [one["TopicArn"] for one in sns.list_topics()["Topics"]]
    topic = next(arn for arn in topics if arn.endswith("-alarms"))
    event = ROOT / "tests/program/functions/alarm/events/alarm.json"
    assert sns.publish(TopicArn=topic, Message=event.read_text())["MessageId"]

    name_of_alarm = json.loads(event.read_text())["AlarmName"]

    def message() -> str:
        return next((line for line in project.slack().splitlines() if name_of_alarm in line), "")

    assert "ALARM" in eventually(message, "the alarm is in the inbox", within=WAIT)
    letters = [
        x for x in project.bonkei("slack", "--json").stdout.splitlines() if name_of_alarm in x
    ]
    assert len(letters) == 1
    called = project.status()["functions"]["functions"]  # also by alarms that have become OK
    assert [(one["invocations"] >= 1, one["errors"]) for one in called] == [(True, 0)]
    name = called[0]["name"]
    answer = project.home / "answer.json"
    command = ("aws", "lambda", "invoke", "--function-name", name, "--payload", '{"Records": []}')
    assert project.bonkei(*command, str(answer)).stderr == ""
    assert answer.read_text() == "null"


def test_aws_opens_a_shell_in_a_task(miniature: Running) -> None:
    """The real command, with the miniature's own plugin on the PATH."""
    shell = ("--interactive", "--container", "backend", "--command", "sh -c 'echo port $PORT'")
    place = ("--cluster", "statuspage-development", "--task")
    ecs = miniature.project.client("ecs")
    [task] = ecs.list_tasks(cluster=place[1], serviceName=f"{place[1]}-backend")["taskArns"]
    said = miniature.project.bonkei("aws", "--", "ecs", "execute-command", *place, task, *shell)
    assert re.search(r"\nport \d+\n", said.stdout), said


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_rehearsal_that_is_broken_off_leaves_all_as_it_was(
    miniature: Running, end: signal.Signals
) -> None:
    """A processor in use, messages in a queue, tasks that are more than declared, or suspended.

    Both ends took 82 s together at a load of 8: a service needs a while to be as it was.
    """
    project = miniature.project
    before, rang = as_found(miniature), in_alarm(project)
    assert (before["burners"], before["suspended"], before["letters"]) == (0, 0, 0)
    if end is signal.SIGINT:
        names = ("backend-cpu", "notifier-dead-letters", "frontend-capacity")
    else:
        names = ("backend-unhealthy",)
    command = rehearse(project, *names)
    try:
        if end is signal.SIGINT:
            eventually(lambda: burners(miniature), "a processor is in use")
        else:
            eventually(lambda: suspended(miniature), "tasks are suspended")
        command.send_signal(end)
        assert command.wait(WAIT) != 0
    finally:
        command.kill()
        command.communicate()
    eventually(lambda: as_found(miniature) == before, f"all is as it was: {before}", PATIENCE)
    # An alarm is looked at once a minute.
    eventually(lambda: in_alarm(project) <= rang, "no other alarm rings", PATIENCE, every=0.5)
    eventually(lambda: is_over(project), "another one may begin", PATIENCE)

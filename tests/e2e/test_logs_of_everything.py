"""All logs of the miniature: each request's lines are everywhere, and no secret is anywhere.

The miniature runs once for each router: Bonkei's reader, and a real Fluent Bit if one is on the
PATH or in BONKEI_FLUENT_BIT. The tests read the home after the miniature has stopped.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import over_http
import psycopg
import pytest
from foreground import running
from miniatures import (
    ANSWER,
    Project,
    administrator,
    administrator_password,
    applied_copy,
    eventually,
    removed,
)

from tests.program.frontend.test_hostile import PATHS
from tests.program.marked import MARK, Marks, requests

BINARY = os.environ.get("BONKEI_FLUENT_BIT") or shutil.which("fluent-bit") or ""
METHODS = ("get", "post", "put", "patch", "delete")
OUTAGE = "statuspage-development-outage"
NOT_LOGS = ("environments", "secrets", "images")
"""Folders of a home that hold no output of anything."""


@dataclass
class Story:
    """The requests, and the places of their traces."""

    project: Project
    marks: Marks = field(default_factory=Marks)
    secrets: list[str] = field(default_factory=list)
    slow: str = ""  # the id of a request that waited for the database
    outage: list[str] = field(default_factory=list)  # what Slack got of it
    lines: list[str] = field(default_factory=list)  # of `bonkei up`

    def logs(self, *arguments: str) -> list[dict[str, Any]]:
        said = self.project.bonkei("logs", "--json", *arguments)
        assert said.returncode == 0, said.stderr
        return [json.loads(line) for line in said.stdout.splitlines()]


@pytest.fixture(
    scope="module",
    params=[
        "reader",
        pytest.param(
            "Fluent Bit",
            marks=pytest.mark.skipif(
                not BINARY, reason="no fluent-bit on the PATH or in BONKEI_FLUENT_BIT"
            ),
        ),
    ],
)
def story(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("logs")
    project = applied_copy(folder, tmp_path_factory)
    with (project.folder / "bonkei.toml").open("a") as settings:
        settings.write("\n[monitor]\ntime_factor = 60\n")
        if request.param == "Fluent Bit":
            settings.write(f'\n[log_routers]\nfluent_bit = "{BINARY}"\n')
    story = Story(project)
    with removed(project):
        with running(project) as miniature:
            feed_secrets(story)
            story.slow = wait_for_the_database(story)
            raise_an_alarm(story)
            story.outage = break_the_backend(story)
            miniature.interrupt()
            story.lines = miniature.lines
        yield story


def feed_secrets(story: Story) -> None:
    """Marked secrets through every input of the API, through every form, and around CloudFront."""
    project, marks = story.project, story.marks
    document = over_http.get(f"{project.site}/api/openapi.json", timeout=ANSWER).json()
    found = [
        (
            method.upper(),
            "/".join(str(uuid4()) if p.startswith("{") else p for p in path.split("/")),
        )
        for path, operations in document["paths"].items()
        for method in operations
        if method in METHODS
    ]
    found += [
        (method, path)
        for path in PATHS
        if path.startswith("/admin") and path.isascii() and "%" not in path
        for method in ("GET", "POST")
    ]
    assert len(found) > 50
    with ThreadPoolExecutor(8) as many, httpx.Client(timeout=ANSWER) as client:
        sent = [
            many.submit(client.send, each)
            for method, path in found
            for each in requests(marks, method, f"{project.site}{path}", in_query=False)
        ]
        assert all(each.result().status_code < 500 for each in sent)
    for each in requests(marks, "GET", f"{project.load_balancer}/", in_query=False):
        with httpx.Client(timeout=ANSWER) as client:
            assert client.send(each).status_code == 403
    password = administrator_password(project)
    token = administrator(project)["Authorization"].removeprefix("Bearer ")
    story.secrets += [password, token]


def wait_for_the_database(story: Story) -> str:
    """Request a page whose statement waits for a lock of another session. Returns the request's
    id.

    The backend waits for three seconds. Where this test stood still meanwhile, it asks for another
    page: CloudFront has the error.
    """
    project = story.project
    told = project.bonkei("env", "backend", "--secrets", "--json")
    environment = json.loads(told.stdout)["environment"]
    incidents = over_http.get(f"{project.site}/api/v1/incidents", timeout=ANSWER).json()
    dsn = {
        "host": environment["DATABASE_HOST"], "port": environment["DATABASE_PORT"],
        "dbname": environment["DATABASE_NAME"], "user": environment["DATABASE_USERNAME"],
        "password": environment["DATABASE_PASSWORD"],
    }  # fmt: skip
    for one in next(iter(incidents.values())):
        with psycopg.connect(**dsn) as session:
            answer = answer_of_a_lock(session, f"{project.site}/incidents/{one['id']}")
        if answer.status_code != 503:
            break
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() > 1.1, "it waited"
    return str(answer.headers["x-request-id"])


def answer_of_a_lock(session: psycopg.Connection, url: str) -> httpx.Response:
    with ThreadPoolExecutor(1) as aside:
        session.execute("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE")
        asked = aside.submit(httpx.get, url, timeout=ANSWER)
        waiting = "SELECT pid FROM pg_locks WHERE NOT granted"
        eventually(lambda: session.execute(waiting).fetchone(), "a statement waits")
        time.sleep(1.2)  # longer than log_min_duration_statement
        session.rollback()
        return asked.result()


def raise_an_alarm(story: Story) -> None:
    """Raise an alarm by an ERROR record. Its message to Slack shows recent records."""
    project = story.project
    logs = project.client("logs")
    place = {"logGroupName": "/ecs/statuspage-development/backend", "logStreamName": "ERROR"}
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(**place)
    record = {"level": "ERROR", "message": "for this test"}

    def is_in_slack() -> bool:
        event = {"timestamp": int(time.time() * 1000), "message": json.dumps(record)}
        logs.put_log_events(**place, logEvents=[event])
        return "backend-error" in project.slack()

    eventually(is_in_slack, "an alarm's message", every=0.5)


def break_the_backend(story: Story) -> list[str]:
    """Refuse the backend's connections for a while, and ask on until the outage is over. Returns
    the first line of each message that came to Slack, and its text. The windows of an hour and of
    5 minutes take a minute and 5 seconds here."""
    project = story.project
    before = len(project.slack().splitlines())
    project.bonkei("fault", "start", "refuse", "backend", "--for", "4s")

    def said() -> list[str]:
        letters = map(json.loads, project.slack().splitlines()[before:])
        return [f"{one['body']['text']}\n{one['body']['attachments']}" for one in letters]

    def is_told(words: str) -> bool:
        for number in range(10):
            over_http.get(f"{project.site}/api/v1/incidents?{number}", timeout=ANSWER)
        return any(one.partition("\n")[0].endswith(words) for one in said())

    for words in (f"ALARM: {OUTAGE}", f"Recovered: {OUTAGE}"):
        eventually(lambda words=words: is_told(words), words, every=0.3)
    return said()


def test_an_outage_is_told_once_and_its_end(story: Story) -> None:
    """Several alarms rang: the load balancer's, and windows of the error budget."""
    told = [one.partition("\n")[0] for one in story.outage]
    of_visitors = [one for one in told if re.search("outage|degraded", one)]
    assert of_visitors == [f"<!here> 🔴 Page · ALARM: {OUTAGE}", f"🟢 Recovered: {OUTAGE}"]
    [page] = [one for one in story.outage if "<!here>" in one and OUTAGE in one]
    assert "statuspage-development-availability-5m" in page


def test_the_lines_of_a_request_come_from_every_part(story: Story) -> None:
    """Edge, frontend, backend and PostgreSQL, in one command."""
    found = story.logs("--request", story.slow)
    logs = {record["log"].rpartition("/")[2]: record for record in found}
    assert {"access", "frontend", "backend"} <= logs.keys()
    slow = [r for r in found if r["log"].endswith("postgresql")]
    words = [r["text"] for r in slow]
    assert any("duration:" in text and "SELECT" in text for text in words), database_log(story)
    assert any("FROM incidents" in text for text in words), database_log(story)
    assert all(r["request_id"] == story.slow for r in slow)


def database_log(story: Story) -> str:
    [log] = (story.project.home / "logs").glob("*/postgresql.log")
    return log.read_text()[-5000:]


def test_each_log_is_in_its_declared_place(story: Story) -> None:
    objects = {
        path.relative_to(bucket).as_posix()
        for bucket in (story.project.home / "cloud" / "s3").glob("*/*")
        for path in bucket.rglob("*.gz")
    }
    for start in ("access/backend/", "access/frontend/", "application/backend/", "load-balancer/"):
        assert any(key.startswith(start) for key in objects), (start, objects)
    access = story.logs("backend", "--destination", "s3", "--request", story.slow)
    assert {record["record"]["type"] for record in access} == {"access"}
    waf = ("--group", "aws-waf-logs-statuspage-development", "--filter", '{ $.action = "BLOCK" }')
    assert story.logs(*waf)
    assert not [line for line in story.lines if "NoSuchBucket" in line]
    assert not [line for line in story.lines if "is not written to" in line]


def test_no_secret_is_in_any_sink(story: Story) -> None:
    """Files of every part: CloudWatch's groups, S3's objects (unpacked), routers' buffers,
    PostgreSQL's log and data, the edge's lines, and alarms' messages in the inbox.
    """
    home, looked = story.project.home, []
    for path in sorted(home.rglob("*")):
        place = path.relative_to(home)
        if not path.is_file() or path.is_symlink() or place.parts[0] in NOT_LOGS:
            continue
        data = unpacked(path)
        assert MARK.encode() not in data, (
            place,
            story.marks.found(data.decode("utf-8", "replace")),
        )
        if "pgdata" not in place.parts and place.parts[0] != "terraform":
            assert not [s for s in story.secrets if s.encode() in data], place
        looked.append(place.parts[0])
    assert {"cloud", "inbox", "log-groups", "logs"} <= set(looked), set(looked)


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".gz" or data[:2] == b"\x1f\x8b":
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return data
    return data


def test_the_routers_delivered_every_record(story: Story) -> None:
    """Each record for S3 in the backend's log file is in an object."""

    def delivered() -> bool:
        return bool(story.logs("backend", "--destination", "s3", "-n", "1"))

    eventually(delivered, "an object")
    written = {
        record["text"]
        for record in story.logs("backend")
        if record["log"].endswith("backend/backend")
        and record["record"]
        and record["level"] not in ("ERROR", "FATAL")
    }
    arrived = {
        json.dumps({k: v for k, v in r["record"].items() if k not in ADDED}, ensure_ascii=False)
        for r in story.logs("backend", "--destination", "s3")
    }
    plain = {json.dumps(json.loads(text), ensure_ascii=False) for text in written}
    assert plain - arrived == set()
    assert len(plain) > 50


ADDED = ("date", "container_id", "container_name", "source")
"""Members that the driver and the router add to a record."""

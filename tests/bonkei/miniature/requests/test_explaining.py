"""`bonkei explain` against a real edge: told, sent, compared."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bonkei.cli.observing.explain import render
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.parts.edge.access_hooks import Requests
from bonkei.miniature.requests.asked import Wish
from bonkei.miniature.requests.explaining import RequestWorld, explain
from bonkei.miniature.requests.sending import Sent, cause_of, related
from bonkei.services.edge import AccessRecord
from tests.bonkei.services.edge.definitions import SECRET, stack
from tests.bonkei.services.edge.support import Message, Running, Target, running


def world(edge: Running, requests: Requests, home: Path) -> RequestWorld:
    return RequestWorld(edge.edge, stack, requests.hear, home, home, home / "logs")


async def test_a_request_is_told_sent_and_joined_with_its_lines(tmp_path: Path) -> None:
    requests = Requests()
    logs = tmp_path / "logs" / "web"
    logs.mkdir(parents=True)

    async def reply(
        message: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        line = {"message": "GET /x 200", "request_id": message.get("X-Amzn-Trace-Id")}
        record = json.dumps({**line, "database_ms": 1.5})
        other = json.dumps({"message": "another request", "request_id": "Root=1-2-3"})
        (logs / "web.log").write_text(f"{now} task-1 {record}\n{now} task-1 {other}\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with running(stack(), on_access=requests) as edge, Target(reply) as web:
        await edge.join("web", web)
        asked = world(edge, requests, tmp_path)
        told = await explain(asked, Wish("/x?token=hidden"), sends=False)
        assert web.requests == []
        assert told["was"] is None
        sent = await explain(asked, Wish("/x?token=hidden"), sends=True)
    assert [step["name"] for step in told["steps"]] == [
        "behavior", "cache", "origin", "web_acl", "rule", "target_group", "target",
    ]  # fmt: skip
    assert told["expected"]["targets"] == ["task-1"]
    was = sent["was"]
    assert (was["status"], was["task"], was["retries"], was["differences"]) == (
        200,
        "task-1",
        0,
        [],
    )
    assert [(line["message"], line["database_ms"]) for line in was["lines"]] == [
        ("GET /x 200", 1.5)
    ]
    assert requests._hooks == ()  # no one listens any more
    for shown in (json.dumps([told, sent]), render(told), render(sent)):
        assert SECRET not in shown
        assert "hidden" not in shown
    assert "task-1 answers" in render(told)
    assert "1.5 ms in the database" in render(sent)


@pytest.mark.parametrize(
    ("of_request", "logged", "cause"),
    [
        (
            True,
            {"exception": 'Traceback:\n  File "/app/db.py", line 7, in x\n    y\nOSError: refused'},
            "OSError: refused, /app/db.py:7",
        ),
        (False, {}, "the database is unavailable"),  # logged once, for an earlier request
    ],
)
async def test_the_cause_of_a_503_is_named(
    tmp_path: Path, of_request: bool, logged: dict[str, str], cause: str
) -> None:
    requests = Requests()
    logs = tmp_path / "logs" / "web"
    logs.mkdir(parents=True)

    async def refuse(
        message: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        request = message.get("X-Amzn-Trace-Id") if of_request else "Root=1-2-3"
        words = {"level": "ERROR", "message": "the database is unavailable", "request_id": request}
        (logs / "web.log").write_text(f"{now} task-1 {json.dumps(words | logged)}\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno")

    async with running(stack(), on_access=requests) as edge, Target(refuse) as web:
        await edge.join("web", web)
        sent = await explain(world(edge, requests, tmp_path), Wish("/"), sends=True)
    assert sent["was"]["status"] == 503
    assert f"because: {cause}\n" in render(sent) + "\n"


def test_the_cause_is_that_of_the_service_which_failed_first(tmp_path: Path) -> None:
    """The one that waits for it only says that it has failed."""
    said = {"web": "the backend gives no answer", "api": "the database is unavailable"}
    for name, words in said.items():
        (tmp_path / name).mkdir()
        record = json.dumps({"level": "ERROR", "message": words, "request_id": "Root=1-2-3"})
        line = f"2026-01-01 10:00:0{len(name)}.000 task-{name} {record}\n"
        (tmp_path / name / f"{name}.log").write_text(line)
    own, call = (
        AccessRecord("a", "127.0.0.1", 1, "GET", "/", "h", "", 503, 0, 0, 0.1, task_id=task)
        for task in ("task-web", "task-api")
    )
    assert cause_of(Sent(own, (call,)), tmp_path, begun=0.0) == said["api"]
    assert cause_of(Sent(own), tmp_path, begun=0.0) == said["web"]


async def test_a_503_of_the_load_balancer_names_what_is_missing(tmp_path: Path) -> None:
    requests = Requests()
    async with running(stack(), on_access=requests) as edge:
        sent = await explain(world(edge, requests, tmp_path), Wish("/"), sends=True)
    assert (sent["was"]["status"], sent["was"]["task"]) == (503, "")
    assert "because: no target is registered" in render(sent)


async def test_what_went_another_way_is_named(tmp_path: Path) -> None:
    requests = Requests()
    async with running(stack(), on_access=requests) as edge, Target() as web, Target() as other:
        await edge.join("web", web)
        await edge.join("web", other, "task-2")
        asked = world(edge, requests, tmp_path)
        told = await explain(asked, Wish("/"), sends=False)
        await edge.get("/", kind="distribution")  # takes the turn of the target that was next
        sent = await explain(asked, Wish("/"), sends=True)
        assert told["expected"]["targets"][0] != sent["was"]["task"]
        assert sent["was"]["differences"] == []
        blocked = await explain(asked, Wish(f"http://localhost:{edge.port()}/"), sends=True)
    assert (blocked["was"]["status"], blocked["was"]["blocked_by"]) == (403, "Default_Action")
    (acl,) = (step for step in blocked["steps"] if step["name"] == "web_acl")
    (rule,) = acl["considered"]
    assert (rule["name"], rule["outcome"]) == ("verify", "passed over")
    assert "the header x-origin-verify" in rule["why"]
    assert "missing" in rule["why"]


async def test_a_target_that_never_answers_ends_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.miniature.requests.sending.LONGEST", 0.2)
    requests = Requests()

    async def silent(
        message: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None: ...

    async with running(stack(), on_access=requests) as edge, Target(silent) as web:
        await edge.join("web", web)
        with pytest.raises(MiniatureError, match="no answer within"):
            await explain(world(edge, requests, tmp_path), Wish("/"), sends=True)
    assert requests._hooks == ()


def test_calls_belong_to_a_request_by_its_trace_or_its_id() -> None:
    def record(trace: str, *headers: tuple[bytes, bytes]) -> AccessRecord:
        made = [(name, value, b"") for name, value in headers]
        return AccessRecord(
            "a", "127.0.0.1", 1, "GET", "/", "", "", 200, 0, 0, 0.0, trace_id=trace, headers=made
        )

    trace = "Root=1-5759e988-bd862e3fe1be46a994272793"
    own = record(trace, (b"x-request-id", b"order-4711"))
    calls = [
        record("", (b"x-amzn-trace-id", trace.encode())),
        record("", (b"x-request-id", trace.encode())),
        record("", (b"traceparent", b"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01")),
        record("", (b"x-request-id", b"order-4711")),
    ]
    others = [record(""), record("Root=1-5759e988-bd862e3fe1be46a994272794")]
    assert related(own, [own, *others, *calls]) == tuple(calls)

"""Live Tail as its API page describes it, with a clock that the test sets, and with real
clients.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import aclosing, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.events import Bus
from bonkei.services.ecs.execution.software import ensure_environment
from bonkei.services.logs.api import OPERATIONS
from bonkei.services.logs.api.desk import Desk
from bonkei.services.logs.api.live_tail import start_live_tail
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.live_tails import MOST_SESSIONS, LiveTails
from bonkei.services.logs.logs import Logs, LogsSettings
from bonkei.services.logs.store.log_store import LogStore
from tests.bonkei.services.endpoint.places import Place, serving
from tests.bonkei.services.endpoint.rigs import ENVIRONMENTS

ROOT = Path(__file__).parents[4]
AWSCLI = ROOT / "bonkei" / "services" / "endpoint" / "data" / "awscli.txt"
NOW = 1_700_000_000_000


class Tail:
    """CloudWatch Logs over a store whose events reach its sessions. `tick` lets seconds pass."""

    def __init__(self, directory: Path) -> None:
        self.ticks = asyncio.Semaphore(0)
        self.tails = LiveTails(self._sleep)
        self.store = LogStore(directory, self.tails.arrived, clock=lambda: NOW / 1000)
        self.store.open()
        self.desk = Desk(self.store, "123456789012", "eu-west-1", tails=self.tails)
        for group in ("one", "two"):
            self._create(group)

    async def _sleep(self, _seconds: float) -> None:
        await self.ticks.acquire()

    def _create(self, group: str, **more: Any) -> None:
        OPERATIONS["CreateLogGroup"](self.desk, {"logGroupName": group, **more})
        for stream in ("web/a", "job/b"):
            self.store.create_stream(group, stream)

    def put(self, group: str, stream: str, *messages: str) -> None:
        self.store.put(group, stream, [(NOW, text) for text in messages])

    def start(self, *groups: str, **parameters: Any) -> Any:
        asked = {"logGroupIdentifiers": [self.desk.arn(each) for each in groups], **parameters}
        return start_live_tail(self.desk, asked)["responseStream"]


@pytest.fixture
def tail(tmp_path: Path) -> Tail:
    return Tail(tmp_path)


def messages(update: Mapping[str, Any]) -> list[str]:
    return [each["message"] for each in update["sessionUpdate"]["sessionResults"]]


async def test_each_second_an_update_has_the_new_events(tail: Tail) -> None:
    """ "If no logs are ingested that match … the sessionResults is an empty array"."""
    tail.put("one", "web/a", "before")
    async with aclosing(tail.start("one")) as events:
        started = await anext(events)
        assert started["sessionStart"]["logGroupIdentifiers"] == [tail.desk.arn("one")]
        tail.put("one", "web/a", "first")
        tail.put("two", "web/a", "of another group")
        tail.ticks.release()
        update = await anext(events)
        assert update["sessionUpdate"]["sessionMetadata"] == {"sampled": False}
        [result] = update["sessionUpdate"]["sessionResults"]
        assert result == {
            "logGroupIdentifier": tail.desk.arn("one"),
            "logStreamName": "web/a",
            "message": "first",
            "timestamp": NOW,
            "ingestionTime": NOW,
        }
        tail.ticks.release()
        assert messages(await anext(events)) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"logEventFilterPattern": '{ $.level = "ERROR" }'}, ['{"level":"ERROR"}']),
        ({"logStreamNames": ["job/b"]}, ["job"]),
        ({"logStreamNamePrefixes": ["we"]}, ['{"level":"ERROR"}', "web"]),
    ],
    ids=["pattern", "stream", "prefix"],
)
async def test_only_matching_events_arrive(tail: Tail, wanted: Any, found: list[str]) -> None:
    async with aclosing(tail.start("one", **wanted)) as events:
        await anext(events)
        tail.put("one", "web/a", '{"level":"ERROR"}', "web")
        tail.put("one", "job/b", "job")
        tail.ticks.release()
        assert messages(await anext(events)) == found


async def test_a_flood_is_sampled(tail: Tail) -> None:
    """ "up to 500 log events per second". The update reports whether more have matched."""
    async with aclosing(tail.start("one", "two")) as events:
        await anext(events)
        tail.put("one", "web/a", *(str(n) for n in range(600)))
        tail.ticks.release()
        update = await anext(events)
        assert update["sessionUpdate"]["sessionMetadata"] == {"sampled": True}
        assert messages(update) == [str(n) for n in range(500)]
        tail.put("one", "web/a", "after")
        tail.ticks.release()
        update = await anext(events)
        assert (messages(update), update["sessionUpdate"]["sessionMetadata"]["sampled"]) == (
            ["after"],
            False,
        )


async def test_a_session_ends_after_three_hours(tail: Tail) -> None:
    """ "Live Tail sessions time out after three hours": SessionTimeoutException."""
    for _ in range(3 * 3600):
        tail.ticks.release()
    events = tail.start("one")
    for _ in range(1 + 3 * 3600):
        await anext(events)
    with pytest.raises(LogsError) as ended:
        await anext(events)
    assert ended.value.code == "SessionTimeoutException"


async def test_requests_that_live_tail_refuses(tail: Tail) -> None:
    def refused(*groups: str, **parameters: Any) -> str:
        with pytest.raises(LogsError) as error:
            tail.start(*groups, **parameters)
        return error.value.code

    assert refused() == "InvalidParameterException"
    assert refused("none") == "ResourceNotFoundException"
    assert refused("one", "two", logStreamNames=["web/a"]) == "InvalidParameterException"
    both = {"logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]}
    assert refused("one", **both) == "InvalidParameterException"
    assert refused(logGroupIdentifiers=["one"]) == "InvalidParameterException", "not an ARN"
    assert refused("one", logEventFilterPattern="{ $.a") == "InvalidParameterException"
    tail._create("rare", logGroupClass="INFREQUENT_ACCESS")
    assert refused("rare") == "InvalidOperationException"
    sessions = [tail.start("one") for _ in range(MOST_SESSIONS)]
    for each in sessions:
        await anext(each)
    assert refused("one") == "LimitExceededException"
    await sessions[0].aclose()
    assert tail.start("one")
    for each in sessions[1:]:
        await each.aclose()


# Real clients


class Running:
    """CloudWatch Logs behind an endpoint, and the environment of a command that calls it."""

    def __init__(self, logs: Logs, place: Place) -> None:
        self.place = place
        self.client = place.client("logs")
        self._logs = logs
        person = place.person
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": place.url,
            "AWS_ACCESS_KEY_ID": person.access_key,
            "AWS_SECRET_ACCESS_KEY": person.secret_key,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "PYTHONUNBUFFERED": "1",
        }

    def put(self, message: str) -> None:
        self.client.put_log_events(
            logGroupName="/app",
            logStreamName="one",
            logEvents=[{"timestamp": int(time.time() * 1000), "message": message}],
        )

    def reads(self, *command: str) -> str:
        """The output of a running command until an event and, behind it, a `last` are there. What
        was put before the command listened is not: the first one may be a `last`."""
        process = subprocess.Popen(
            command, env=self.environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        lines: list[str] = []
        done = threading.Event()

        def read() -> None:
            assert process.stdout is not None
            begun = False
            for line in process.stdout:
                lines.append(line)
                begun = begun or "event " in line
                if begun and "last" in line:
                    done.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            for number in range(180):
                self.put(f"event {number}")
                self.put('{"level": "ERROR", "message": "日本"}')
                self.put("last")
                if done.wait(0.5) or process.poll() is not None:
                    break
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            reader.join(60)
            if process.stdout is not None:
                process.stdout.close()
        assert done.is_set(), "".join(lines)
        return "".join(lines)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    logs = Logs(
        Bus(), LogsSettings(home / "groups", "123456789012", home), lambda *_: "", lambda _: None
    )
    with serving({"logs": logs.service}, home) as place:
        logs.start()
        found = Running(logs, place)
        found.client.create_log_group(logGroupName="/app")
        found.client.create_log_stream(logGroupName="/app", logStreamName="one")
        yield found


ARN = "arn:aws:logs:eu-west-1:123456789012:log-group:/app"


def test_aws_logs_start_live_tail(running: Running) -> None:
    environment = asyncio.run(ensure_environment((AWSCLI,), ENVIRONMENTS, lambda _: None))
    aws = str(environment / "bin" / "aws")
    text = running.reads(aws, "logs", "start-live-tail", "--log-group-identifiers", ARN)
    assert "last" in text
    assert '"日本"' in text or "\\u65e5" in text


@cache
def _second_aws() -> str:
    """An `aws` of version 2, which alone has `logs tail`. Empty when it is not on the PATH."""
    found = os.environ.get("BONKEI_AWS_2") or shutil.which("aws")
    if not found:
        return ""
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    return found if re.match(r"aws-cli/2\.", said) else ""


@pytest.mark.skipif(
    "not _second_aws()",  # text is evaluated before the test: `aws` takes a second to start
    reason="`aws logs tail` is only in AWS CLI 2, which no registry of Python packages has: "
    "install it (Debian: apt install awscli), or name it in BONKEI_AWS_2",
)
def test_aws_logs_tail_follow(running: Running) -> None:
    text = running.reads(_second_aws(), "logs", "tail", "/app", "--follow", "--since", "1m")
    assert re.search(r"^20\d\d-.* one event \d+$", text, re.MULTILINE)
    assert "last" in text

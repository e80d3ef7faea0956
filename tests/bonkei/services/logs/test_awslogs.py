"""The awslogs driver: its options, its events, and its behaviour when events are refused.

"Send Amazon ECS logs to CloudWatch" (docs.aws.amazon.com/AmazonECS/latest/developerguide/
using_awslogs.html), "Amazon CloudWatch Logs logging driver" (docs.docker.com/engine/logging/
drivers/awslogs).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from bonkei.base.events import Bus, LogEventsIngested
from bonkei.services.logs.awslogs import driver as module
from bonkei.services.logs.awslogs.batches import batches
from bonkei.services.logs.awslogs.driver import AwsLogsDriver
from bonkei.services.logs.awslogs.multiline import EVENT_BYTES, Joiner, from_datetime_format
from bonkei.services.logs.awslogs.options import AwsLogsOptions, LogDriverError, parse_options
from bonkei.services.logs.errors import LogsError
from bonkei.services.logs.logs import Logs, LogsSettings
from bonkei.services.logs.store.documents import GroupDocument
from bonkei.services.logs.store.limits import InputEvent, judge
from bonkei.services.logs.store.reading import Window

USUAL = {"awslogs-group": "/app", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"}
OPTIONS = parse_options(USUAL)


def test_names_the_stream_by_prefix_container_and_task() -> None:
    assert OPTIONS.stream("nginx", "0123") == "web/nginx/0123"


def test_does_not_block_by_default() -> None:
    """Since June 2025 the default mode is non-blocking, with 10 MB."""
    assert (OPTIONS.blocking, OPTIONS.buffer) == (False, 10 * 1024 * 1024)
    given = parse_options(USUAL | {"mode": "blocking", "max-buffer-size": "4m"})
    assert (given.blocking, given.buffer) == (True, 4 * 1024 * 1024)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"awslogs-grop": "x"}, "unknown log opt 'awslogs-grop'"),
        ({"awslogs-stream-prefix": ""}, "requires option 'awslogs-stream-prefix'"),
        ({"mode": "fast"}, "neither blocking nor"),
        ({"max-buffer-size": "much"}, "is not a size"),
        ({"awslogs-create-group": "yes"}, "neither true nor false"),
        ({"awslogs-multiline-pattern": "("}, "is not a regular expression"),
        (
            {"awslogs-multiline-pattern": "x", "awslogs-datetime-format": "%Y"},
            "at the same time",
        ),
    ],
    ids=["unknown", "missing", "mode", "size", "flag", "pattern", "both"],
)
def test_refuses_options(options: dict[str, str], said: str) -> None:
    with pytest.raises(LogDriverError, match=said):
        parse_options(USUAL | options)


def test_joins_lines_up_to_the_next_match() -> None:
    """The example from the driver's documentation: `awslogs-multiline-pattern=^INFO`."""
    joiner = Joiner(re.compile("^INFO"))
    lines = ["INFO First line", "INFO Message", "  more", "INFO Another", "  more"]
    found = [event for at, line in enumerate(lines) for event in joiner.feed(at, line)]
    assert found == [(0, "INFO First line\n"), (1, "INFO Message\n  more\n")]
    assert list(joiner.finish()) == [(3, "INFO Another\n  more\n")]
    assert not joiner.is_holding


def test_reads_a_format_of_time() -> None:
    pattern = re.compile(from_datetime_format(r"\[%b %d, %Y %H:%M:%S\]".replace("\\", "")))
    assert pattern.search("[May 01, 2017 19:00:01] A message was logged")
    assert not pattern.search("[May 41, 2017 19:00:01]")
    assert re.search(from_datetime_format("%Y-%m-%dT%H:%M:%S%L"), "2026-01-02T03:04:05.678")


def test_cuts_long_lines_between_characters() -> None:
    [*events] = Joiner(None).feed(0, "é" * EVENT_BYTES)
    assert "".join(text for _, text in events) == "é" * EVENT_BYTES
    assert all(len(text.encode()) <= EVENT_BYTES for _, text in events)
    assert list(Joiner(None).feed(0, "")) == []


def test_makes_batches_within_the_limits() -> None:
    events: list[InputEvent] = [(at % 7, "x" * 200) for at in range(25_000)]
    events += [(0, "y" * 260_000)] * 9 + [(90_000_000, "a day later")]
    made = list(batches(events))
    for batch in made:
        taken, rejected = judge(batch, 90_000_000, 0)
        assert len(taken) == len(batch)
        assert not rejected
    assert sum(map(len, made)) == len(events)


class Service:
    """CloudWatch Logs, which a test can set to refuse."""

    def __init__(self) -> None:
        self.refusal = ""
        self.taken: list[str] = []

    def create_group(self, group: str) -> None:
        self._refuse()

    def create_stream(self, group: str, stream: str) -> None:
        self._refuse()

    def put(self, group: str, stream: str, events: Sequence[InputEvent]) -> None:
        self._refuse()
        self.taken += [text for _, text in events]

    def _refuse(self) -> None:
        if self.refusal:
            raise LogsError(self.refusal, "not now")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FLUSH_SECONDS", 0.005)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.005)


async def until(condition: object) -> None:
    async with asyncio.timeout(60):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.002)


@pytest.mark.usefixtures("quick")
async def test_keeps_refused_events_until_they_are_accepted() -> None:
    service, said = Service(), []
    driver = AwsLogsDriver(OPTIONS, "web/nginx/0123", service, said.append)
    driver.open()
    service.refusal = "ServiceUnavailableException"
    for number in range(50):
        driver.write("stdout", 0.0, [str(number)])
    await until(lambda: said)
    assert not service.taken
    service.refusal = ""
    await until(lambda: len(service.taken) == 50)
    assert service.taken == [str(number) for number in range(50)]
    await driver.close()
    assert len(said) == 1, "said once, not at every try"
    assert driver.lost == 0


@pytest.mark.usefixtures("quick")
async def test_drops_events_in_non_blocking_mode_and_waits_in_blocking_mode() -> None:
    service = Service()
    service.refusal = "ServiceUnavailableException"
    small = AwsLogsOptions("/app", "r", "web", buffer=100)
    driver = AwsLogsDriver(small, "s", service, lambda _: None)
    driver.write("stdout", 0.0, ["x" * 60] * 5)
    await asyncio.wait_for(driver.writable(), 60)
    assert driver.lost == 4
    blocking = AwsLogsOptions("/app", "r", "web", buffer=100, blocking=True)
    waiting = AwsLogsDriver(blocking, "s", service, lambda _: None)
    waiting.write("stdout", 0.0, ["y" * 60] * 5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting.writable(), 0.03)
    service.refusal = ""
    await asyncio.wait_for(waiting.writable(), 60)
    assert service.taken.count("y" * 60) == 5
    await driver.close()
    await waiting.close()


@pytest.mark.usefixtures("quick")
async def test_reports_the_loss_when_the_container_ends() -> None:
    service, said = Service(), []
    driver = AwsLogsDriver(OPTIONS, "s", service, said.append)
    driver.open()
    service.refusal = "ServiceUnavailableException"
    driver.write("stdout", 0.0, ["one", "two"])
    await driver.close()
    assert said[-1] == "2 log events of s are lost: not now"


async def test_needs_its_group_and_permission_to_write(tmp_path: Path) -> None:
    denied: set[str] = set()

    def may(role: str, action: str, _resource: str) -> str:
        return f"{role} is not authorized to perform: {action}" if action in denied else ""

    bus, heard = Bus(), []
    bus.subscribe(LogEventsIngested, heard.append)
    logs = Logs(bus, LogsSettings(tmp_path, "123456789012", tmp_path), may, lambda _: None)
    logs.start()
    with pytest.raises(LogDriverError, match="The specified log group does not exist") as caught:
        logs.awslogs(OPTIONS, "nginx", "1", "role")
    assert caught.value.message.startswith("failed to initialize logging driver")
    creating = parse_options(USUAL | {"awslogs-create-group": "true"})
    denied.add("logs:CreateLogGroup")
    with pytest.raises(LogDriverError, match="not authorized to perform: logs:CreateLogGroup"):
        logs.awslogs(creating, "nginx", "1", "role")
    denied.clear()
    driver = logs.awslogs(creating, "nginx", "1", "role")
    denied.add("logs:CreateLogGroup")  # the group is there now
    await logs.awslogs(creating, "nginx", "2", "role").close()
    driver.write("stderr", logs.store.now / 1000, ["hello"])
    await driver.close()
    [event] = logs.store.read("/app", Window())
    assert (event.message, event.position.stream) == ("hello", "web/nginx/1")
    assert [each.log_stream for each in heard] == ["web/nginx/1"]
    again = logs.awslogs(creating, "nginx", "1", "role")
    await again.close()
    logs.store.create_group(GroupDocument("/other", 0))
    assert logs.snapshot().groups == 2

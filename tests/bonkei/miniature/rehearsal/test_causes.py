"""Causes on real processes. Nothing of them remains."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from aws import InMemoryAws

from bonkei.base.aws_service import Principal
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service, ServiceTarget, TaskDefinition
from bonkei.miniature.rehearsal.causes import load
from bonkei.miniature.rehearsal.causes.letters import Letters, take_back
from bonkei.miniature.rehearsal.causes.load import Load
from bonkei.miniature.rehearsal.causes.tasks import MoreTasks, Slow, Suspended, Targets
from bonkei.miniature.rehearsal.values import RehearsalError

SERVICE = Service(
    "s", "arn:aws:ecs:eu-west-1:1:service/main/web", "web",
    "arn:aws:ecs:eu-west-1:1:cluster/main", "arn:d", 1,
    targets=(ServiceTarget("arn:g", "web", 80),),
)  # fmt: skip
BLUEPRINT = Blueprint(task_definitions=(TaskDefinition("t", "arn:d", "web", 1, 256, 256, ()),))


class Tasks:
    """One task with a real process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.guests: list[int] = []

    def snapshot(self) -> Any:
        task = SimpleNamespace(
            id="t", group="service:web", last_status="RUNNING", pids=(("web", self.pid),), memory=0
        )
        return SimpleNamespace(tasks=(task,))

    def count_with(self, _task: str, pid: int) -> None:
        self.guests.append(pid)


@pytest.fixture
def sleeper() -> Any:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


async def is_stopped(process: subprocess.Popen[bytes], *, wanted: bool) -> bool:
    """A signal takes a moment to arrive."""
    for _ in range(3_000):
        if (psutil.Process(process.pid).status() == psutil.STATUS_STOPPED) is wanted:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_suspended_process_continues_whatever_happens(
    sleeper: subprocess.Popen[bytes],
) -> None:
    async def ask() -> None:
        await asyncio.sleep(600)

    slow = Slow(Targets(SERVICE, lambda: Tasks(sleeper.pid)), 30.0, ask)  # type: ignore[arg-type,return-value]
    await slow.begin()
    assert await is_stopped(sleeper, wanted=True)
    await slow.end()
    await slow.end()
    assert await is_stopped(sleeper, wanted=False)


async def test_a_task_that_answered_no_check_is_killed(sleeper: subprocess.Popen[bytes]) -> None:
    suspended = Suspended(Targets(SERVICE, lambda: Tasks(sleeper.pid)))  # type: ignore[arg-type,return-value]
    await suspended.begin()
    await suspended.push()
    assert await is_stopped(sleeper, wanted=True)
    await suspended.end()
    assert sleeper.wait(60) == -signal.SIGKILL


async def test_a_processor_is_really_used_and_released(sleeper: subprocess.Popen[bytes]) -> None:
    tasks = Tasks(sleeper.pid)
    cause = Load("processor", SERVICE, 80.0, lambda: tasks, BLUEPRINT)  # type: ignore[arg-type,return-value]
    await cause.push()
    await cause.push()
    (pid,) = tasks.guests
    process, begun = psutil.Process(pid), time.monotonic()
    while time.monotonic() < begun + 60 and process.cpu_times().user < 0.1:
        await asyncio.sleep(0.05)
    assert process.cpu_times().user >= 0.1  # a fifth of a processor
    await cause.end()
    assert not psutil.pid_exists(pid)


async def test_memory_is_really_allocated(sleeper: subprocess.Popen[bytes]) -> None:
    tasks = Tasks(sleeper.pid)
    cause = Load("memory", SERVICE, 50.0, lambda: tasks, BLUEPRINT)  # type: ignore[arg-type,return-value]
    await cause.push()
    (pid,) = tasks.guests
    end = time.monotonic() + 60
    while psutil.Process(pid).memory_info().rss < 128 * 1024**2 and time.monotonic() < end:
        await asyncio.sleep(0.05)
    assert psutil.Process(pid).memory_info().rss >= 128 * 1024**2
    await cause.end()
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("kind", [["processor", "0.1"], ["memory", "1000"]])
def test_a_load_ends_with_its_starter(kind: list[str]) -> None:
    """Only the starter holds the other end of the load's input, so SIGKILL of the starter closes
    it.
    """
    burner = str(Path(load.__file__).with_name("burner.py"))
    starter = (
        "import subprocess, sys, os, signal\n"
        f"p = subprocess.Popen([sys.executable, '-I', {burner!r}, *{kind!r}],"
        " stdin=subprocess.PIPE)\n"
        "print(p.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", starter], stdout=subprocess.PIPE, check=False)
    pid, end = int(done.stdout), time.monotonic() + 60
    while not has_ended(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert has_ended(pid)


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Queue:
    """A queue that already has a message of another sender."""

    def __init__(self) -> None:
        self.waiting = {"theirs": "not ours"}

    async def call(
        self, _principal: Principal, _service: str, operation: str, given: Mapping[str, Any],
        _region: str = "",
    ) -> Mapping[str, Any]:  # fmt: skip
        if operation == "SendMessage":
            self.waiting["ours"] = given["MessageBody"]
            return {"MessageId": "ours"}
        if operation == "ReceiveMessage":
            return {"Messages": [{"MessageId": m, "ReceiptHandle": m} for m in self.waiting]}
        if operation == "DeleteMessage":
            del self.waiting[given["ReceiptHandle"]]
        return {}


async def test_only_its_own_messages_are_removed() -> None:
    async def look() -> None: ...

    queue = Queue()
    letters = Letters("arn:aws:sqs:eu-west-1:1:dead", 1, queue, look)
    await letters.begin()
    assert set(queue.waiting) == {"theirs", "ours"}
    await letters.end()
    assert set(queue.waiting) == {"theirs"}


async def test_a_message_that_is_on_its_way_when_all_is_broken_off_is_removed() -> None:
    async def look() -> None: ...

    answered = asyncio.Event()

    class Slowly(Queue):
        async def call(
            self, principal: Principal, service: str, operation: str, given: Mapping[str, Any],
            region: str = "",
        ) -> Mapping[str, Any]:  # fmt: skip
            answer = await super().call(principal, service, operation, given, region)
            if operation == "SendMessage":
                await answered.wait()
            return answer

    queue = Slowly()
    letters = Letters("arn:aws:sqs:eu-west-1:1:dead", 1, queue, look)
    begun = asyncio.ensure_future(letters.begin())
    while "ours" not in queue.waiting:
        await asyncio.sleep(0)
    begun.cancel()
    asyncio.get_running_loop().call_later(0.05, answered.set)
    with pytest.raises(asyncio.CancelledError):
        await begun
    await letters.end()
    assert set(queue.waiting) == {"theirs"}


async def test_messages_of_a_killed_process_are_removed_at_the_next_start(tmp_path: Path) -> None:
    async def look() -> None: ...

    queue, journal = Queue(), tmp_path / "letters.json"
    await Letters("arn:aws:sqs:eu-west-1:1:dead", 1, queue, look, journal).begin()
    assert set(queue.waiting) == {"theirs", "ours"}  # and no end: the process was killed
    await take_back(journal, queue)
    assert set(queue.waiting) == {"theirs"}
    assert list(tmp_path.iterdir()) == []
    await take_back(journal, queue)
    queue.waiting["ours"] = "again"
    Path(journal).write_text("{")
    await take_back(journal, queue)
    assert list(tmp_path.iterdir()) == []


async def test_the_number_of_tasks_returns_to_its_old_value() -> None:
    counts: list[int] = []

    class Ecs:
        operations = frozenset({"DescribeServices", "UpdateService"})

        async def answer(self, call: Any) -> Mapping[str, Any]:
            if call.operation == "DescribeServices":
                return {"services": [{"desiredCount": 1}]}
            counts.append(call.parameters["desiredCount"])
            return {}

    more = MoreTasks(SERVICE, 3, InMemoryAws({"ecs": Ecs()}))
    await more.begin()
    await more.end()
    await more.end()
    assert counts == [3, 1]


async def test_a_call_that_nobody_answers_is_reported() -> None:
    aws = InMemoryAws()
    aws.denial = "the miniature does not answer ecs:DescribeServices"
    with pytest.raises(RehearsalError, match="does not answer ecs:DescribeServices"):
        await MoreTasks(SERVICE, 3, aws).begin()

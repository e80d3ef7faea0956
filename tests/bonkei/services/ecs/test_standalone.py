"""Standalone tasks: their results, their helpers, and their ends."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest

from bonkei.blueprint.ecs import Container, ContainerDependency
from bonkei.services.ecs import ContainerOverride, TaskError

from .conftest import definition, pids, until


async def test_a_standalone_task_returns_its_exit_code_and_its_output(tasks, program):
    program("job").write("""
        import os, sys
        print("applying", *sys.argv[1:], flush=True)
        sys.exit(int(os.environ["CODE"]))
    """)
    job = Container("job", "job:1", environment=(("CODE", "3"),), command=("python3", "main.py"))
    task = definition(job, family="job")

    outcome = await tasks.run_task(task, "job", ["python3", "main.py", "migrate"])

    assert outcome.exit_code == 3
    assert outcome.output == ("applying migrate",)
    assert "exit code 3" in outcome.reason
    assert tasks.snapshot().tasks == ()


LINGERING = """
    import os, pathlib, signal, sys, time
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    pathlib.Path(os.environ["HOME"], "ready").touch()
    while not (asked and pathlib.Path("delivered").exists()):
        time.sleep(0.01)
    print("all is delivered", flush=True)
"""
WAITING = """
    import os, time
    while not os.path.exists(os.environ["HOME"] + "/ready"):
        time.sleep(0.01)
    time.sleep(0.5)
    print("done", flush=True)
"""


async def test_a_standalone_tasks_result_does_not_wait_for_its_router(tasks, program, logs):
    router = program("sidecar").write(LINGERING)
    program("job").write(WAITING)
    beside = Container("sidecar", "sidecar:1", stop_timeout=60.0)
    job = Container("job", "job:1", depends_on=(ContainerDependency("sidecar", "START"),))

    outcome = await tasks.run_task(definition(job, beside, family="job"), "job")

    assert (outcome.exit_code, outcome.output) == (0, ("done",))
    [left] = tasks.snapshot().tasks
    assert left.last_status == "STOPPING"
    stopping = asyncio.create_task(tasks.stop())
    done, _ = await asyncio.wait({stopping}, timeout=0.3)
    assert not done, "an end waits for what is left"
    (router.directory / "delivered").touch()
    await stopping
    assert logs.texts("sidecar") == ["all is delivered"]
    assert (tasks.snapshot().tasks, tasks.snapshot().stopped) == ((), ())


async def test_a_helpers_end_is_not_the_end_of_its_task(tasks, program):
    ready = "import os; print('helped', flush=True); open(os.environ['HOME'] + '/ready', 'w')"
    program("sidecar").write(ready)
    program("job").write(WAITING)
    helper = Container("sidecar", "sidecar:1", essential=False)
    task = definition(Container("job", "job:1"), helper, family="job")

    outcome = await tasks.run_task(task, "sidecar")

    assert (outcome.exit_code, outcome.output) == (0, ("helped", "done"))
    assert outcome.reason == "Essential container in task exited"
    assert tasks.snapshot().tasks == ()


async def test_an_ended_task_without_a_waiter_can_still_be_described(tasks, program, monkeypatch):
    program("job").write("import os, sys; sys.exit(int(os.environ['CODE']))")
    job = Container("job", "job:1", environment=(("CODE", "3"),), command=("python3", "main.py"))
    override = ContainerOverride("job", environment=(("CODE", "4"),))

    task_id = tasks.start_task(definition(job, family="job"), [override], "me")

    [running] = tasks.snapshot().tasks
    assert (running.id, running.group, running.started_by) == (task_id, "family:job", "me")
    while tasks.snapshot().tasks:
        await asyncio.sleep(0.01)
    [ended] = tasks.snapshot().stopped
    assert (ended.id, ended.last_status) == (task_id, "STOPPED")
    assert [(one.name, one.status, one.exit_code) for one in ended.containers] == [
        ("job", "STOPPED", 4)
    ]
    assert ended.created_at <= ended.started_at <= ended.stopped_at
    assert ended.failed
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 28_800)  # the machine has slept
    assert tasks.snapshot().stopped == (ended,)
    with pytest.raises(TaskError, match="has no container x"):
        tasks.start_task(definition(job, family="job"), [ContainerOverride("x")])


async def test_a_job_whose_router_is_killed_has_not_failed(tasks, program):
    """The router is essential, too, and ends by ECS's signal."""
    program("sidecar").write("import signal; signal.pause()")
    program("job").write("pass")
    router = Container("sidecar", "sidecar:1", stop_timeout=1.0)
    job = Container("job", "job:1", depends_on=(ContainerDependency("sidecar", "START"),))
    tasks.start_task(definition(job, router, family="job"))
    await until(lambda: tasks.snapshot().stopped)
    [ended] = tasks.snapshot().stopped
    codes = {one.name: one.exit_code for one in ended.containers}
    assert codes["job"] == 0
    assert codes["sidecar"]
    assert not ended.failed


async def test_a_standalone_task_that_cannot_run_says_why(tasks, program):
    with pytest.raises(TaskError, match="no directory is configured"):
        await tasks.run_task(definition(Container("x", "x:1")), "x", ["true"])
    with pytest.raises(TaskError, match="has no container y"):
        await tasks.run_task(definition(Container("x", "x:1")), "y", ["true"])
    with pytest.raises(TaskError, match="no task definition"):
        await tasks.run_task("arn:unknown", "x", ["true"])


async def test_a_cancelled_standalone_task_is_stopped(tasks, program, logs):
    program("job").write("import time; print('ready', flush=True); time.sleep(600)")
    job = asyncio.create_task(tasks.run_task(definition(Container("job", "job:1")), "job"))
    await until(lambda: logs.texts("job"))
    [pid] = pids(tasks)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    await until(lambda: not psutil.pid_exists(pid))

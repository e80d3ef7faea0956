"""Real processes: their start, their environment, and no leftovers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from bonkei.blueprint.service import Container, ContainerDependency, ContainerHealthCheck
from bonkei.events import DeploymentStateChanged, TargetRegistered, TaskStateChanged
from bonkei.tasks import ContainerOverride, TaskError, Tasks, TaskSettings
from bonkei.tasks.logs import MemoryLogSink

from .conftest import SERVER, TARGETS, blueprint, definition, service, web_container

ROOT = Path(__file__).parents[3]
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:web-AbCdEf"


async def steady(tasks: Tasks) -> None:
    await asyncio.wait_for(tasks.steady(), 60)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


def pids(tasks: Tasks) -> set[int]:
    return {pid for task in tasks.snapshot().tasks for _, pid in task.pids}


async def test_a_service_serves_and_stops_in_ecs_order(tasks, edge, logs, web):
    await tasks.reconcile(blueprint(definition(web_container()), targets=TARGETS))
    await steady(tasks)

    [registered] = edge.of(TargetRegistered)
    await until(lambda: logs.texts("web"))
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        response = await client.get(f"http://127.0.0.1:{registered.endpoint.port}/")
    assert response.text == "ok"
    [task] = tasks.snapshot().tasks
    assert len(task.id) == 32
    assert task.last_status == "RUNNING"
    assert task.memory > 1_000_000
    [(_, pid)] = task.pids

    await tasks.stop()

    assert not psutil.pid_exists(pid)
    assert logs.texts("web")[-1] == "terminated"
    statuses = [event.last_status for event in edge.of(TaskStateChanged)]
    assert list(dict.fromkeys(statuses)) == [
        "PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING", "STOPPING", "STOPPED",
    ]  # fmt: skip
    states = [event.rollout_state for event in edge.of(DeploymentStateChanged)]
    assert states == ["IN_PROGRESS", "COMPLETED"]


async def test_other_services_stay_when_one_is_restarted(tasks, web):
    """A restart of one service does not apply changes to the others."""
    wanted = blueprint(definition(web_container()))
    await tasks.reconcile(wanted)
    await steady(tasks)
    before = pids(tasks)
    with (web.directory / "Dockerfile").open("a") as dockerfile:
        dockerfile.write("ENV LATER=1\n")
    await tasks.reconcile(wanted, only=["arn:of:another"])
    assert len(tasks.snapshot().services[0].deployments) == 1
    assert pids(tasks) == before
    await tasks.reconcile(wanted, only=[wanted.services[0].arn])
    await steady(tasks)
    assert not pids(tasks) & before


async def test_a_new_revision_replaces_the_tasks_one_by_one(tasks, edge, web):
    first = definition(web_container())
    await tasks.reconcile(blueprint(first, desired=2, targets=TARGETS))
    await steady(tasks)
    before = pids(tasks)

    second = definition(web_container(environment=(("LEVEL", "debug"),)), revision=2)
    await tasks.reconcile(blueprint(second, desired=2, targets=TARGETS))
    await steady(tasks)

    after = pids(tasks)
    assert len(after) == 2
    assert not before & after
    for pid in after:  # a process that is still becoming its program shows no environment
        await until(lambda pid=pid: psutil.Process(pid).environ().get("LEVEL") == "debug")
    [shown] = tasks.snapshot().services
    assert [d.task_definition for d in shown.deployments] == ["web:2"]


async def test_the_environment_has_the_declared_variables_and_no_others(
    tasks, web, vault, monkeypatch
):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the supervisor")
    # A wrapper for `python3` (pyenv's) adds more variables.
    directory = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    vault.put(SECRET, '{"password": "hunter2"}')
    (web.directory / "Dockerfile").write_text(
        "FROM python\nWORKDIR /app\nENV MODE=image PATH=/app/bin:$PATH DATA=/app/data\nEXPOSE 80\n"
        'CMD ["python3", "main.py"]\n'
    )
    container = web_container(
        environment=(("MODE", "task"), ("PEER", "http://localhost:8000/x")),
        secrets=(("PASSWORD", f"{SECRET}:password::"),),
    )
    await tasks.reconcile(blueprint(definition(container)))
    await steady(tasks)

    [pid] = pids(tasks)
    process = psutil.Process(pid)
    await until(lambda: "main.py" in process.cmdline())
    environment = process.environ()
    assert environment["MODE"] == "task"
    assert environment["PASSWORD"] == "hunter2"
    assert environment["HOST"] == "127.0.0.1"
    assert environment["PEER"] == f"http://127.0.0.1:{environment['PORT']}/x"
    assert environment["PATH"].startswith(f"{web.directory}/bin:")
    assert environment["DATA"] == f"{web.directory}/data"
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["HOME"].startswith(str(web.directory.parent / "home"))
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert "ECS_CONTAINER_METADATA_URI_V4" not in environment
    assert "hunter2" not in " ".join(process.cmdline())


async def test_a_missing_secret_is_the_reason_of_the_task(tasks, web):
    container = web_container(secrets=(("PASSWORD", f"{SECRET}:password::"),))
    await tasks.reconcile(blueprint(definition(container)))
    await until(lambda: tasks.snapshot().stopped)
    assert tasks.snapshot().stopped[0].reason.startswith("ResourceInitializationError")


async def test_a_missing_program_is_reported(tasks, web):
    (web.directory / "Dockerfile").write_text('FROM node\nCMD ["no-such-program", "x"]\n')
    await tasks.reconcile(blueprint(definition(web_container())))
    await until(lambda: tasks.snapshot().stopped)
    assert "no-such-program was not found" in tasks.snapshot().stopped[0].reason


async def test_health_checks_run_in_the_containers_environment(tasks, web):
    fetch = "import urllib.request as r; r.urlopen('http://localhost:8000/')"
    line = f'test "$MODE" = healthy && python3 -c "{fetch}"'
    check = ContainerHealthCheck(("CMD-SHELL", line), interval=1, timeout=10)
    container = web_container(environment=(("MODE", "healthy"),), health_check=check)
    await tasks.reconcile(blueprint(definition(container)))
    await steady(tasks)
    [task] = tasks.snapshot().tasks
    assert task.health == "HEALTHY"


async def test_a_process_that_ignores_sigterm_is_killed_with_its_children(tasks, program):
    program("web").write("""
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("ready", flush=True)
        time.sleep(600)
    """)
    await tasks.reconcile(blueprint(definition(web_container(stop_timeout=0.5))))
    await steady(tasks)
    [pid] = pids(tasks)
    await until(lambda: psutil.Process(pid).children())
    family = [pid, *(child.pid for child in psutil.Process(pid).children())]

    await tasks.stop()

    await until(lambda: not any(map(psutil.pid_exists, family)))


async def test_the_images_stop_signal_is_sent(tasks, program, logs):
    directory = (
        program("web")
        .write("""
        import os, signal, time
        signal.signal(signal.SIGQUIT, lambda *_: (os.write(1, b"quit\\n"), os._exit(0)))
        os.write(1, b"ready\\n")
        time.sleep(600)
    """)
        .directory
    )
    with (directory / "Dockerfile").open("a") as file:
        file.write("STOPSIGNAL SIGQUIT\n")
    await tasks.reconcile(blueprint(definition(web_container())))
    await until(lambda: logs.texts("web"))
    await tasks.stop()
    assert logs.texts("web") == ["ready", "quit"]


async def test_a_crashed_container_is_restarted(tasks, web):
    await tasks.reconcile(blueprint(definition(web_container())))
    await steady(tasks)
    [before] = pids(tasks)
    os.kill(before, signal.SIGKILL)
    await until(lambda: before not in pids(tasks) and pids(tasks))
    assert "exit code 137" in tasks.snapshot().stopped[-1].reason


async def test_a_deployment_whose_tasks_exit_is_rolled_back_while_the_old_ones_serve(
    tasks, edge, program
):
    leaving = 'import os, sys\nif os.environ.get("BROKEN"):\n    sys.exit(7)\n'
    program("web").write(leaving + textwrap.dedent(SERVER))
    wanted = {"desired": 2, "circuit_breaker": True, "circuit_breaker_rollback": True}
    fetch = "import urllib.request as r; r.urlopen('http://localhost:8000/')"
    check = ContainerHealthCheck(("CMD", "python3", "-c", fetch), interval=1, timeout=10)
    first = definition(web_container(health_check=check))
    await tasks.reconcile(blueprint(first, targets=TARGETS, **wanted))
    await steady(tasks)
    serving = pids(tasks)

    broken = definition(
        web_container(health_check=check, environment=(("BROKEN", "1"),)), revision=2
    )
    await tasks.reconcile(blueprint(broken, targets=TARGETS, **wanted))
    await steady(tasks)

    assert pids(tasks) == serving
    [shown] = tasks.snapshot().services
    assert shown.failure == (
        "ECS deployment circuit breaker: tasks failed to start. The last one: "
        "Essential container in task exited (web: exit code 7). Rolled back to web:1."
    )
    assert [(d.task_definition, d.rollout_state) for d in shown.deployments] == [
        ("web:1", "COMPLETED"), ("web:2", "FAILED"),
    ]  # fmt: skip
    rollouts = [event.rollout_state for event in edge.of(DeploymentStateChanged)]
    assert rollouts[2:] == ["IN_PROGRESS", "FAILED", "IN_PROGRESS", "COMPLETED"]


async def test_a_container_that_cannot_run_is_left_out_and_reported(tasks, web, edge):
    router = Container("router", "fluent-bit:3", health_check=ContainerHealthCheck(("CMD", "x")))
    app = replace(web_container(), depends_on=(ContainerDependency("router", "HEALTHY"),))
    await tasks.reconcile(blueprint(definition(router, app), targets=TARGETS))
    await steady(tasks)
    notes = {note.subject: note.text for note in tasks.snapshot().notes}
    text = notes["service web, container router"]
    assert text.startswith("left out: essential; no directory is configured")
    assert text.endswith("the dependsOn of web counts as met")


async def test_a_service_whose_target_cannot_run_is_not_run_and_the_others_are(tasks, web):
    good = definition(web_container())
    other = definition(replace(web_container(), name="unknown"), family="other")
    lost = replace(
        service(other), arn="other", name="other",
        targets=(replace(TARGETS[0], container_name="unknown"),),
    )  # fmt: skip
    wanted = blueprint(good)
    await tasks.reconcile(
        replace(wanted, services=(*wanted.services, lost), task_definitions=(good, other))
    )
    await steady(tasks)
    notes = {note.subject: note.text for note in tasks.snapshot().notes}
    assert notes["service other"].startswith("not run: unknown: ")
    assert [task.group for task in tasks.snapshot().tasks] == ["service:web"]


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
    import pathlib, signal, sys, time
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    pathlib.Path("ready").touch()
    while not (asked and pathlib.Path("delivered").exists()):
        time.sleep(0.01)
    print("all is delivered", flush=True)
"""
WAITING = """
    import os, time
    while not os.path.exists("READY"):
        time.sleep(0.01)
    time.sleep(0.5)
    print("done", flush=True)
"""


async def test_a_standalone_tasks_result_does_not_wait_for_its_router(tasks, program, logs):
    router = program("sidecar").write(LINGERING)
    program("job").write(WAITING.replace("READY", str(router.directory / "ready")))
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
    beside = program("sidecar").write("print('helped', flush=True); open('ready', 'w')")
    program("job").write(WAITING.replace("READY", str(beside.directory / "ready")))
    helper = Container("sidecar", "sidecar:1", essential=False)
    task = definition(Container("job", "job:1"), helper, family="job")

    outcome = await tasks.run_task(task, "sidecar")

    assert (outcome.exit_code, outcome.output) == (0, ("helped", "done"))
    assert outcome.reason == "Essential container in task exited"
    assert tasks.snapshot().tasks == ()


async def test_an_ended_task_without_a_waiter_can_still_be_described(tasks, program):
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
    with pytest.raises(TaskError, match="has no container x"):
        tasks.start_task(definition(job, family="job"), [ContainerOverride("x")])


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


async def test_a_stop_while_tasks_start_leaves_nothing(tasks, web, tmp_path):
    await tasks.reconcile(blueprint(definition(web_container()), desired=4))
    await asyncio.sleep(0.05)
    await tasks.stop()
    assert not (tmp_path / "home" / "tasks").exists() or not any(
        (tmp_path / "home" / "tasks").iterdir()
    )
    assert not any((tmp_path / "home" / "processes" / "tasks").iterdir())


FORKING = """
    import subprocess, sys, time
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_no_process_outlives_a_killed_supervisor(program, tmp_path, number):
    directory = program("web").write(FORKING).directory
    script = Path(__file__).with_name("supervisor.py")
    supervisor = subprocess.Popen(
        [sys.executable, script, ROOT, tmp_path / "home", directory],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with supervisor:
        try:
            assert supervisor.stdout is not None
            line = await asyncio.to_thread(supervisor.stdout.readline)
            assert line == "ready\n"
            root = psutil.Process(supervisor.pid)
            # Two tasks, a child each, and the watchdog.
            await until(lambda: len(root.children(recursive=True)) >= 5)
            family = root.children(recursive=True)
            supervisor.send_signal(number)
            await asyncio.to_thread(supervisor.wait, 60)
        finally:
            supervisor.kill()

    _, alive = await asyncio.to_thread(psutil.wait_procs, family, 60)
    assert not alive


async def test_the_next_start_ends_survivors_of_supervisor_and_watchdog(
    program, tmp_path, bus, vault
):
    home = tmp_path / "home"
    leftover = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    ledger = home / "processes" / "tasks"
    ledger.mkdir(parents=True)
    (ledger / str(leftover.pid)).write_text(f"{psutil.Process(leftover.pid).create_time()}\n")
    (ledger / str(stranger.pid)).write_text("1.0\n")  # another process had this pid

    directory = program("web").write(SERVER).directory
    manager = Tasks(bus, vault, TaskSettings(home, {"web": directory}), logs=MemoryLogSink())
    await manager.reconcile(blueprint(definition(web_container())))
    try:
        assert await asyncio.to_thread(leftover.wait, 60) == -signal.SIGKILL
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        await manager.stop()

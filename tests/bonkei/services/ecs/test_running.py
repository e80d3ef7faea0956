"""Real processes of services: their start, their environment, their replacement."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from bonkei.base.events import DeploymentStateChanged, TargetRegistered, TaskStateChanged
from bonkei.blueprint.ecs import Container, ContainerDependency, ContainerHealthCheck

from .conftest import (
    SERVER,
    TARGETS,
    blueprint,
    definition,
    pids,
    service,
    steady,
    until,
    web_container,
)

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:web-AbCdEf"


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


@pytest.mark.parametrize(
    ("named", "remedy"),
    [("no-such-program", "so that it is on the PATH"), ("/no-such", "`prepare` and `command`")],
    ids=["by name", "by path"],
)
async def test_a_missing_program_is_reported(tasks, web, named, remedy):
    (web.directory / "Dockerfile").write_text(f'FROM node\nCMD ["{named}", "x"]\n')
    await tasks.reconcile(blueprint(definition(web_container())))
    await until(lambda: tasks.snapshot().stopped)
    reason = tasks.snapshot().stopped[0].reason
    assert f"{named} was not found" in reason
    assert remedy in reason


async def test_health_checks_run_in_the_containers_environment(tasks, web):
    fetch = "import urllib.request as r; r.urlopen('http://localhost:8000/')"
    line = f'test "$MODE" = healthy && python3 -c "{fetch}"'
    check = ContainerHealthCheck(("CMD-SHELL", line), interval=1, timeout=10)
    container = web_container(environment=(("MODE", "healthy"),), health_check=check)
    await tasks.reconcile(blueprint(definition(container)))
    await steady(tasks)
    [task] = tasks.snapshot().tasks
    assert task.health == "HEALTHY"


@pytest.mark.parametrize("is_confined", [True, False])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_health_check_finds_the_port_by_bash(tasks, web, monkeypatch, host, is_confined):
    """Without curl, images use /dev/tcp, also where the kernel does not translate ports."""

    async def is_possible(_trial: object) -> bool:
        return is_confined

    monkeypatch.setattr("bonkei.base.processes.roots.Trial.is_possible", is_possible)
    if not is_confined:
        monkeypatch.setattr("bonkei.base.processes.roots.Switchboard.ports_of", lambda *_: "")
    line = f"timeout 1 bash -c '</dev/tcp/{host}/8000' || exit 1"
    check = ContainerHealthCheck(("CMD-SHELL", line), interval=5, timeout=5, retries=3)
    await tasks.reconcile(blueprint(definition(web_container(health_check=check))))
    await until(lambda: [task.health for task in tasks.snapshot().tasks] == ["HEALTHY"])


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


async def test_the_exception_that_ends_a_task_is_in_the_deployments_reason(tasks, program):
    main = program("web").write("import os\n\nos.environ['PORTS']\n").directory / "main.py"
    await tasks.reconcile(blueprint(definition(web_container())))
    await until(lambda: tasks.snapshot().services[0].deployments[0].reason)
    [shown] = tasks.snapshot().services
    assert shown.deployments[0].reason.endswith(f"(web: exit code 1, KeyError: 'PORTS', {main}:3)")


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

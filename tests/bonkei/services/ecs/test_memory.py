"""A task has the memory that its definition gives it, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.blueprint.ecs import FirelensConfiguration
from bonkei.miniature.parts.ecs import described
from bonkei.services.ecs.api import descriptions
from bonkei.services.ecs.execution import memory
from bonkei.services.ecs.execution.memory import Look, Watched, look, victim

from .conftest import blueprint, definition, steady, until, web_container

pytestmark = pytest.mark.skipif(not memory.IS_LIMITED, reason="only Linux says it without root")

MIB = 2**20
REASON = "OutOfMemoryError: Container killed due to memory usage"
SMALL, LARGE = web_container(memory=100), replace(web_container(), name="large")
HOLDS = """
import os, sys
held = bytearray(os.urandom(1)) * (int(sys.argv[1]) << 20)
for _ in range(int(sys.argv[2])):
    if os.fork() == 0:
        break
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("used", "beside", "expected"),
    [
        ({"web": 100, "large": 400}, 12, None),
        ({"web": 101, "large": 100}, 0, "web"),
        ({"web": 100, "large": 413}, 0, "large"),
        ({"web": 90, "large": 80}, 343, "web"),
        ({"large": 512}, 0, None),
        ({}, 600, None),
    ],
)
def test_the_kernel_would_kill_this_container(
    used: dict[str, int], beside: int, expected: str | None
) -> None:
    task = definition(SMALL, LARGE)  # of 512 MiB
    found = victim(task, {name: size * MIB for name, size in used.items()}, beside * MIB)
    assert found == expected


def test_a_task_without_a_size_has_no_limit() -> None:
    task = replace(definition(LARGE), memory=0)
    assert victim(task, {"large": 10**12}) is None


@pytest.mark.parametrize(
    ("size", "forks", "expected"),
    [
        (40, 0, Look()),
        (85, 0, Look(is_near=True)),
        (60, 3, Look(is_near=True)),  # four processes that share 60 MiB have 60 MiB
        (120, 0, Look((("t", "web"),), is_near=True)),
    ],
)
def test_shared_memory_counts_once(size: int, forks: int, expected: Look) -> None:
    with subprocess.Popen(
        [sys.executable, "-IS", "-c", HOLDS, str(size), str(forks)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for _ in range(forks + 1):
            process.stdout.readline()
        watched = Watched("t", definition(SMALL), {"web": process.pid})
        found = look([watched, Watched("gone", definition(SMALL), {"web": 2**22 - 1})])
        os.killpg(process.pid, 9)
    assert found == expected


GROWS = """
import http.server, os, threading, time
if not os.path.exists("small"):
    def grow():
        held = []
        while True:
            held.append(os.urandom(4 << 20))
            time.sleep(0.02)
    threading.Thread(target=grow, daemon=True).start()
address = (os.environ["HOST"], int(os.environ.get("PORT", 0)))
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""


async def test_a_task_over_its_memory_is_killed_and_replaced(tasks, program) -> None:
    web = program("web").write(GROWS)
    task = replace(definition(web_container()), memory=128)
    await tasks.reconcile(blueprint(task))
    await until(lambda: tasks.snapshot().stopped)
    ended = tasks.snapshot().stopped[0]
    (container,) = ended.containers
    assert (container.exit_code, container.reason) == (137, REASON)
    assert ended.reason == f"{REASON} (web: exit code 137)"
    told = descriptions.task(described.task(ended, "arn:aws:ecs:r:1:cluster/c", task.arn))
    assert told["stoppedReason"].startswith(REASON)
    assert told["stopCode"] == "EssentialContainerExited"
    assert [(c["exitCode"], c["reason"]) for c in told["containers"]] == [(137, REASON)]
    (Path(web.directory) / "small").touch()
    await steady(tasks)
    await until(lambda: any(each.last_status == "RUNNING" for each in tasks.snapshot().tasks))


async def test_a_container_that_is_not_essential_ends_alone(
    tasks, program: Callable[[str], object], web
) -> None:
    program("sidecar").write(GROWS)
    side = replace(web_container(memory=64), name="sidecar", essential=False, port_mappings=())
    router = replace(side, name="router", firelens=FirelensConfiguration("fluentbit"))
    assert victim(definition(router), {"router": 65 * MIB}) == "router"
    await tasks.reconcile(blueprint(definition(web_container(), side)))
    await until(
        lambda: (
            [c.reason for t in tasks.snapshot().tasks for c in t.containers if c.reason] == [REASON]
        )
    )
    assert tasks.snapshot().stopped == ()

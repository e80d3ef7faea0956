"""Tasks read their files again: which processes get SIGHUP, and which output returns."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, Service, TaskDefinition
from bonkei.config import Config
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.rollout import refresh as rig
from bonkei.miniature.rollout.refresh import refresh, rereading
from bonkei.services.ecs import TasksSnapshot
from bonkei.services.ecs.snapshot import TaskSnapshot

SERVICE = Service("s", "arn", "app-web", "c", "td", 1)
ANSWERS = """
import signal, sys
def again(*_):
    print("2026-01-01T00:00:00.000Z TASK read again", file=open(sys.argv[1], "a"), flush=True)
signal.signal(signal.SIGHUP, again)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    log = tmp_path / "app-web" / "web.log"
    log.parent.mkdir()
    log.write_text("2026-01-01T00:00:00.000Z TASK before\n")
    process = subprocess.Popen(
        [sys.executable, "-c", ANSWERS, str(log)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def tasks(pid: int, group: str = "service:app-web", container: str = "web") -> TasksSnapshot:
    pids = ((container, pid), ("router", 2**22 + 1))
    task = TaskSnapshot("TASK", group, "web:1", "RUNNING", "", "", "", pids, None, 0, 0)
    return TasksSnapshot((), (task,), (), ())


async def test_the_programs_output_is_returned(
    program: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig, "_SILENT", 60.0)
    lines = await refresh(SERVICE, tasks(program.pid), {"web"}, tmp_path)
    assert lines == ["2026-01-01T00:00:00.000Z TASK read again"]


async def test_a_silent_program_delays_only_for_a_moment(
    program: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig, "_SILENT", 0.1)
    (tmp_path / "app-web" / "web.log").unlink()
    (tmp_path / "app-web").rmdir()
    assert await refresh(SERVICE, tasks(program.pid), {"web"}, tmp_path) == []
    assert program.poll() is not None or program.wait(60) is not None


async def test_the_line_of_a_request_is_no_answer(
    program: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A health check comes while the program has not noticed the signal yet."""
    monkeypatch.setattr(rig, "_SILENT", 60.0)
    log = tmp_path / "app-web" / "web.log"
    program.send_signal(signal.SIGSTOP)
    asked = asyncio.create_task(refresh(SERVICE, tasks(program.pid), {"web"}, tmp_path))
    await asyncio.sleep(0.05)
    with log.open("a") as file:
        file.write('2026-01-01T00:00:00.000Z TASK {"status": 503, "request_id": "1-6"}\n')
    done, _ = await asyncio.wait({asked}, timeout=0.3)
    assert not done
    program.send_signal(signal.SIGCONT)
    assert await asked == ["2026-01-01T00:00:00.000Z TASK read again"]


async def test_a_program_that_does_not_get_the_processor_is_awaited(
    program: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig, "_SILENT", 0.1)
    program.send_signal(signal.SIGSTOP)
    asked = asyncio.create_task(refresh(SERVICE, tasks(program.pid), {"web"}, tmp_path))
    done, _ = await asyncio.wait({asked}, timeout=0.5)
    assert not done, "it is not silent"
    program.send_signal(signal.SIGCONT)
    assert await asked == ["2026-01-01T00:00:00.000Z TASK read again"]


@pytest.mark.parametrize(
    ("group", "container"), [("service:app-other", "web"), ("service:app-web", "sidecar")]
)
async def test_no_other_process_gets_the_signal(
    program: subprocess.Popen[str], tmp_path: Path, group: str, container: str
) -> None:
    with pytest.raises(MiniatureError, match="no container of app-web"):
        await refresh(SERVICE, tasks(program.pid, group, container), {"web"}, tmp_path)
    assert "again" not in (tmp_path / "app-web" / "web.log").read_text()


async def test_an_ended_process_is_no_error(tmp_path: Path) -> None:
    with pytest.raises(MiniatureError, match="no container of app-web"):
        await refresh(SERVICE, tasks(2**22 + 1), {"web"}, tmp_path)


@pytest.mark.parametrize(
    ("keys", "again", "names"),
    [
        (["web"], ["web"], {"web"}),
        (["shop/web"], ["shop/web"], {"web"}),
        (["web", "shop/web"], ["web"], set()),  # the folder of another family's
        (["web"], [], set()),
    ],
)
def test_the_containers_that_read_again_are_named_as_in_the_settings(
    tmp_path: Path, keys: list[str], again: list[str], names: set[str]
) -> None:
    containers = (Container("web", "web:1"), Container("router", "router:1"))
    definition = TaskDefinition("d", "td", "prod-shop", 1, 1, 1, containers)
    settings = Config(
        tmp_path / "bonkei.toml", tmp_path, tmp_path, tmp_path,
        containers=dict.fromkeys(keys, tmp_path), read_again=dict.fromkeys(again, (tmp_path,)),
    )  # fmt: skip
    blueprint = Blueprint(task_definitions=(definition,))
    service = replace(SERVICE, task_definition_arn="td")
    assert rereading(service, blueprint, settings) == names

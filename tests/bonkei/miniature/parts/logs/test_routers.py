"""A task with its log router, as the miniature runs it: real processes, and a double of AWS."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import log_routers
import pytest

from bonkei.base.events import Bus
from bonkei.base.vault import MemoryVault
from bonkei.blueprint.ecs import (
    Container,
    ContainerDependency,
    ContainerHealthCheck,
    FirelensConfiguration,
    LogConfiguration,
    TaskDefinition,
)
from bonkei.miniature.parts.logs.routers import LogRouters
from bonkei.services.ecs import RouterStart, Tasks, TaskSettings
from bonkei.services.ecs.built import Built, BuiltFiles, nothing_is_built
from bonkei.services.logs.router.errors import RouterError
from tests.bonkei.services.ecs.log_lines import MemoryLogSink

SHIPPED = Path(__file__).parents[5] / "program" / "fluentbit"
PROGRAM = """
import json, sys
print(json.dumps({"level": "ERROR", "message": "failed"}))
print(json.dumps({"level": "INFO", "message": "long " + "\\u65e5" * 20000}, ensure_ascii=False))
print(json.dumps({"level": "INFO", "message": "GET /", "type": "access"}))
print("crashed", file=sys.stderr)
"""
HEALTHY = f"""{sys.executable} -c "
import os, urllib.request
urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/api/v1/uptime').read()" """


def task_definition(*containers: Container) -> TaskDefinition:
    arn = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/app:3"
    return TaskDefinition("aws_ecs_task_definition.app", arn, "app", 3, 256, 512, containers)


def app(**options: str) -> Container:
    return Container(
        "app",
        "app:1",
        depends_on=(ContainerDependency("log_router", "HEALTHY"),),
        log_configuration=LogConfiguration("awsfirelens", tuple(options.items())),
    )


def router(**changes: Any) -> Container:
    environment = {
        "AWS_REGION": "ap-northeast-1",
        "LOG_BUCKET": "logs",
        "LOG_GROUP": "/ecs/backend",
        "LOG_PREFIX": "backend",
    }
    container = Container(
        "log_router",
        "registry/fluentbit:1",
        firelens=FirelensConfiguration("fluentbit"),
        environment=tuple(environment.items()),
        health_check=ContainerHealthCheck(("CMD-SHELL", HEALTHY), 5.0, 5.0, 3, 10.0),
        stop_timeout=60.0,
    )
    return replace(container, **changes)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        'FROM python:3.13\nCOPY . /app\nWORKDIR /app\nCMD ["python3", "job.py"]\n'
    )
    (folder / "job.py").write_text(PROGRAM)
    return folder


Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a definition's app to its end. Return the data at the double of AWS, and the log."""
    monkeypatch.setattr(
        "bonkei.services.logs.router.driver.PATIENCE", 60.0
    )  # a busy machine starts routers

    async def run_task(
        definition: TaskDefinition, directories: dict[str, Path], built: Built = nothing_is_built
    ) -> Any:
        async with log_routers.fake_aws() as aws:
            routers = LogRouters("", directories, lambda _: None, tmp_path / "note", built=built)
            sink = MemoryLogSink()

            async def driver(task: TaskDefinition, container: Container, task_id: str) -> Any:
                return routers.driver(task, container, task_id)

            settings = TaskSettings(
                tmp_path / "home",
                directories,
                built=built,
                log_driver=driver,
                log_router=lambda start: routers.command(start, "main"),
                cloud=lambda *_: {
                    **log_routers.KEYS,
                    "AWS_ENDPOINT_URL": aws.url,
                },
            )
            tasks = Tasks(Bus(), MemoryVault({}), settings, logs=sink)
            try:
                outcome = await tasks.run_task(definition, "app")
            finally:
                await tasks.stop()
                routers.close()
            return outcome, aws, sink

    return run_task


async def test_a_programs_lines_arrive_through_the_shipped_router(run: Run, program: Path) -> None:
    directories = {"app": program, "log_router": SHIPPED}
    outcome, aws, sink = await run(task_definition(app(), router()), directories)
    assert outcome.exit_code == 0, (outcome, sink.lines)
    found = log_routers.arrived(aws)
    assert {record.get("message", record.get("log")) for record in found["ERROR"]} == {
        "failed",
        "crashed",
    }
    [long] = [record for record in found["application"] if "message" in record]
    assert long["message"] == "long " + "日" * 20000
    assert [record["message"] for record in found["access"]] == ["GET /"]
    assert "all is delivered: False" not in "".join(sink.texts("log_router"))


async def test_the_routers_of_pushed_images_need_no_folder(run: Run, program: Path) -> None:
    """As after a release in a home whose settings name no folder of a container."""
    definition = task_definition(app(), router())
    pushed = {
        each.image: BuiltFiles(folder)
        for each, folder in zip(definition.containers, (program, SHIPPED), strict=True)
    }
    outcome, aws, sink = await run(definition, {}, lambda container, _: pushed.get(container.image))
    assert outcome.exit_code == 0, (outcome, sink.lines)
    found = log_routers.arrived(aws)
    assert [record["message"] for record in found["access"]] == ["GET /"]


def start(tmp_path: Path, *command: str, container: Container | None = None) -> RouterStart:
    container = container or router()
    return RouterStart(
        task_definition(app(), container),
        container,
        command or ("fluent-bit", "-c", "/fluent-bit/etc/fluent-bit.conf"),
        lambda text: text,
        "0123456789abcdef",
        {},
        tmp_path,
        tmp_path / "log-buffers" / "app",
        {},
    )


def test_what_ecs_writes_wants_the_real_fluent_bit(tmp_path: Path) -> None:
    """Without a configuration of its own, a router runs the one of ECS."""
    routers = LogRouters("", {}, lambda _: None, tmp_path / "note")
    with pytest.raises(RouterError, match="input tcp is not known") as refused:
        routers.command(start(tmp_path), "main")
    routers.close()
    assert refused.value.remedy.startswith("install fluent-bit")


def test_a_configuration_in_an_unknown_image_is_reported(tmp_path: Path) -> None:
    routers = LogRouters("", {}, lambda _: None, tmp_path / "note")
    with pytest.raises(RouterError, match="is in its image") as refused:
        routers.command(start(tmp_path, "fluent-bit", "-c", "/etc/mine.yaml"), "c")
    assert "[containers.log_router]" in refused.value.remedy
    routers.close()


def test_fargate_accepts_no_configuration_from_s3(tmp_path: Path) -> None:
    options = (("config-file-type", "s3"), ("config-file-value", "arn:aws:s3:::b/k"))
    container = router(firelens=FirelensConfiguration("fluentbit", options))
    routers = LogRouters("", {}, lambda _: None, tmp_path / "note")
    with pytest.raises(RouterError, match="which Fargate refuses"):
        routers.command(start(tmp_path, container=container), "c")
    routers.close()


def test_a_real_fluent_bit_runs_where_it_is_set(tmp_path: Path) -> None:
    """It knows more settings than the reader, so it alone refuses unknown ones."""
    binary = tmp_path / "fluent-bit"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(stat.S_IRWXU)
    file = tmp_path / "mine.yaml"
    file.write_text("pipeline:\n  inputs:\n    - name: cpu\n")
    routers = LogRouters(str(binary), {}, lambda _: None, tmp_path / "note")
    command = routers.command(start(tmp_path, "fluent-bit", "-c", str(file)), "c")
    assert command.words == (str(binary), "-c", str(tmp_path / "log_router.fluent-bit.yaml"))
    assert binary in command.reads
    assert "name: cpu" in (tmp_path / "log_router.fluent-bit.yaml").read_text()
    with pytest.raises(RouterError, match="cannot be run"):
        LogRouters(str(tmp_path / "none"), {}, lambda _: None, tmp_path / "note").command(
            start(tmp_path), "c"
        )
    routers.close()


def test_what_a_killed_miniature_has_left_goes_at_the_next_start(
    tmp_path: Path, program: Path
) -> None:
    definition = task_definition(app(), router())
    folder = {"app": program, "log_router": SHIPPED}
    note = tmp_path / "note"
    LogRouters("", folder, lambda _: None, note).driver(definition, app(), "0123456789abcdef")
    left = Path(note.read_text().strip())
    assert left.is_dir()
    routers = LogRouters("", folder, lambda _: None, note)
    routers.start()
    assert not left.exists()
    assert not note.exists()
    routers.driver(definition, app(), "0123456789abcdef")
    made = Path(note.read_text().strip())
    assert made.is_dir()
    routers.close()
    assert not made.exists()
    assert not note.exists()

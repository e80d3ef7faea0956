from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.analysis.check.program import Program, keep_alive, read_program
from bonkei.blueprint.ecs import Container, FirelensConfiguration


def container(**changes: object) -> Container:
    return Container(name="web", image="web:1", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "program", "seconds"),
    [
        (container(environment=(("KEEP_ALIVE_SECONDS", "75"),)), None, 75),
        (container(environment=(("UVICORN_TIMEOUT_KEEP_ALIVE", "65"),)), None, 65),
        (container(environment=(("KEEPALIVE", "61.5"),)), None, 61.5),
        (container(environment=(("HTTP_KEEP_ALIVE_TIMEOUT", "70"),)), None, 70),
        (container(environment=(("KEEP_ALIVE_PROBES", "3"),)), None, None),
        (container(command=("uvicorn", "app", "--timeout-keep-alive", "80")), None, 80),
        (container(command=("hypercorn", "--keep-alive=90")), None, 90),
        (container(command=("gunicorn", "--keep-alive")), None, None),
        (container(environment=(("GUNICORN_CMD_ARGS", "-w 2 --keep-alive 66"),)), None, 66),
        (container(), Program(Path(), environment=(("KEEP_ALIVE", "75"),)), 75),
        (container(), Program(Path(), command=("x", "--timeout-keep-alive", "75")), 75),
        # The command of the task definition overrides the image's.
        (
            container(environment=(("KEEP_ALIVE", "5"),)),
            Program(Path(), environment=(("KEEP_ALIVE", "75"),)),
            5,
        ),
        (
            container(command=("other",)),
            Program(Path(), command=("x", "--timeout-keep-alive", "75")),
            None,
        ),
        (container(), None, None),
    ],
)
def test_keep_alive_is_read_from_several_places(told, program, seconds) -> None:
    assert keep_alive(told, program) == seconds


def test_a_dockerfile_gives_the_programs_command_and_environment(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        'FROM scratch\nENV KEEP_ALIVE_SECONDS=75\nENTRYPOINT ["python"]\nCMD ["-m", "web"]\n',
        encoding="utf-8",
    )
    found = read_program(tmp_path)
    assert found.environment == (("KEEP_ALIVE_SECONDS", "75"),)
    assert found.command == ("python", "-m", "web")
    assert found.router is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deploy/two.yaml", b"a: 1\n---\nb: 2\n"),
        ("template.yaml", b"Resources:\n  A: !Ref B\n"),
        ("latin.conf", "[SERVICE]\n# na\u00efve\n".encode("latin-1")),
        ("own.conf", b"[SERVICE]\n  grace period = five\n  Grace five\n"),
        ("broken.yml", b"service: ["),
    ],
)
def test_a_program_without_a_router_is_ignored(tmp_path: Path, name, content) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"# caf\xe9\nFROM scratch\nCOPY . /app\n")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    router = container(firelens=FirelensConfiguration("fluentbit"))
    for containers in ([], [container()], [router]):
        assert read_program(tmp_path, containers).router is None

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.blueprint.service import Container
from bonkei.check.program import Program, ProgramError, keep_alive, read_program


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
        # The task definition's own words win over the image's.
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
def test_how_long_connections_are_kept_is_told_in_several_ways(told, program, seconds) -> None:
    assert keep_alive(told, program) == seconds


def test_a_dockerfile_says_how_its_program_runs(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        'FROM scratch\nENV KEEP_ALIVE_SECONDS=75\nENTRYPOINT ["python"]\nCMD ["-m", "web"]\n',
        encoding="utf-8",
    )
    found = read_program(tmp_path)
    assert found.environment == (("KEEP_ALIVE_SECONDS", "75"),)
    assert found.command == ("python", "-m", "web")
    assert found.router is None


def test_fluent_bits_classic_configuration(tmp_path: Path) -> None:
    (tmp_path / "extra.conf").write_text(
        """\
@SET a=b
[SERVICE]
    # Grace 99
    Flush 1
    Grace 30
[OUTPUT]
    Name cloudwatch_logs
    Match *
[OUTPUT]
    Name s3
""",
        encoding="utf-8",
    )
    router = read_program(tmp_path).router
    assert router is not None
    assert (router.grace, router.outputs) == (30, ("cloudwatch_logs", "s3"))
    assert router.file == tmp_path / "extra.conf"


def test_fluent_bits_yaml_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("pipeline:\n  outputs:\n    - name: s3\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("service:\n  grace: 45\n", encoding="utf-8")
    router = read_program(tmp_path).router
    assert router is not None
    assert (router.grace, router.outputs, router.file.name) == (45, ("s3",), "b.yaml")


def test_a_router_without_grace(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("[OUTPUT]\n  Name null\n", encoding="utf-8")
    router = read_program(tmp_path).router
    assert router is not None
    assert router.grace is None


@pytest.mark.parametrize("text", ["service: [", "service:\n  grace: soon\n"])
def test_a_configuration_that_cannot_be_understood_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ProgramError, match=r"a\.yaml"):
        read_program(tmp_path)

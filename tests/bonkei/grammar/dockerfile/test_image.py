"""The parts of a Dockerfile that decide how a container runs (Docker's Dockerfile reference)."""

from __future__ import annotations

import pytest

from bonkei.grammar.dockerfile.image import DockerfileError, parse_image, read_image, substitute

TWO_STAGES = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.13
FROM python:${PYTHON}-slim AS build
WORKDIR /build
CMD ["never"]
RUN <<EOF
CMD not an instruction
EOF

FROM python:${PYTHON}-slim
ARG VERSION=1.2
ENV VERSION=${VERSION} \\
    # a comment between
    PATH="/opt/venv/bin:$PATH" GREETING="hello world"
WORKDIR /srv
WORKDIR app
COPY --from=build /build .
EXPOSE 8000/tcp 9000
USER 10001:10001
STOPSIGNAL SIGQUIT
HEALTHCHECK CMD curl -f http://localhost:8000/
ENTRYPOINT ["python", "-m"]
CMD ["web", "serve"]
"""


def test_the_final_stage_counts():
    image = parse_image(TWO_STAGES)
    assert image.base == "python:3.13-slim"
    assert image.entry_point == ("python", "-m")
    assert image.command == ("web", "serve")
    assert image.working_directory == "/srv/app"
    assert image.environment == (
        ("VERSION", "1.2"),
        ("PATH", "/opt/venv/bin:$PATH"),
        ("GREETING", "hello world"),
    )
    assert image.exposed_ports == (8000, 9000)
    assert image.user == "10001:10001"
    assert image.stop_signal == "SIGQUIT"
    assert image.health_check.startswith("CMD curl")


def test_files_that_are_copied_from_the_builds_folder():
    image = parse_image(
        "FROM a AS build\nWORKDIR /b\nCOPY x /x\nCOPY y z/ .\nFROM scratch\nWORKDIR /srv\n"
        "COPY --from=build /x /y\nCOPY --from=build /b/y /b/q /one/\nCOPY --from=nginx /etc /etc\n"
        'COPY --chown=1 a b conf\nADD ["c d", "/e/"]\nCOPY f .\nCOPY g /h\n'
    )
    assert image.copies == (
        ("x", "/y"),
        ("y", "/one/"),
        ("y/y", "/one/"),
        ("z/y", "/one/"),
        ("y/q", "/one/"),
        ("z/q", "/one/"),
        ("a", "/srv/conf/"),
        ("b", "/srv/conf/"),
        ("c d", "/e/"),
        ("f", "/srv/"),
        ("g", "/h"),
    )


def test_a_stage_inherits_from_its_base_stage():
    image = parse_image(
        'FROM alpine AS base\nENV A=1\nWORKDIR /app\nCMD ["base"]\nFROM base AS final\nENV B=$A-2\n'
    )
    assert image.environment == (("A", "1"), ("B", "1-2"))
    assert image.working_directory == "/app"
    assert image.command == ("base",)


def test_a_new_entry_point_resets_an_inherited_command_but_not_its_own():
    inherited = 'FROM alpine AS base\nCMD ["base"]\nFROM base\nENTRYPOINT ["run"]\n'
    assert parse_image(inherited).command is None
    own = 'FROM alpine\nCMD ["own"]\nENTRYPOINT ["run"]\n'
    assert parse_image(own).command == ("own",)


def test_the_shell_form_runs_in_the_shell_and_a_shell_entry_point_ignores_cmd():
    assert parse_image("FROM a\nCMD exec serve $PORT\n").command == (
        "/bin/sh", "-c", "exec serve $PORT",
    )  # fmt: skip
    image = parse_image('FROM a\nSHELL ["/bin/bash", "-ec"]\nENTRYPOINT serve\nCMD ["x"]\n')
    assert image.entry_point == ("/bin/bash", "-ec", "serve")
    assert image.command is None


def test_a_variable_has_its_value_from_before_the_instruction():
    image = parse_image("FROM a\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\n")
    assert dict(image.environment) == {"abc": "bye", "def": "hello", "ghi": "bye"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A-${A}", "1-1"),
        ("${A:-x}${B:-x}", "1x"),
        ("${A:+y}${B:+y}", "y"),
        (r"\$A", "$A"),
        ("$B", ""),
    ],
)
def test_substitution(text, expected):
    assert substitute(text, {"A": "1"}) == expected


def test_a_mistake_is_reported_with_the_file(tmp_path):
    (tmp_path / "Dockerfile").write_text("RUN true\n")
    with pytest.raises(DockerfileError, match="Dockerfile: it has no FROM"):
        read_image(tmp_path / "Dockerfile")
    with pytest.raises(DockerfileError, match="No such file"):
        read_image(tmp_path / "missing" / "Dockerfile")

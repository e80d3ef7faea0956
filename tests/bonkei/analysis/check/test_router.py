"""The configuration of a log router: found through the container's definition, and read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.analysis.check.program import read_program
from bonkei.analysis.check.router import LogRouter, ProgramError
from bonkei.blueprint.ecs import Container, FirelensConfiguration

CLASSIC = """\
@SET a=b
[SERVICE]
    # Grace 99
    Flush 1
    Grace 30
[OUTPUT]
    Name cloudwatch_logs
    Match *
    log_group_name ${LOG_GROUP}
@INCLUDE outputs/*.conf
"""
S3 = "[OUTPUT]\n    Name s3\n"
FILE = FirelensConfiguration(
    "fluentbit", (("config-file-type", "file"), ("config-file-value", "/router/extra.conf"))
)


def read(directory: Path, **changes: object) -> LogRouter | None:
    values = {"name": "router", "image": "router:1", "firelens": FILE} | changes
    return read_program(directory, [Container(**values)]).router  # type: ignore[arg-type]


def write(directory: Path, **files: str) -> None:
    for name, text in files.items():
        file = directory / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "copy",
    [
        "COPY extra.conf /router/extra.conf",
        "COPY --chown=1:1 *.conf /router/",
        'COPY ["extra.conf", "/router/"]',
        "WORKDIR /router\nCOPY . .",
        "ADD . /router",
        "COPY extra.conf /other/\nCOPY extra.conf /router/",
    ],
)
def test_the_dockerfile_copies_the_configuration_to_the_path(tmp_path: Path, copy: str) -> None:
    write(tmp_path, Dockerfile=f"FROM scratch\n{copy}\n", extra_conf=CLASSIC, outputs__s3_conf=S3)
    router = read(tmp_path)
    assert router is not None
    assert (router.file, router.grace) == (tmp_path / "extra.conf", 30)
    assert [output.name for output in router.outputs] == ["cloudwatch_logs", "s3"]
    assert router.outputs[0].setting("log_group_name") == "${LOG_GROUP}"


@pytest.mark.parametrize(
    "changes",
    [
        {"command": ("/bin/fluent-bit", "-c", "/etc/r.yaml")},
        {"command": ("sh", "-c", "exec fluent-bit --config=/etc/r.yaml")},
        {"environment": (("aws_fluent_bit_init_file_1", "/etc/r.yaml"),)},
        {},
    ],
)
def test_the_configuration_is_found_through_the_command(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    dockerfile = 'FROM scratch\nCOPY r.yaml /etc/\nCMD ["fluent-bit", "-c", "/etc/r.yaml"]\n'
    write(tmp_path, Dockerfile=dockerfile, r_yaml="service:\n  grace: 45\n")
    router = read(tmp_path, firelens=FirelensConfiguration("fluentbit"), **changes)
    assert router is not None
    assert router.grace == 45


def test_without_a_dockerfile_the_configuration_is_found_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, extra_conf=CLASSIC, other_yaml="- !Ref Nothing\n---\n")
    router = read(tmp_path)
    assert router is not None
    assert router.grace == 30


def test_the_filters_of_an_output_are_read(tmp_path: Path) -> None:
    text = """\
includes: [service.yaml]
pipeline:
  outputs:
    - name: cloudwatch_logs
      auto_create_group: off
      processors:
        logs:
          - {name: grep, regex: level ^FATAL$}
          - {name: grep, exclude: type ^access$}
"""
    write(
        tmp_path,
        Dockerfile="FROM scratch\nCOPY . /etc/\n",
        a_yaml=text,
        service_yaml="service:\n  grace: ${GRACE}\n",
    )
    command = ("fluent-bit", "-c", "/etc/a.yaml")
    router = read(tmp_path, command=command)
    assert router is not None
    (output,) = router.outputs
    assert output.only == (("level", "^FATAL$"),)
    assert output.setting("auto_create_group") == "off"
    assert (router.grace, router.grace_known) == (None, False)
    told = read(tmp_path, command=command, environment=(("GRACE", "20"),))
    assert told is not None
    assert (told.grace, told.grace_known) == (20, True)


def test_a_router_without_grace(tmp_path: Path) -> None:
    write(tmp_path, extra_conf=S3)
    router = read(tmp_path)
    assert router is not None
    assert (router.grace, router.grace_known) == (None, True)


@pytest.mark.parametrize("text", ["service: [", "service:\n  grace: soon\n"])
def test_a_malformed_configuration_is_reported(tmp_path: Path, text: str) -> None:
    write(tmp_path, Dockerfile="FROM scratch\nCOPY a.yaml /a.yaml\n", a_yaml=text)
    with pytest.raises(ProgramError, match=r"a\.yaml"):
        read(tmp_path, command=("fluent-bit", "-c", "/a.yaml"))


def test_files_elsewhere_are_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "router"
    write(folder.parent, extra_conf=CLASSIC)
    folder.mkdir()
    write(folder, Dockerfile="FROM scratch\nCOPY ../extra.conf /router/extra.conf\n")
    assert read(folder) is None

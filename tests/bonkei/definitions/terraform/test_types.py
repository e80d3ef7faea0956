"""The provider shows the types that definitions and state name, or all if a name is unknown."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bonkei.definitions.provider import schema
from bonkei.definitions.provider.catalogue import SCHEMA
from bonkei.definitions.provider.plugin.selection import Selection
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.types import Named, named
from tests.bonkei.definitions.terraform.project import Project

AWS = schema.load(SCHEMA)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def test_all_places_that_can_name_a_type(tmp_path: Path) -> None:
    manifest = {"Modules": [{"Dir": "."}, {"Dir": "modules/a"}, {"Dir": "../data/modules/far"}]}
    write(
        tmp_path,
        {
            "root/main.tf": 'resource "aws_vpc" "x" {}\nremoved { from = aws_eip.gone }',
            "root/more.tf.json": '{"data": {"aws_region": {"here": {}}}}',
            "root/modules/a/main.tf": "resource aws_subnet bare {}",
            "root/modules/unused/main.tf": 'resource "aws_instance" "x" {}',
            "root/tests/a.tftest.hcl": 'mock_resource "aws_s3_bucket" {}',
            "root/readme.md": "aws_db_instance",
            "data/modules/far/main.tofu": 'resource "aws_sqs_queue" "x" {}',
            "data/modules/modules.json": json.dumps(manifest),
            "state": '{"resources": [{"type": "aws_sns_topic"}]}',
        },
    )
    found = named(tmp_path / "root", tmp_path / "data", tmp_path / "state", all_blocks=True)
    assert found is not None
    assert found.words == {
        *("aws_vpc", "aws_eip", "aws_region", "aws_subnet", "aws_s3_bucket", "aws_sqs_queue"),
        "aws_sns_topic",
    }
    assert found.quoted == found.words - {"aws_eip", "aws_subnet", "aws_sns_topic"}


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"Modules": [{}]}'])
def test_where_not_all_is_known_nothing_is_said(tmp_path: Path, manifest: str) -> None:
    write(tmp_path, {"root/main.tf": "", "data/modules/modules.json": manifest})
    assert named(tmp_path / "root", tmp_path / "data", None, all_blocks=True) is None


@pytest.mark.parametrize(
    ("words", "quoted", "all_"),
    [
        (["aws_vpc", "aws_region", "aws_nothing"], ["aws_vpc", "aws_region"], False),
        (["aws_vpc", "aws_vpcc"], ["aws_vpcc"], True),
    ],
)
def test_what_is_shown(tmp_path: Path, words: list[str], quoted: list[str], all_: bool) -> None:
    file = tmp_path / "types.json"
    file.write_text(json.dumps({"words": words, "quoted": quoted}), encoding="utf-8")
    shown = Selection(AWS, file).schema
    assert (len(shown.resources) == len(AWS.resources)) is all_
    if not all_:
        assert set(shown.resources) == {"aws_vpc"}
        assert set(shown.data_sources) == {"aws_vpc", "aws_region"}
        assert shown.configuration is AWS.configuration


def test_without_a_file_all_are_shown(tmp_path: Path) -> None:
    assert Selection(AWS, None).schema is AWS
    assert Selection(AWS, tmp_path / "missing").schema is AWS


def test_types_that_the_disk_does_not_take_end_the_run(
    new_project: Callable[[], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    project = new_project()
    project.write("infrastructure/main.tf", 'resource "aws_eip" "x" {}')
    monkeypatch.setattr(Named, "write", refuse)
    monkeypatch.setattr(
        "bonkei.definitions.terraform.runs.run.PATIENCE", 600.0
    )  # it ends by itself
    started = time.monotonic()
    with pytest.raises(OSError, match="No space"):
        project.workspace().validate()
    assert time.monotonic() - started < 300


def test_a_change_of_the_types_is_seen_by_the_next_run(new_project: Callable[[], Project]) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", 'resource "aws_eip" "x" {}')
    workspace = project.workspace()
    assert workspace.apply().added == 1
    project.write("infrastructure/main.tf", 'resource "aws_vpcc" "x" {}')
    with pytest.raises(TerraformError, match='Did you mean "aws_vpc"'):
        workspace.validate()
    project.write("infrastructure/main.tf", 'resource "aws_vpc" "x" { cidr_block = "10.0.0.0/16" }')
    applied = workspace.apply()
    assert (applied.added, applied.removed) == (1, 1)  # the state alone still named the address

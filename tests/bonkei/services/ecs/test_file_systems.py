"""The places of EFS's files on this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bonkei.blueprint.ecs import FileSystemVolume
from bonkei.services.ecs.execution.file_systems import shared_folders

from .conftest import definition


def places(home: Path, *volumes: FileSystemVolume) -> list[str]:
    """Below the home, with the root directory of an access point."""
    stack = replace(definition(), file_systems=volumes)
    found = shared_folders(stack, home, {"fsap-1": "/site/up"}.__getitem__)
    return [str(found[volume.name].relative_to(home)) for volume in volumes]


def test_a_folder_for_each_file_system(tmp_path: Path) -> None:
    whole, part = FileSystemVolume("a", "fs-1"), FileSystemVolume("b", "fs-1", "/x/")
    point, other = FileSystemVolume("c", "fs-1", "/", "fsap-1"), FileSystemVolume("d", "fs-2")
    assert places(tmp_path, whole, part, point, other) == [
        "file-systems/fs-1", "file-systems/fs-1/x",
        "file-systems/fs-1/site/up", "file-systems/fs-2",
    ]  # fmt: skip


def test_no_way_leads_out_of_it(tmp_path: Path) -> None:
    """Neither by its name nor by a link of a task."""
    own = tmp_path / "file-systems" / "fs-1"
    own.mkdir(parents=True)
    (own / "link").symlink_to("/etc")
    (own / "up").symlink_to("../../..")
    climbing = FileSystemVolume("a", "fs-1", "/../../secrets")
    linked, up = FileSystemVolume("b", "fs-1", "/link"), FileSystemVolume("c", "fs-1", "/up/x")
    named = FileSystemVolume("d", "../secrets")
    assert places(tmp_path, climbing, linked, up, named) == [
        "file-systems/fs-1/secrets", "file-systems/fs-1/etc",
        "file-systems/fs-1/x", "file-systems/___secrets",
    ]  # fmt: skip

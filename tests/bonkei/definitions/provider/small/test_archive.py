"""hashicorp/archive: real zips, the same bytes for the same contents."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bonkei.definitions.provider.behaviour import Context, Refused
from bonkei.definitions.provider.schema import empty
from bonkei.definitions.provider.small import archive

PROVIDER = archive.provider()
BLOCK = PROVIDER.schema.data_sources["archive_file"]
SOURCE = PROVIDER.data_sources["archive_file"]


def read(tmp_path: Path, **arguments: Any) -> tuple[dict[str, Any], zipfile.ZipFile]:
    output = tmp_path / "out" / "a.zip"
    config = {**empty(BLOCK), "type": "zip", "output_path": str(output), **arguments}
    assert SOURCE.validate(config) == []
    found = dict(SOURCE.read(config, Context()))
    return found, zipfile.ZipFile(io.BytesIO(output.read_bytes()))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for name in ("main.py", "lib/b.py", "lib/a.py", "lib/test/t.py", "notes.md"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
        file.chmod(0o644)
    (root / "main.py").chmod(0o755)
    return root


def test_a_directory_with_its_contents_and_modes(tmp_path: Path, tree: Path) -> None:
    found, zipped = read(tmp_path, source_dir=str(tree))
    assert zipped.namelist() == ["lib/a.py", "lib/b.py", "lib/test/t.py", "main.py", "notes.md"]
    assert zipped.read("lib/a.py") == b"lib/a.py"
    modes = {info.filename: info.external_attr >> 16 & 0o777 for info in zipped.infolist()}
    assert (modes["main.py"], modes["notes.md"]) == (0o755, 0o644)
    data = Path(tmp_path, "out/a.zip").read_bytes()
    assert found["output_base64sha256"] == base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert found["output_size"] == len(data)
    assert found["output_sha"] == hashlib.sha1(data, usedforsecurity=False).hexdigest()


def test_dates_do_not_matter_and_contents_do(tmp_path: Path, tree: Path) -> None:
    before, _ = read(tmp_path, source_dir=str(tree))
    os.utime(tree / "main.py", (1, 1))
    assert read(tmp_path, source_dir=str(tree))[0] == before
    (tree / "main.py").write_text("other")
    assert read(tmp_path, source_dir=str(tree))[0]["output_sha256"] != before["output_sha256"]


@pytest.mark.parametrize(
    ("excludes", "left"),
    [
        (["notes.md"], ["lib/a.py", "lib/b.py", "lib/test/t.py", "main.py"]),
        (["lib"], ["main.py", "notes.md"]),
        (["lib/test", "*.md"], ["lib/a.py", "lib/b.py", "main.py"]),
        (["**/*.py"], ["notes.md"]),
        (["*.py"], ["lib/a.py", "lib/b.py", "lib/test/t.py", "notes.md"]),
    ],
)
def test_excludes(tmp_path: Path, tree: Path, excludes: list[str], left: list[str]) -> None:
    assert read(tmp_path, source_dir=str(tree), excludes=excludes)[1].namelist() == left


def test_one_file_and_given_contents(tmp_path: Path, tree: Path) -> None:
    assert read(tmp_path, source_file=str(tree / "lib/a.py"))[1].namelist() == ["a.py"]
    _, zipped = read(tmp_path, source=[{"content": "é", "filename": "x/y"}])
    assert zipped.read("x/y") == "é".encode()
    _, zipped = read(tmp_path, source_content="c", source_content_filename="n")
    assert zipped.read("n") == b"c"


def test_a_forced_mode(tmp_path: Path, tree: Path) -> None:
    _, zipped = read(tmp_path, source_dir=str(tree), output_file_mode="0600")
    assert {info.external_attr >> 16 & 0o777 for info in zipped.infolist()} == {0o600}


def test_an_output_is_not_written_through_a_link(tmp_path: Path, tree: Path) -> None:
    original = tmp_path / "original.zip"
    original.write_bytes(b"precious")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.zip").symlink_to(original)
    read(tmp_path, source_dir=str(tree))
    assert original.read_bytes() == b"precious"


@pytest.mark.parametrize(
    "arguments",
    [
        {"type": "tar.gz", "source_dir": "x"},
        {"type": "zip"},
        {"type": "zip", "source_dir": "x", "source_file": "y"},
        {"type": "zip", "source_dir": "x", "output_file_mode": "9"},
    ],
)
def test_invalid_settings_are_refused(arguments: dict[str, Any]) -> None:
    config = {**empty(BLOCK), "output_path": "a.zip", **arguments}
    assert len(SOURCE.validate(config)) == 1


@pytest.mark.parametrize("argument", ["source_dir", "source_file"])
def test_a_missing_source_is_reported(tmp_path: Path, argument: str) -> None:
    with pytest.raises(Refused, match="Missing source") as refused:
        read(tmp_path, **{argument: str(tmp_path / "absent")})
    assert refused.value.problem.path == (argument,)

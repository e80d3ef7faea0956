"""Files that a build's resources name come out of its folder, and no other file does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bonkei.miniature import carried


def state(path: str) -> dict[str, Any]:
    function = {
        "address": "module.a.aws_lambda_function.this",
        "mode": "managed",
        "type": "aws_lambda_function",
        "values": {"filename": path},
    }
    return {"values": {"root_module": {"child_modules": [{"resources": [function]}]}}}


def named(found: dict[str, Any]) -> Path:
    [module] = found["values"]["root_module"]["child_modules"]
    return Path(module["resources"][0]["values"]["filename"])


def after(tmp_path: Path, path: str) -> Path:
    """What the function's package is after a build in `source`."""
    found, gathered = state(path), tmp_path / "gathered"
    carried.gather(found, tmp_path / "source", gathered)
    carried.keep(found, gathered, tmp_path / "kept")
    return named(found)


def test_a_package_outlives_the_builds_folder(tmp_path: Path) -> None:
    package = tmp_path / "source" / "build" / "function.zip"
    package.parent.mkdir(parents=True)
    package.write_bytes(b"one")
    kept = after(tmp_path, "build/function.zip")
    assert (kept.parent, kept.read_bytes()) == (tmp_path / "kept", b"one")
    package.write_bytes(b"two")
    assert after(tmp_path, "build/function.zip").read_bytes() == b"two"


def test_one_that_is_not_there_now_is_the_one_of_before(tmp_path: Path) -> None:
    package = tmp_path / "source" / "function.zip"
    package.parent.mkdir()
    package.write_bytes(b"one")
    before = after(tmp_path, "function.zip")
    found = state("function.zip")
    carried.keep(found, tmp_path / "nothing", tmp_path / "kept")
    assert (named(found), before.read_bytes()) == (before, b"one")


def test_a_state_names_no_file_of_this_machine(tmp_path: Path) -> None:
    """A build writes its state: it may name what the build itself cannot read."""
    secret, gathered = tmp_path / "secret", tmp_path / "gathered"
    secret.write_text("secret")
    found = state(str(secret))
    carried.keep(found, gathered, tmp_path / "kept")
    assert not named(found).exists()
    gathered.mkdir()
    (gathered / named(found).name).symlink_to(secret)
    carried.keep(found, gathered, tmp_path / "kept")
    assert not named(found).exists()


def test_what_no_resource_names_any_more_goes(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "function.zip").write_bytes(b"one")
    kept = after(tmp_path, "function.zip")
    carried.keep({"values": {}}, tmp_path / "gathered", tmp_path / "kept")
    assert not kept.exists()
